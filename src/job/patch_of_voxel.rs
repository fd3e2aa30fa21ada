//! What a network sees of one voxel.

use ndarray::{Array3, Axis};

use crate::dataset::{Padding, Window};
use crate::volume::SectionChannels;

/// The patch `[channel, sample, trace]` of side `size` round a voxel of a section, the voxel at `size / 2`.
pub(super) fn patch_of_voxel(
    channels: &SectionChannels,
    [trace, sample]: [usize; 2],
    size: usize,
    padding: Padding,
) -> Array3<f32> {
    let window = Window {
        first_trace: trace as i64 - (size / 2) as i64,
        trace_step: 1,
        first_sample: sample as i64 - (size / 2) as i64,
        padding,
    };
    let channels: Vec<_> = channels.iter().collect();
    let mut patch = Array3::zeros((channels.len(), size, size));
    for (channel, target) in channels.into_iter().zip(patch.axis_iter_mut(Axis(0))) {
        window.copy(channel, target, |value| value);
    }
    patch
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

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
}
