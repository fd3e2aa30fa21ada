//! Gradient boosting on histograms.
//!
//! Friedman: Greedy function approximation (2001), for several classes as in his algorithm 6 with second-order leaves; trees grow
//! leaf by leaf on steps of features, as LightGBM and scikit-learn's `HistGradientBoostingClassifier` do.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::binned::{Binned, STEPS};
use super::classifier::softmax;
use super::tree::{Tree, partition};
use super::{FittedClassifier, Table};

/// Rounds; each grows a tree per class.
const ROUNDS: usize = 100;
/// Share of a tree that counts.
const LEARNING_RATE: f32 = 0.1;
/// Leaves of a tree, at most.
const LEAVES: usize = 31;
/// Rows of a leaf, at least.
const LEAST_ROWS: u32 = 20;
/// Curvature of a leaf, at least.
const LEAST_CURVATURE: f64 = 1e-3;

/// Sums of trees per class.
pub(super) struct Boosting {
    start: Vec<f32>,
    rounds: Vec<Vec<Option<Tree>>>,
}

impl Boosting {
    pub(super) fn fit(table: &Table) -> Self {
        let binned = Binned::of(table.features());
        let counts = table.counts();
        let rows = table.classes().len();
        // A class without rows keeps the score of no chance at all, and no tree.
        let start: Vec<f32> = counts.iter().map(|&count| (count as f32 / rows as f32).ln()).collect();
        let mut scores = Array2::from_shape_fn((counts.len(), rows), |(class, _)| start[class]);
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let shares = softmax(scores.t().to_owned());
            let columns: Vec<_> = scores.axis_iter_mut(Axis(0)).collect();
            let trees = columns.into_par_iter().enumerate().map(|(class, mut scores)| {
                (counts[class] > 0).then(|| {
                    let slope = |row: usize| {
                        let share = f64::from(shares[[row, class]]);
                        let truth = f64::from(u8::from(usize::from(table.classes()[row]) == class));
                        [share - truth, share * (1.0 - share)]
                    };
                    let slopes: Vec<[f64; 2]> = (0..rows).map(slope).collect();
                    let (tree, leaves) = Growing::new(&binned, &slopes).grow();
                    for (leaf_rows, value) in leaves {
                        leaf_rows.iter().for_each(|&row| scores[row as usize] += value);
                    }
                    tree
                })
            });
            rounds.push(trees.collect());
        }
        Self { start, rounds }
    }
}

impl FittedClassifier for Boosting {
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut scores = Array2::zeros((features.nrows(), self.start.len()));
        let rows: Vec<_> = scores.rows_mut().into_iter().zip(features.rows()).collect();
        rows.into_par_iter().for_each(|(mut scores, row)| {
            scores.iter_mut().zip(&self.start).for_each(|(score, &start)| *score = start);
            for trees in &self.rounds {
                for (score, tree) in scores.iter_mut().zip(trees) {
                    *score += tree.as_ref().map_or(0.0, |tree| tree.value(row)[0]);
                }
            }
        });
        softmax(scores)
    }
}

/// Slope, curvature and number of rows, per step of a feature.
#[derive(Clone, Copy, Default)]
struct Sum {
    slope: f64,
    curvature: f64,
    rows: u32,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.slope += other.slope;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }

    fn without(self, other: Self) -> Self {
        Self {
            slope: self.slope - other.slope,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    /// How much the loss falls when these rows get a value of their own.
    fn fall(self) -> f64 {
        self.slope * self.slope / self.curvature.max(f64::MIN_POSITIVE)
    }

    fn value(self) -> f32 {
        -LEARNING_RATE * (self.slope / self.curvature.max(f64::MIN_POSITIVE)) as f32
    }

    fn large_enough(self) -> bool {
        self.rows >= LEAST_ROWS && self.curvature >= LEAST_CURVATURE
    }
}

/// A leaf that may be split.
struct Leaf {
    node: usize,
    rows: Vec<u32>,
    sum: Sum,
    cut: Option<Cut>,
}

/// The best cut of a leaf.
struct Cut {
    feature: usize,
    step: usize,
    gain: f64,
    below: Sum,
}

/// A tree under way.
struct Growing<'a> {
    binned: &'a Binned,
    slopes: &'a [[f64; 2]],
}

impl<'a> Growing<'a> {
    fn new(binned: &'a Binned, slopes: &'a [[f64; 2]]) -> Self {
        Self { binned, slopes }
    }

    /// The tree, and rows and value of each leaf.
    fn grow(&self) -> (Tree, Vec<(Vec<u32>, f32)>) {
        let mut tree = Tree::new(1);
        let rows: Vec<u32> = (0..self.binned.rows as u32).collect();
        let mut sum = Sum::default();
        rows.iter().for_each(|&row| sum.add(self.of(row)));
        let mut leaves = vec![self.leaf(&mut tree, rows, sum)];
        while leaves.len() < LEAVES {
            // The first of equally good ones, whatever the order of threads.
            let gain = |leaf: &Leaf| leaf.cut.as_ref().map_or(f64::NEG_INFINITY, |cut| cut.gain);
            let best = (0..leaves.len()).fold(
                0,
                |best, place| {
                    if gain(&leaves[place]) > gain(&leaves[best]) { place } else { best }
                },
            );
            let Some(cut) = leaves[best].cut.take() else { break };
            let Leaf { node, mut rows, sum, .. } = leaves.swap_remove(best);
            let column = &self.binned.features[cut.feature];
            let middle = partition(&mut rows, |row| usize::from(column.steps[row as usize]) <= cut.step);
            let above_rows = rows.split_off(middle);
            let below = self.leaf(&mut tree, rows, cut.below);
            let above = self.leaf(&mut tree, above_rows, sum.without(cut.below));
            tree.split(node, cut.feature, column.cuts[cut.step], [below.node, above.node]);
            leaves.extend([below, above]);
        }
        (tree, leaves.into_iter().map(|leaf| (leaf.rows, leaf.sum.value())).collect())
    }

    fn of(&self, row: u32) -> Sum {
        let [slope, curvature] = self.slopes[row as usize];
        Sum { slope, curvature, rows: 1 }
    }

    fn leaf(&self, tree: &mut Tree, rows: Vec<u32>, sum: Sum) -> Leaf {
        let node = tree.add_leaf(&[sum.value()]);
        let cut = self.best_cut(&rows, sum);
        Leaf { node, rows, sum, cut }
    }

    fn best_cut(&self, rows: &[u32], sum: Sum) -> Option<Cut> {
        if sum.rows < 2 * LEAST_ROWS {
            return None;
        }
        let mut best: Option<Cut> = None;
        for (feature, column) in self.binned.features.iter().enumerate() {
            let mut steps = [Sum::default(); STEPS];
            rows.iter().for_each(|&row| steps[usize::from(column.steps[row as usize])].add(self.of(row)));
            let mut below = Sum::default();
            for (step, &of_step) in steps[..column.cuts.len()].iter().enumerate() {
                below.add(of_step);
                let above = sum.without(below);
                if of_step.rows == 0 || !below.large_enough() || !above.large_enough() {
                    continue;
                }
                let gain = below.fall() + above.fall() - sum.fall();
                if gain > best.as_ref().map_or(0.0, |best| best.gain) {
                    best = Some(Cut { feature, step, gain, below });
                }
            }
        }
        best
    }
}
