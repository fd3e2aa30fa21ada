//! A plane on a grid of 8 x 8.

use ndarray::{ArrayView2, s};

/// Cells on each side.
const CELLS: usize = 8;

/// The mean of every cell.
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let (rows, columns) = plane.dim();
    let bounds = |length: usize, cell: usize| cell * length / CELLS..(cell + 1) * length / CELLS;
    for row in 0..CELLS {
        for column in 0..CELLS {
            let cell = plane.slice(s![bounds(rows, row), bounds(columns, column)]);
            values.push(cell.iter().sum::<f32>() / cell.len().max(1) as f32);
        }
    }
}
