//! Votes of the nearest rows.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::standard::Standard;
use super::{FittedClassifier, Table};

/// Rows that vote.
const VOTES: usize = 5;
/// Rows asked about at a time, and rows compared with at a time: their distances stay in the cache.
const BLOCK: [usize; 2] = [64, 2048];

/// All training rows, standardised.
pub(super) struct Neighbours {
    standard: Standard,
    table: Table,
    squares: Array1<f32>,
}

impl Neighbours {
    pub(super) fn fit(table: &Table) -> Self {
        let standard = Standard::of(table.features());
        let table = table.with_features(standard.apply(table.features()));
        let squares = table.features().map_axis(Axis(1), |row| row.dot(&row));
        Self { standard, table, squares }
    }

    /// The nearest rows of each of a few queries; of equally near ones the first.
    fn nearest(&self, queries: ArrayView2<'_, f32>) -> Vec<Vec<(f32, usize)>> {
        let mut nearest = vec![Vec::with_capacity(VOTES + 1); queries.nrows()];
        let rows = self.table.features();
        for first in (0..rows.nrows()).step_by(BLOCK[1]) {
            let last = (first + BLOCK[1]).min(rows.nrows());
            let products = queries.dot(&rows.slice(s![first..last, ..]).t());
            for (products, nearest) in products.rows().into_iter().zip(&mut nearest) {
                for (row, product) in (first..last).zip(products) {
                    // The query's own square is the same for all rows.
                    insert(nearest, self.squares[row] - 2.0 * product, row);
                }
            }
        }
        nearest
    }
}

/// Keeps the `VOTES` least distances in order.
fn insert(nearest: &mut Vec<(f32, usize)>, distance: f32, row: usize) {
    if nearest.len() == VOTES && distance >= nearest[VOTES - 1].0 {
        return;
    }
    let place = nearest.partition_point(|&(other, _)| other <= distance);
    nearest.insert(place, (distance, row));
    nearest.truncate(VOTES);
}

impl FittedClassifier for Neighbours {
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let queries = self.standard.apply(features);
        let mut votes = Array2::zeros((queries.nrows(), self.table.class_count()));
        let blocks = votes.axis_chunks_iter_mut(Axis(0), BLOCK[0]).zip(queries.axis_chunks_iter(Axis(0), BLOCK[0]));
        blocks.collect::<Vec<_>>().into_par_iter().for_each(|(mut votes, queries)| {
            for (mut votes, nearest) in votes.rows_mut().into_iter().zip(self.nearest(queries)) {
                let weight = 1.0 / nearest.len() as f32;
                nearest.iter().for_each(|&(_, row)| votes[usize::from(self.table.classes()[row])] += weight);
            }
        });
        votes
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_five_nearest_vote_across_blocks() {
        let rows = BLOCK[1] + 10;
        // Two rows of class 0 at the beginning and three of class 1 at the end are next to the query.
        let near = |row: usize| row < 2 || row + 3 >= rows;
        let features = Array2::from_shape_fn((rows, 1), |(row, _)| if near(row) { 0.0 } else { 5.0 + row as f32 });
        let classes = (0..rows).map(|row| u8::from(row >= 2)).collect();
        let fitted = Neighbours::fit(&Table::new(features, classes, 2).unwrap());
        let votes = fitted.probabilities(array![[0.1]].view());
        assert!((votes[[0, 0]] - 0.4).abs() < 1e-6 && (votes[[0, 1]] - 0.6).abs() < 1e-6, "{votes}");
    }
}
