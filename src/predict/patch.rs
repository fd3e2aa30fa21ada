//! The patch engine: one window a voxel, gathered from the section on the device.

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, Axis, s};

use super::engine::SectionView;
use super::{Interpretation, Outputs};
use crate::network::{Draw, NetworkError, PlacedSection, Predictor};

/// Class probabilities `[class, trace, sample]` of the window, from every `stride`-th trace and sample.
pub(super) fn probabilities(
    predictor: &Predictor,
    batch: usize,
    stride: usize,
    view: &SectionView<'_>,
) -> Result<Array3<f32>, NetworkError> {
    let [traces, samples] = view.window.shape();
    let placed = placed(predictor, view)?;
    let live = view.live_in_window();
    let mut output = Array3::zeros((predictor.classes(), traces, samples));
    if stride > 1 {
        let (rows, columns) = (nodes(traces, stride), nodes(samples, stride));
        let voxels: Vec<[usize; 2]> =
            rows.iter().flat_map(|&trace| columns.iter().map(move |&sample| [sample, trace])).collect();
        let coarse = classified(predictor, &placed, batch, &voxels)?;
        for (class, values) in coarse.axis_iter(Axis(1)).enumerate() {
            let values = values.to_shape((rows.len(), columns.len())).expect("one value a node");
            interpolate(values.view(), &rows, &columns, output.index_axis_mut(Axis(0), class));
        }
        for (trace, _) in live.iter().enumerate().filter(|(_, live)| !**live) {
            output.slice_mut(s![.., trace, ..]).fill(0.0);
        }
        return Ok(output);
    }
    let voxels = live_voxels(view);
    let rows = classified(predictor, &placed, batch, &voxels)?;
    for (&[sample, trace], row) in voxels.iter().zip(rows.rows()) {
        output.slice_mut(s![.., trace, sample]).assign(&row);
    }
    Ok(output)
}

/// Mean and spread of passes with dropout in the window.
pub(super) fn sampled(
    predictor: &Predictor,
    batch: usize,
    view: &SectionView<'_>,
    outputs: Outputs,
    draw: &Draw,
) -> Result<Interpretation, NetworkError> {
    let placed = placed(predictor, view)?;
    let mut output = Interpretation::empty(predictor.classes(), view.window.shape(), outputs);
    in_batches(&live_voxels(view), batch, |voxels, _| {
        let moments = placed.sampled_patches(voxels, draw)?;
        for (number, &[sample, trace]) in voxels.iter().enumerate() {
            let deviation = moments.deviation.slice(s![number, .., 0, 0]);
            let passes = Some((deviation, moments.entropy[[number, 0, 0]]));
            output.note([trace, sample], moments.mean.slice(s![number, .., 0, 0]), passes);
        }
        Ok(())
    })?;
    Ok(output)
}

/// The window with half a patch round it, on the device.
fn placed<'p>(predictor: &'p Predictor, view: &SectionView<'_>) -> Result<PlacedSection<'p>, NetworkError> {
    let side = predictor.patch();
    let [traces, samples] = view.window.shape();
    predictor.place(view.padded([samples + side - 1, traces + side - 1], side / 2).view())
}

/// Sample and trace of every voxel of the window that holds data.
fn live_voxels(view: &SectionView<'_>) -> Vec<[usize; 2]> {
    let [traces, samples] = view.window.shape();
    let live = view.live_in_window();
    let traces = (0..traces).filter(|&trace| live[trace]);
    traces.flat_map(|trace| (0..samples).map(move |sample| [sample, trace])).collect()
}

/// Class probabilities `[voxel, class]`.
fn classified(
    predictor: &Predictor,
    placed: &PlacedSection<'_>,
    batch: usize,
    voxels: &[[usize; 2]],
) -> Result<Array2<f32>, NetworkError> {
    let mut output = Array2::zeros((voxels.len(), predictor.classes()));
    in_batches(voxels, batch, |voxels, first| {
        output.slice_mut(s![first..first + voxels.len(), ..]).assign(&placed.patches(voxels)?);
        Ok(())
    })?;
    Ok(output)
}

