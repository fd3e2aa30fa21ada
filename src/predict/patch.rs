//! The patch engine: one window a voxel, gathered from the section on the device.

use ndarray::{Array2, Array3, ArrayView1, ArrayView2};

use super::SectionWindow;
use crate::dataset::{Padding, Window};
use crate::network::{NetworkError, Predictor};

pub(super) fn probabilities(
    predictor: &Predictor,
    batch: usize,
    padding: Padding,
    section: ArrayView2<'_, f32>,
    live: ArrayView1<'_, bool>,
    window: &SectionWindow,
) -> Result<Array3<f32>, NetworkError> {
    let side = predictor.patch();
    let [traces, samples] = window.shape();
    let before = (side / 2) as i64;
    let mut padded = Array2::zeros((samples + side - 1, traces + side - 1));
    let view = Window {
        first_trace: window.traces.start as i64 - before,
        trace_step: 1,
        first_sample: window.samples.start as i64 - before,
        padding,
    };
    view.copy(section, padded.view_mut(), |amplitude| amplitude);
    let patches = predictor.section_patches(padded.view())?;

    let is_live = |trace: &usize| live[window.traces.start + trace];
    let voxels: Vec<[usize; 2]> =
        (0..traces).filter(is_live).flat_map(|trace| (0..samples).map(move |sample| [sample, trace])).collect();
    let mut output = Array3::zeros((predictor.classes(), traces, samples));
    for voxels in voxels.chunks(batch.max(1)) {
        let probabilities = patches.probabilities(voxels)?;
        for (&[sample, trace], row) in voxels.iter().zip(probabilities.rows()) {
            for (class, &probability) in row.iter().enumerate() {
                output[[class, trace, sample]] = probability;
            }
        }
    }
    Ok(output)
}
