//! What a network sees of one voxel.

use ndarray::{Array2, Array3, Axis};

use crate::dataset::{Padding, Window};
use crate::network::Segmentation;
use crate::volume::SectionChannels;

/// The patch `[channel, sample, trace]` of side `size` round a voxel of a section, the voxel at `size / 2`.
pub(super) fn patch_of_voxel(
    channels: &SectionChannels,
    [trace, sample]: [usize; 2],
    size: usize,
    padding: Padding,
) -> Array3<f32> {
    let first = |place: usize| place as i64 - (size / 2) as i64;
    copied(channels, [first(trace), first(sample)], [size, size], padding)
}

/// All that a network that segments may see of a voxel, `[channel, sample, trace]`, and the voxel's row and column in it: what
/// a prediction of the whole section sees, so that the scores are the same.
pub(super) fn seen_of_voxel(
    channels: &SectionChannels,
    [trace, sample]: [usize; 2],
    segmentation: Segmentation,
    padding: Padding,
) -> (Array3<f32>, [usize; 2]) {
    let Segmentation { multiple, reach } = segmentation;
    let [traces, samples] = channels.shape();
    let seen = |place: usize, length: usize| {
        let first = place.saturating_sub(reach) / multiple * multiple;
        let end = (place + reach + 1).next_multiple_of(multiple).min(length.next_multiple_of(multiple));
        (first, end - first)
    };
    let ((first_sample, rows), (first_trace, columns)) = (seen(sample, samples), seen(trace, traces));
    let window = copied(channels, [first_trace as i64, first_sample as i64], [rows, columns], padding);
    (window, [sample - first_sample, trace - first_trace])
}

/// The part of `values` of side `size` round a place, the place at `size / 2`; 0 beyond them.
pub(super) fn part_round(values: &Array2<f32>, [row, column]: [usize; 2], size: usize) -> Array2<f32> {
    let mut part = Array2::zeros((size, size));
    let first = |place: usize| place as i64 - (size / 2) as i64;
    // Windows take sections, traces first, and give pictures, samples first.
    let window = Window { first_trace: first(column), trace_step: 1, first_sample: first(row), padding: Padding::Zero };
    window.copy(values.t(), part.view_mut(), |value| value);
    part
}

fn copied(
    channels: &SectionChannels,
    [first_trace, first_sample]: [i64; 2],
    [rows, columns]: [usize; 2],
    padding: Padding,
) -> Array3<f32> {
    let window = Window { first_trace, trace_step: 1, first_sample, padding };
    let channels: Vec<_> = channels.iter().collect();
    let mut copy = Array3::zeros((channels.len(), rows, columns));
    for (channel, target) in channels.into_iter().zip(copy.axis_iter_mut(Axis(0))) {
        window.copy(channel, target, |value| value);
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voxel_lies_at_half_the_side_and_zeros_beyond_the_section() {
        let section = Array2::from_shape_fn((6, 8), |(trace, sample)| (10 * trace + sample + 1) as f32);
        let patch = patch_of_voxel(&section.into(), [1, 7], 5, Padding::Zero);
        assert_eq!(patch.dim(), (1, 5, 5));
        assert_eq!(patch[[0, 2, 2]], 18.0);
        // Rows are samples, columns traces.
        assert_eq!((patch[[0, 1, 2]], patch[[0, 2, 3]]), (17.0, 28.0));
        assert_eq!((patch[[0, 3, 2]], patch[[0, 2, 0]]), (0.0, 0.0));
    }

    #[test]
    fn all_that_is_seen_begins_and_ends_at_multiples_and_reaches_far_enough_or_to_the_edge() {
        let section = Array2::from_shape_fn((50, 1000), |(trace, sample)| (1000 * trace + sample) as f32);
        let segmentation = Segmentation { multiple: 8, reach: 28 };
        for (voxel, shape, place) in
            [([25, 500], [64, 56], [28, 25]), ([0, 0], [32, 32], [0, 0]), ([49, 999], [32, 40], [31, 33])]
        {
            let (seen, [row, column]) = seen_of_voxel(&section.clone().into(), voxel, segmentation, Padding::Zero);
            assert_eq!((seen.dim(), [row, column]), ((1, shape[0], shape[1]), place), "{voxel:?}");
            assert_eq!(seen[[0, row, column]], section[voxel]);
        }
        let map = Array2::from_shape_fn((6, 7), |(row, column)| (10 * row + column) as f32);
        let part = part_round(&map, [5, 1], 4);
        assert_eq!((part[[2, 2]], part[[0, 1]], part[[3, 2]], part[[2, 0]]), (51.0, 30.0, 0.0, 0.0));
    }
}
