//! The dense engine: tiles of one fixed shape, which give what the whole section would.

use ndarray::{Array3, ArrayView1, Axis, s};

use super::engine::SectionView;
use super::segments;
use super::{Interpretation, Outputs};
use crate::network::{Device, Draw, Moments, NetworkError, PlacedSection, Predictor, Probabilities};

/// Voxels that keep a CUDA device busy; smaller tiles go through several at a time.
pub(super) const VOXELS_AT_A_TIME: usize = 1 << 20;

/// How a window is divided. Every tile of every section has the same padded shape, whoever computes it, so results do not
/// depend on the division of work. Tiles may reach beyond the window; what they say there is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiling {
    /// Samples and traces of a tile.
    pub(super) shape: [usize; 2],
    /// Tiles down and across.
    pub(super) count: [usize; 2],
    /// Tiles computed at a time.
    pub(super) together: usize,
}

impl Tiling {
    /// Of `traces` x `samples` voxels in tiles of at most `largest` a side.
    pub(super) fn new(stride: usize, device: Device, largest: usize, [traces, samples]: [usize; 2]) -> Self {
        let shape = [samples, traces].map(|length| tile_side(length, largest, stride));
        let count = [samples.div_ceil(shape[0]), traces.div_ceil(shape[1])];
        let wanted = VOXELS_AT_A_TIME.div_ceil(shape[0] * shape[1]);
        let together = if device.is_cuda() { wanted.min(count[0] * count[1]) } else { 1 };
        Self { shape, count, together: together.max(1) }
    }

    /// Samples and traces of the section that the windows of all tiles cover.
    pub(super) fn padded(&self, receptive_field: usize) -> [usize; 2] {
        [0, 1].map(|axis| self.shape[axis] * self.count[axis] + receptive_field - 1)
    }

    /// First sample and trace of each tile, in groups of those computed together. The last group is filled up with tiles of
    /// its own, so that all groups have one size.
    fn groups(&self) -> Vec<Vec<[usize; 2]>> {
        let corners: Vec<[usize; 2]> = (0..self.count[1])
            .flat_map(|across| (0..self.count[0]).map(move |down| [down, across]))
            .map(|[down, across]| [down * self.shape[0], across * self.shape[1]])
            .collect();
        let full = |group: &[[usize; 2]]| group.iter().copied().cycle().take(self.together).collect();
        corners.chunks(self.together).map(full).collect()
    }
}

pub(super) fn probabilities(
    predictor: &Predictor,
    tile: usize,
    view: &SectionView<'_>,
) -> Result<Array3<f32>, NetworkError> {
    let [traces, samples] = view.window.shape();
    let mut output = Array3::zeros((predictor.classes(), traces, samples));
    each_group(predictor, tile, view, |places, group| {
        let group = group.to_array()?;
        for (values, place) in group.axis_iter(Axis(0)).zip(places) {
            place.live_traces(view.live_in_window(), |from, to| {
                output.slice_mut(s![.., to, place.samples()]).assign(&values.slice(s![.., from, ..place.rows]));
            });
        }
        Ok(())
    })?;
    Ok(output)
}

pub(super) fn interpretation(
    predictor: &Predictor,
    tile: usize,
    view: &SectionView<'_>,
    outputs: Outputs,
) -> Result<Interpretation, NetworkError> {
    let mut output = Interpretation::empty(predictor.classes(), view.window.shape(), outputs);
    each_group(predictor, tile, view, |places, group| {
        if outputs.uncertainties().next().is_some() {
            let values = group.to_array()?;
            each_voxel(places, view.live_in_window(), |number, from, to| {
                output.note(to, values.slice(s![number, .., from[0], from[1]]), None);
            });
            return Ok(());
        }
        let (codes, largest) = group.most_probable()?;
        let probability = if outputs.probability { Some(group.to_array()?) } else { None };
        for (number, place) in places.iter().enumerate() {
            place.live_traces(view.live_in_window(), |from, to| {
                output.codes.slice_mut(s![to, place.samples()]).assign(&codes.slice(s![number, from, ..place.rows]));
                if let Some(confidence) = &mut output.confidence {
                    confidence.slice_mut(s![to, place.samples()]).assign(&largest.slice(s![
                        number,
                        from,
                        ..place.rows
                    ]));
                }
                if let (Some(output), Some(values)) = (&mut output.probability, &probability) {
                    let values = values.slice(s![number, .., from, ..place.rows]);
                    output.slice_mut(s![.., to, place.samples()]).assign(&values);
                }
            });
        }
        Ok(())
    })?;
    Ok(output)
}

