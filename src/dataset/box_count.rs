//! How many voxels of a kind lie in a rectangle, in constant time.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

/// Running sums over a mask (summed-area table, Crow 1984).
pub(super) struct BoxCount {
    sums: Array2<u64>,
}

impl BoxCount {
    /// Sums over the voxels of `values` that are `wanted`.
    pub(super) fn new<T>(values: ArrayView2<'_, T>, wanted: impl Fn(&T) -> bool) -> Self {
        let mut sums = Array2::zeros((values.nrows() + 1, values.ncols() + 1));
        for ((row, column), value) in values.indexed_iter() {
            sums[[row + 1, column + 1]] =
                sums[[row, column + 1]] + sums[[row + 1, column]] + u64::from(wanted(value)) - sums[[row, column]];
        }
        Self { sums }
    }

    /// Count within `rows` x `columns`, of which only the part on the array counts.
    pub(super) fn within(&self, rows: Range<i64>, columns: Range<i64>) -> u64 {
        let clipped = |range: Range<i64>, length: usize| {
            let end = length as i64 - 1;
            let start = range.start.clamp(0, end) as usize;
            start..(range.end.clamp(0, end) as usize).max(start)
        };
        let (rows, columns) = (clipped(rows, self.sums.nrows()), clipped(columns, self.sums.ncols()));
        self.sums[[rows.end, columns.end]] + self.sums[[rows.start, columns.start]]
            - self.sums[[rows.start, columns.end]]
            - self.sums[[rows.end, columns.start]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_hold_what_counting_finds_also_across_the_edge() {
        let mask = Array2::from_shape_fn((5, 4), |(row, column)| (row * 7 + column * 3) % 4 == 0);
        let sums = BoxCount::new(mask.view(), |&set| set);
        for rows in [-2..0, -1..2, 0..5, 2..9, 6..9, 3..3] {
            for columns in [-3..-1, 0..1, 1..9, 0..4, 7..7] {
                let set = mask.indexed_iter().filter(|&((row, column), &set)| {
                    set && rows.contains(&(row as i64)) && columns.contains(&(column as i64))
                });
                assert_eq!(sums.within(rows.clone(), columns.clone()), set.count() as u64, "{rows:?} {columns:?}");
            }
        }
    }
}
