//! Independent normal distributions of every feature in every class.

use ndarray::{Array2, ArrayView2};

use super::classifier::softmax;
use super::{FittedClassifier, Table};

/// Added to every variance, as a share of the largest one (scikit-learn's `var_smoothing`).
const SMOOTHING: f64 = 1e-9;

/// One class: logarithm of its share, mean and variance of each feature.
struct Normal {
    log_share: f64,
    moments: Vec<[f64; 2]>,
}

/// The classes; none where one has no rows.
pub(super) struct NaiveBayes(Vec<Option<Normal>>);

impl NaiveBayes {
    pub(super) fn fit(table: &Table) -> Self {
        let features = table.features();
        let all: Vec<usize> = (0..features.nrows()).collect();
        let largest = moments(features, &all).iter().map(|[_, variance]| *variance).fold(0.0, f64::max);
        // All features constant: any positive variance tells them apart equally little.
        let floor = if largest > 0.0 { SMOOTHING * largest } else { 1.0 };
        let classes = (0..table.class_count()).map(|class| {
            let of_class = |&row: &usize| usize::from(table.classes()[row]) == class;
            let rows: Vec<usize> = all.iter().copied().filter(of_class).collect();
            let mut moments = (!rows.is_empty()).then(|| moments(features, &rows))?;
            moments.iter_mut().for_each(|[_, variance]| *variance += floor);
            Some(Normal { log_share: (rows.len() as f64 / all.len() as f64).ln(), moments })
        });
        Self(classes.collect())
    }
}

/// Mean and variance of every feature over `rows`.
fn moments(features: ArrayView2<'_, f32>, rows: &[usize]) -> Vec<[f64; 2]> {
    let of = |column: ndarray::ArrayView1<'_, f32>| {
        let mean = rows.iter().map(|&row| f64::from(column[row])).sum::<f64>() / rows.len() as f64;
        let variance = rows.iter().map(|&row| (f64::from(column[row]) - mean).powi(2)).sum::<f64>() / rows.len() as f64;
        [mean, variance]
    };
    features.columns().into_iter().map(of).collect()
}

impl FittedClassifier for NaiveBayes {
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let log_density = |x: f32, [mean, variance]: [f64; 2]| {
            -0.5 * ((std::f64::consts::TAU * variance).ln() + (f64::from(x) - mean).powi(2) / variance)
        };
        let logarithms = Array2::from_shape_fn((features.nrows(), self.0.len()), |(row, class)| match &self.0[class] {
            Some(normal) => {
                let sum = |sum, (&x, &moments): (&f32, &[f64; 2])| sum + log_density(x, moments);
                features.row(row).iter().zip(&normal.moments).fold(normal.log_share, sum)
            }
            None => f64::NEG_INFINITY,
        });
        // The largest is taken off in double precision: logarithms of many features exceed single precision's digits.
        let mut shifted = Array2::zeros(logarithms.dim());
        for (mut to, from) in shifted.rows_mut().into_iter().zip(logarithms.rows()) {
            let largest = from.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            to.zip_mut_with(&from, |to, &from| *to = (from - largest) as f32);
        }
        softmax(shifted)
    }
}