/// Mean and spread of passes with dropout.
pub(super) fn sampled(
    predictor: &Predictor,
    tile: usize,
    view: &SectionView<'_>,
    outputs: Outputs,
    draw: &Draw,
) -> Result<Interpretation, NetworkError> {
    let mut output = Interpretation::empty(predictor.classes(), view.window.shape(), outputs);
    let mut note = |places: &[Place], moments: &Moments| {
        each_voxel(places, view.live_in_window(), |number, [column, row], to| {
            let deviation = moments.deviation.slice(s![number, .., column, row]);
            let passes = Some((deviation, moments.entropy[[number, column, row]]));
            output.note(to, moments.mean.slice(s![number, .., column, row]), passes);
        });
    };
    match predictor.segmentation() {
        Some(segmentation) => segments::each_group(predictor, segmentation, tile, view, |group| {
            note(&group.places, &group.moments(draw)?);
            Ok(())
        })?,
        None => each_tile(predictor, tile, view, |placed, tiles| {
            note(&tiles.places, &placed.sampled_tiles(&tiles.corners, tiles.shape, draw)?);
            Ok(())
        })?,
    }
    Ok(output)
}

/// Calls `each` with the number of the tile and with trace and sample, in the tile and in the window, of every live voxel.
fn each_voxel(places: &[Place], live: ArrayView1<'_, bool>, mut each: impl FnMut(usize, [usize; 2], [usize; 2])) {
    for (number, place) in places.iter().enumerate() {
        place.live_traces(live, |from, to| {
            for row in 0..place.rows {
                each(number, [from, row], [to, place.first_sample + row]);
            }
        });
    }
}

/// Tiles that are computed together.
struct Tiles {
    /// First sample and trace of each.
    corners: Vec<[usize; 2]>,
    /// Samples and traces of each.
    shape: [usize; 2],
    places: Vec<Place>,
}

/// Where a tile lies in the window, without what reaches beyond.
pub(super) struct Place {
    pub(super) first_sample: usize,
    pub(super) first_trace: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Place {
    fn samples(&self) -> std::ops::Range<usize> {
        self.first_sample..self.first_sample + self.rows
    }

    /// Whether one of its traces holds data.
    pub(super) fn is_live(&self, view: &SectionView<'_>) -> bool {
        let traces = self.first_trace..self.first_trace + self.columns;
        view.live_in_window().slice(s![traces]).iter().any(|&live| live)
    }

    /// Calls `each` with the place in the tile and in the window of every trace that is live.
    fn live_traces(&self, live: ArrayView1<'_, bool>, mut each: impl FnMut(usize, usize)) {
        for from in (0..self.columns).filter(|from| live[self.first_trace + from]) {
            each(from, self.first_trace + from);
        }
    }
}

/// Hands the probabilities of every group of tiles that holds a live trace to `take`.
fn each_group(
    predictor: &Predictor,
    tile: usize,
    view: &SectionView<'_>,
    mut take: impl FnMut(&[Place], &Probabilities) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    match predictor.segmentation() {
        Some(segmentation) => segments::each_group(predictor, segmentation, tile, view, |group| {
            take(&group.places, &group.probabilities()?)
        }),
        None => each_tile(predictor, tile, view, |placed, tiles| {
            take(&tiles.places, &placed.tiles(&tiles.corners, tiles.shape)?)
        }),
    }
}

/// Hands every group of tiles that holds a live trace to `take`, with the section on the device.
fn each_tile(
    predictor: &Predictor,
    tile: usize,
    view: &SectionView<'_>,
    mut take: impl FnMut(&PlacedSection<'_>, &Tiles) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let [traces, samples] = view.window.shape();
    if traces == 0 || samples == 0 {
        return Ok(());
    }
    let field = predictor.receptive_field().ok_or(NetworkError::NoDenseForm)?;
    let tiling = Tiling::new(predictor.total_stride(), predictor.device(), tile, [traces, samples]);
    let placed = predictor.place(view.padded(tiling.padded(field), field / 2).view())?;
    for corners in tiling.groups() {
        let places: Vec<Place> = corners
            .iter()
            .map(|&[first_sample, first_trace]| Place {
                first_sample,
                first_trace,
                rows: tiling.shape[0].min(samples - first_sample),
                columns: tiling.shape[1].min(traces - first_trace),
            })
            .collect();
        if places.iter().any(|place| place.is_live(view)) {
            take(&placed, &Tiles { corners, shape: tiling.shape, places })?;
        }
    }
    Ok(())
}

/// The side, a multiple of `stride`, that divides `length` into the fewest equal tiles of at most about `largest`.
fn tile_side(length: usize, largest: usize, stride: usize) -> usize {
    let tiles = length.div_ceil(largest.max(1)).max(1);
    length.div_ceil(tiles).next_multiple_of(stride)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_equal_whole_phases_and_cover_the_section() {
        for (length, largest, stride, side) in
            [(1501, 256, 1, 251), (481, 256, 8, 248), (100, 256, 8, 104), (256, 256, 32, 256), (257, 256, 1, 129)]
        {
            assert_eq!(tile_side(length, largest, stride), side);
        }
    }

    #[test]
    fn groups_hold_every_tile_and_have_one_size() {
        let tiling = Tiling { shape: [8, 16], count: [2, 3], together: 4 };
        let groups = tiling.groups();
        assert_eq!(groups, [[[0, 0], [8, 0], [0, 16], [8, 16]], [[0, 32], [8, 32], [0, 32], [8, 32]]]);
    }
}
