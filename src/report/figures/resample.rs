//! Arrays at another number of pixels.

use ndarray::{Array2, ArrayView2};

/// Values `[x, y]` at `width` x `height` pixels: means where there are more values than pixels, straight lines between
/// them where there are fewer.
pub(super) fn smooth(values: ArrayView2<'_, f32>, width: usize, height: usize) -> Array2<f32> {
    let (columns, rows) = values.dim();
    let (across, down) = (weights(columns, width), weights(rows, height));
    let mut narrowed = Array2::zeros((width, rows));
    for (x, taps) in across.iter().enumerate() {
        let mut column = narrowed.row_mut(x);
        for &(from, weight) in taps {
            column.scaled_add(weight, &values.row(from));
        }
    }
    Array2::from_shape_fn((width, height), |(x, y)| down[y].iter().map(|&(from, w)| w * narrowed[[x, from]]).sum())
}

/// Index of the value that the centre of each of `pixels` pixels falls on, for `count` values.
pub(super) fn nearest(count: usize, pixels: usize) -> Vec<usize> {
    (0..pixels).map(|pixel| (2 * pixel + 1) * count / (2 * pixels)).collect()
}

/// For each of `pixels` pixels, the values of `count` that it shows, and their shares.
fn weights(count: usize, pixels: usize) -> Vec<Vec<(usize, f32)>> {
    let step = count as f64 / pixels as f64;
    let last = count - 1;
    let taps = |pixel: usize| {
        if step > 1.0 {
            let (start, end) = (pixel as f64 * step, (pixel + 1) as f64 * step);
            let covered = |at: usize| (end.min(at as f64 + 1.0) - start.max(at as f64)).max(0.0);
            (start as usize..(end.ceil() as usize).min(count)).map(|at| (at, (covered(at) / step) as f32)).collect()
        } else {
            let center = (pixel as f64 + 0.5) * step - 0.5;
            let lower = center.floor();
            let share = (center - lower) as f32;
            let index = |place: f64| (place.max(0.0) as usize).min(last);
            vec![(index(lower), 1.0 - share), (index(lower + 1.0), share)]
        }
    };
    (0..pixels).map(taps).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn weights_add_up_to_one_and_equal_sizes_change_nothing() {
        for (count, pixels) in [(1, 7), (100, 500), (951, 951), (1501, 751), (1501, 900), (3, 2)] {
            for taps in weights(count, pixels) {
                let sum: f32 = taps.iter().map(|&(_, weight)| weight).sum();
                assert!((sum - 1.0).abs() < 1e-5, "{count} values on {pixels} pixels");
                assert!(taps.iter().all(|&(at, weight)| at < count && weight >= 0.0));
            }
            let places = nearest(count, pixels);
            assert!(places.is_sorted() && places[0] <= count / pixels && *places.last().unwrap() < count);
        }
        let values = array![[1.0, 2.0], [3.0, 5.0], [-1.0, 0.5]];
        assert_eq!(smooth(values.view(), 3, 2), values);
    }

    #[test]
    fn fewer_pixels_show_means_and_more_pixels_straight_lines() {
        let values = array![[0.0], [1.0], [2.0], [3.0]];
        assert_eq!(smooth(values.view(), 2, 1), array![[0.5], [2.5]]);
        let ends = array![[0.0], [4.0]];
        assert_eq!(smooth(ends.view(), 4, 1), array![[0.0], [1.0], [3.0], [4.0]]);
        assert_eq!(nearest(2, 4), [0, 0, 1, 1]);
    }
}
