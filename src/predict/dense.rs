//! The dense engine: exact tiles of one fixed shape.

use ndarray::{Array3, ArrayView1, ArrayView2, Axis, s};

use super::SectionWindow;
use crate::dataset::{Padding, Window};
use crate::network::{NetworkError, Predictor};

/// Every tile of a section has the same padded shape, whoever computes it, so results do not depend on the division of
/// work. Tiles may reach beyond the window; what they say there is dropped.
pub(super) fn probabilities(
    predictor: &Predictor,
    tile: usize,
    padding: Padding,
    section: ArrayView2<'_, f32>,
    live: ArrayView1<'_, bool>,
    window: &SectionWindow,
) -> Result<Array3<f32>, NetworkError> {
    let field = predictor.receptive_field().ok_or(NetworkError::NoDenseForm)?;
    let [traces, samples] = window.shape();
    let (tile_traces, tile_samples) = (tile_side(traces, tile), tile_side(samples, tile));
    let before = (field / 2) as i64;
    let mut output = Array3::zeros((predictor.classes(), traces, samples));
    let mut input = Array3::zeros((1, tile_samples + field - 1, tile_traces + field - 1));
    for first_trace in (0..traces).step_by(tile_traces.max(1)) {
        let end_trace = (first_trace + tile_traces).min(traces);
        let live = live.slice(s![window.traces.start + first_trace..window.traces.start + end_trace]);
        if !live.iter().any(|&live| live) {
            continue;
        }
        for first_sample in (0..samples).step_by(tile_samples.max(1)) {
            let end_sample = (first_sample + tile_samples).min(samples);
            let view = Window {
                first_trace: (window.traces.start + first_trace) as i64 - before,
                trace_step: 1,
                first_sample: (window.samples.start + first_sample) as i64 - before,
                padding,
            };
            input.fill(0.0);
            view.copy(section, input.index_axis_mut(Axis(0), 0), |amplitude| amplitude);
            let scores = predictor.dense_probabilities(input.view())?;
            // `[class, sample, trace]` to `[class, trace, sample]`.
            let scores = scores.index_axis(Axis(0), 0).permuted_axes([0, 2, 1]);
            for (offset, _) in live.iter().enumerate().filter(|(_, live)| **live) {
                let mut target = output.slice_mut(s![.., first_trace + offset, first_sample..end_sample]);
                target.assign(&scores.slice(s![.., offset, ..end_sample - first_sample]));
            }
        }
    }
    Ok(output)
}

/// The side that divides `length` into the fewest equal tiles of at most `largest`.
fn tile_side(length: usize, largest: usize) -> usize {
    let tiles = length.div_ceil(largest.max(1)).max(1);
    length.div_ceil(tiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_equal_and_cover_the_section() {
        for (length, largest, side) in
            [(1501, 256, 251), (481, 256, 241), (100, 256, 100), (256, 256, 256), (257, 256, 129)]
        {
            assert_eq!(tile_side(length, largest), side);
        }
    }
}
