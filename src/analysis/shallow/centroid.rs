//! The nearest mean.

use ndarray::{Array1, Array2, ArrayView2};

use super::classifier::softmax;
use super::standard::Standard;
use super::{FittedClassifier, Table};

/// Means of the classes in standardised features; none where a class has no rows.
pub(super) struct Centroids {
    standard: Standard,
    means: Vec<Option<Array1<f32>>>,
}

impl Centroids {
    pub(super) fn fit(table: &Table) -> Self {
        let standard = Standard::of(table.features());
        let features = standard.apply(table.features());
        let counts = table.counts();
        let mut means = vec![Array1::<f64>::zeros(features.ncols()); table.class_count()];
        for (row, &class) in features.rows().into_iter().zip(table.classes()) {
            means[usize::from(class)].zip_mut_with(&row, |sum, &x| *sum += f64::from(x));
        }
        let mean =
            |(sum, count): (Array1<f64>, usize)| (count > 0).then(|| sum.mapv(|sum| (sum / count as f64) as f32));
        Self { standard, means: means.into_iter().zip(counts).map(mean).collect() }
    }
}

impl FittedClassifier for Centroids {
    /// The nearer the likelier: normal distributions of one width round all means.
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let features = self.standard.apply(features);
        softmax(Array2::from_shape_fn((features.nrows(), self.means.len()), |(row, class)| match &self.means[class] {
            Some(mean) => -0.5 * features.row(row).iter().zip(mean).map(|(x, m)| (x - m) * (x - m)).sum::<f32>(),
            None => f32::NEG_INFINITY,
        }))
    }
}
