//! Grey levels that occur side by side.
//!
//! Haralick, Shanmugam, Dinstein: Textural features for image classification (1973); symmetric matrices of neighbours at distance 1,
//! averaged over the four directions.

use ndarray::ArrayView2;

/// Grey levels.
const LEVELS: usize = 16;

/// Contrast, homogeneity, energy, correlation and entropy (bits).
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let levels = plane.mapv(|value| ((value * LEVELS as f32) as usize).min(LEVELS - 1));
    let (rows, columns) = levels.dim();
    let mut sums = [0.0_f64; 5];
    // One trace on, one sample on, and both diagonals.
    for (down, right, start) in [(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, -1_isize, 1)] {
        let mut counts = [[0_u32; LEVELS]; LEVELS];
        for row in 0..rows - down {
            for column in start..columns - usize::from(right == 1) {
                let a = levels[[row, column]];
                let b = levels[[row + down, column.wrapping_add_signed(right)]];
                counts[a][b] += 1;
                counts[b][a] += 1;
            }
        }
        sums.iter_mut().zip(properties(&counts)).for_each(|(sum, value)| *sum += value / 4.0);
    }
    values.extend(sums.map(|sum| sum as f32));
}

fn properties(counts: &[[u32; LEVELS]; LEVELS]) -> [f64; 5] {
    let all = f64::from(counts.iter().flatten().sum::<u32>());
    let cells = || {
        let of_row = |(a, row): (usize, &[u32; LEVELS])| {
            row.map(f64::from)
                .into_iter()
                .enumerate()
                .map(move |(b, count)| (a as f64, b as f64, count))
                .collect::<Vec<_>>()
        };
        counts.iter().enumerate().flat_map(of_row).map(|(a, b, count)| (a, b, count / all))
    };
    let mean: f64 = cells().map(|(a, _, share)| a * share).sum();
    let variance: f64 = cells().map(|(a, _, share)| (a - mean).powi(2) * share).sum();
    let covariance: f64 = cells().map(|(a, b, share)| (a - mean) * (b - mean) * share).sum();
    [
        cells().map(|(a, b, share)| (a - b).powi(2) * share).sum(),
        cells().map(|(a, b, share)| share / (1.0 + (a - b).powi(2))).sum(),
        cells().map(|(.., share)| share * share).sum::<f64>().sqrt(),
        // A constant plane goes with itself, as scikit-image has it.
        if variance > 1e-12 { covariance / variance } else { 1.0 },
        cells().filter(|&(.., share)| share > 0.0).map(|(.., share)| -share * share.log2()).sum(),
    ]
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn of(plane: Array2<f32>) -> Vec<f32> {
        let mut values = Vec::new();
        describe(plane.view(), &mut values);
        values
    }

    #[test]
    fn stripes_differ_across_and_agree_along() {
        // Neighbours across stripes and on diagonals differ by 15 levels, neighbours along them by none.
        let stripes = of(Array2::from_shape_fn((20, 20), |(row, _)| (row % 2) as f32));
        assert!((stripes[0] - 225.0 * 0.75).abs() < 1e-3, "{stripes:?}");
        assert!((stripes[3] - (1.0 - 3.0) / 4.0).abs() < 0.01, "{stripes:?}");
        assert_eq!(of(Array2::from_elem((20, 20), 0.4)), [0.0, 1.0, 1.0, 1.0, 0.0]);
    }
}
