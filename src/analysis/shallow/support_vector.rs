//! Linear support vectors.
//!
//! Dual coordinate descent for the squared hinge (Hsieh, Chang, Lin, Keerthi, Sundararajan: A dual coordinate descent method
//! for large-scale linear SVM, ICML 2008, algorithm 1).

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::classifier::softmax;
use super::standard::Standard;
use super::stream::stream;
use super::{FittedClassifier, Table};

/// Price of an error.
const C: f64 = 1.0;
/// Rounds over all rows, at most.
const ROUNDS: usize = 200;
/// Spread of the projected gradients at which it has converged.
const TOLERANCE: f64 = 1e-3;

/// One plane per class, `[class, feature + 1]`, the constants last.
pub(super) struct SupportVector {
    standard: Standard,
    planes: Array2<f32>,
    seen: Vec<bool>,
}

impl SupportVector {
    pub(super) fn fit(table: &Table, seed: u64) -> Self {
        let standard = Standard::of(table.features());
        let features = standard.apply(table.features());
        let planes: Vec<Vec<f64>> = (0..table.class_count())
            .into_par_iter()
            .map(|class| plane(&features, table.classes(), class, seed))
            .collect();
        let shape = (table.class_count(), features.ncols() + 1);
        Self {
            standard,
            planes: Array2::from_shape_fn(shape, |(class, feature)| planes[class][feature] as f32),
            seen: table.counts().into_iter().map(|count| count > 0).collect(),
        }
    }
}

/// The plane between `class` and the rest; a constant 1 stands after the features.
fn plane(features: &Array2<f32>, classes: &[u8], class: usize, seed: u64) -> Vec<f64> {
    let sign = |row: usize| if usize::from(classes[row]) == class { 1.0 } else { -1.0 };
    let square = |row: ArrayView1<'_, f32>| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() + 1.0;
    let diagonal: Vec<f64> = features.rows().into_iter().map(|row| square(row) + 0.5 / C).collect();
    let mut weights = vec![0.0_f64; features.ncols() + 1];
    let mut multipliers = vec![0.0_f64; features.nrows()];
    let mut order: Vec<usize> = (0..features.nrows()).collect();
    let mut random = stream(seed, class as u64);
    for _ in 0..ROUNDS {
        order.shuffle(&mut random);
        let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
        for &row in &order {
            let values = features.row(row);
            let gradient = sign(row) * score(&weights, values) - 1.0 + multipliers[row] * 0.5 / C;
            let projected = if multipliers[row] == 0.0 { gradient.min(0.0) } else { gradient };
            least = least.min(projected);
            largest = largest.max(projected);
            if projected != 0.0 {
                let before = multipliers[row];
                multipliers[row] = (before - gradient / diagonal[row]).max(0.0);
                let change = (multipliers[row] - before) * sign(row);
                weights.iter_mut().zip(values).for_each(|(weight, &x)| *weight += change * f64::from(x));
                weights[features.ncols()] += change;
            }
        }
        if largest - least < TOLERANCE {
            break;
        }
    }
    weights
}

fn score(weights: &[f64], values: ArrayView1<'_, f32>) -> f64 {
    let constant = weights[weights.len() - 1];
    weights.iter().zip(values).fold(constant, |sum, (weight, &x)| sum + weight * f64::from(x))
}

impl FittedClassifier for SupportVector {
    /// Distances from the planes as they rank, not calibrated: the method knows no probabilities.
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let last = self.planes.len_of(Axis(1)) - 1;
        let features = self.standard.apply(features);
        let mut scores = features.dot(&self.planes.slice(s![.., ..last]).t()) + self.planes.column(last);
        for (mut column, &seen) in scores.columns_mut().into_iter().zip(&self.seen) {
            if !seen {
                column.fill(f32::NEG_INFINITY);
            }
        }
        softmax(scores)
    }
}
