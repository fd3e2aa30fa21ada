//! Many trees.

use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rayon::prelude::*;

use super::binned::Binned;
use super::stream::stream;
use super::tree::{Grower, Splits, Tree};
use super::{FittedClassifier, Table};

/// Trees of a forest.
const TREES: u64 = 100;
/// Rows that one task predicts.
const ROWS: usize = 256;

/// How trees of a forest come to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ForestKind {
    /// Rows drawn with replacement, best cuts of a few features.
    Random,
    /// All rows, random cuts of a few features.
    Extra,
    /// One tree with the best cuts of all features.
    OneTree,
}

/// Trees whose shares are averaged.
pub(super) struct Forest {
    trees: Vec<Tree>,
    classes: usize,
}

impl Forest {
    pub(super) fn fit(table: &Table, kind: ForestKind, seed: u64) -> Self {
        let binned = Binned::of(table.features());
        let features = binned.features.len();
        let (trees, tried, splits) = match kind {
            ForestKind::Random => (TREES, features.isqrt(), Splits::Best),
            ForestKind::Extra => (TREES, features.isqrt(), Splits::Random),
            ForestKind::OneTree => (1, features, Splits::Best),
        };
        let (classes, class_count) = (table.classes(), table.class_count());
        let grower = Grower { binned: &binned, classes, class_count, tried: tried.max(1), splits };
        let grow = |tree| {
            let mut random = stream(seed, tree);
            let count = binned.rows as u32;
            let mut rows: Vec<u32> = match kind {
                ForestKind::Random => (0..count).map(|_| random.random_range(0..count)).collect(),
                ForestKind::Extra | ForestKind::OneTree => (0..count).collect(),
            };
            // Neighbours in memory are read one after the other.
            rows.sort_unstable();
            grower.grow(&mut rows, &mut random)
        };
        Self { trees: (0..trees).into_par_iter().map(grow).collect(), classes: class_count }
    }
}

impl FittedClassifier for Forest {
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut mean = Array2::zeros((features.nrows(), self.classes));
        let blocks = mean.axis_chunks_iter_mut(Axis(0), ROWS).zip(features.axis_chunks_iter(Axis(0), ROWS));
        blocks.collect::<Vec<_>>().into_par_iter().for_each(|(mut mean, features)| {
            for (mut mean, row) in mean.rows_mut().into_iter().zip(features.rows()) {
                for tree in &self.trees {
                    mean.iter_mut().zip(tree.value(row)).for_each(|(mean, share)| *mean += share);
                }
                mean /= self.trees.len() as f32;
            }
        });
        mean
    }
}