/// Hands batches and their first places to `take`. Where the device's memory does not hold a batch, half of it is tried.
fn in_batches(
    voxels: &[[usize; 2]],
    mut batch: usize,
    mut take: impl FnMut(&[[usize; 2]], usize) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let mut done = 0;
    while done < voxels.len() {
        let end = (done + batch.max(1)).min(voxels.len());
        match take(&voxels[done..end], done) {
            Ok(()) => done = end,
            Err(NetworkError::OutOfMemory) if batch > 1 => batch /= 2,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Every `stride`-th place, and the last one.
fn nodes(length: usize, stride: usize) -> Vec<usize> {
    let mut nodes: Vec<usize> = (0..length).step_by(stride).collect();
    if nodes.last().is_some_and(|&last| last + 1 < length) {
        nodes.push(length - 1);
    }
    nodes
}

/// Bilinear between the nodes.
fn interpolate(values: ArrayView2<'_, f32>, rows: &[usize], columns: &[usize], mut output: ArrayViewMut2<'_, f32>) {
    for ((row, column), value) in output.indexed_iter_mut() {
        let ((above, below, down), (left, right, along)) = (between(rows, row), between(columns, column));
        let upper = values[[above, left]] * (1.0 - along) + values[[above, right]] * along;
        let lower = values[[below, left]] * (1.0 - along) + values[[below, right]] * along;
        *value = upper * (1.0 - down) + lower * down;
    }
}

/// The nodes before and after `place`, and how far between them it lies.
fn between(nodes: &[usize], place: usize) -> (usize, usize, f32) {
    let before = nodes.partition_point(|&node| node <= place) - 1;
    match nodes.get(before + 1) {
        Some(&after) => (before, before + 1, (place - nodes[before]) as f32 / (after - nodes[before]) as f32),
        None => (before, before, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::super::test_network::{model_for, noise, predictor, waldeland};
    use super::super::{Engine, SectionWindow, section_probabilities};
    use super::*;
    use crate::dataset::Padding;
    use crate::grid::{Domain, Geometry, LineAxis, Section, VerticalAxis};
    use crate::network::{Architecture, Device};
    use crate::volume::{MemoryVolume, ScaledSection};

    /// Its cubes stand round every voxel, `[section, sample, trace]`, with zeros beyond the survey on all sides.
    #[test]
    fn a_network_of_volumes_sees_neighbouring_sections() {
        const SIDE: usize = 9;
        let line = |count| LineAxis { first: 1, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 11 };
        let geometry = Geometry { inline: line(7), crossline: line(10), vertical, xy_from_grid: None };
        let values = noise(7 * 10, 11).into_shape_with_order((7, 10, 11)).unwrap();
        let volume = MemoryVolume::new(geometry, values.clone()).unwrap();
        let model = model_for(Architecture::Malenov, SIDE, Vec::new());
        let predictor = model.predictor(Device::cpu()).unwrap();
        let reader = model.description.reader(&volume, &[]).unwrap();
        for section in [Section::inline(2), Section::inline(6), Section::crossline(0)] {
            let ScaledSection { channels, live } = reader.read(section).unwrap();
            let [traces, samples] = channels.shape();
            let window = SectionWindow::whole([traces, samples]);
            let [all, coarse] = [1, 4].map(|stride| {
                let engine = Engine::Patch { batch: 7, stride };
                let live = ndarray::ArrayView1::from(&live);
                section_probabilities(&predictor, engine, Padding::Zero, &channels, live, &window).unwrap()
            });
            for (trace, sample) in [(0, 0), (4, 8), (traces - 1, 10)] {
                let at = |axis: usize, centre: usize| (centre + axis).checked_sub(SIDE / 2);
                let patch = ndarray::Array4::from_shape_fn((1, SIDE, SIDE, SIDE), |(_, across, row, column)| {
                    let (line, sample) = (at(across, section.index), at(row, sample));
                    let value = line.zip(at(column, trace)).zip(sample).and_then(|((line, trace), sample)| {
                        let [inline, crossline] = Section { index: line, ..section }.cell(trace);
                        values.get([inline, crossline, sample])
                    });
                    value.copied().unwrap_or(0.0)
                });
                let expected = predictor.patch_probabilities(patch.view()).unwrap();
                for (class, &expected) in expected.iter().enumerate() {
                    assert!((all[[class, trace, sample]] - expected).abs() < 1e-5);
                    assert!((coarse[[class, trace, sample]] - expected).abs() < 1e-5, "a node of the preview");
                }
            }
        }
        assert!(Engine::DENSE.check(&predictor).is_err());
    }

    #[test]
    fn a_preview_is_exact_at_its_nodes_and_between_them_in_between() {
        let (section, predictor) = (noise(14, 19).into(), predictor(waldeland()));
        let mut live = Array1::from_elem(14, true);
        live[5] = false;
        let window = SectionWindow::whole([14, 19]);
        let [exact, preview] = [1, 4].map(|stride| {
            let engine = Engine::Patch { batch: 32, stride };
            section_probabilities(&predictor, engine, Padding::Zero, &section, live.view(), &window).unwrap()
        });
        for trace in [0, 4, 8, 12, 13] {
            for sample in [0, 4, 8, 12, 16, 18] {
                for class in 0..5 {
                    assert!((exact[[class, trace, sample]] - preview[[class, trace, sample]]).abs() < 1e-5);
                }
            }
        }
        let mean = (preview[[0, 8, 4]] + preview[[0, 12, 4]]) / 2.0;
        assert!((preview[[0, 10, 4]] - mean).abs() < 1e-6);
        for (trace, values) in preview.axis_iter(Axis(1)).enumerate() {
            let expected = if trace == 5 { 0.0 } else { 1.0 };
            assert!(values.sum_axis(Axis(0)).iter().all(|sum| (sum - expected).abs() < 1e-5));
        }
    }
}
