//! A small cube whose every amplitude differs, for the tests of this room.

use ndarray::{Array2, Array3, ArrayViewMut2, Axis};

use super::{SeismicDataset, Split, StripeSplit};
use crate::grid::{ClassTable, Domain, Geometry, LineAxis, Plane, Section, UNLABELLED, VerticalAxis};
use crate::labels::Labels;
use crate::volume::{AmplitudeScaling, Volume, VolumeError};

pub(super) struct Cube {
    pub(super) geometry: Geometry,
    pub(super) values: Array3<f32>,
    pub(super) missing: Vec<[usize; 2]>,
}

impl Cube {
    pub(super) fn new(shape: [usize; 3]) -> Self {
        let geometry = Geometry {
            inline: LineAxis { first: 100, step: 1, count: shape[0] },
            crossline: LineAxis { first: 300, step: 1, count: shape[1] },
            vertical: VerticalAxis { domain: Domain::Time, start: 4.0, step: 4.0, count: shape[2] },
            xy_from_grid: None,
        };
        let values = Array3::from_shape_fn(shape, |(i, j, k)| ((i * shape[1] + j) * shape[2] + k + 1) as f32);
        Self { geometry, values, missing: Vec::new() }
    }
}

impl Volume for Cube {
    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn has_trace(&self, inline_index: usize, crossline_index: usize) -> bool {
        !self.missing.contains(&[inline_index, crossline_index])
    }

    fn read_section(&self, section: Section, mut out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        let axis = Axis(usize::from(section.plane == Plane::Crossline));
        out.assign(&self.values.index_axis(axis, section.index));
        Ok(())
    }

    fn read_time_slice(&self, sample: usize, mut out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        out.assign(&self.values.index_axis(Axis(2), sample));
        Ok(())
    }
}

/// Maps 0 to 0 and 1,000,000 to 1, so that small cubes keep distinct values.
pub(super) fn scaling() -> AmplitudeScaling {
    AmplitudeScaling::new(-1e6, 1e6).unwrap()
}

pub(super) fn stripes(train: usize, gap: usize, test: usize) -> Split {
    Split::Stripes(StripeSplit { train, gap, test, offset: 0, validation: 0 })
}

/// One labelled inline.
pub(super) fn dataset(codes: &Array2<u8>, split: &Split) -> SeismicDataset {
    let cube = Cube::new([1, codes.nrows(), codes.ncols()]);
    let mut labels = Labels::new(cube.geometry.clone());
    labels.add_section(Section::inline(0), codes.view()).unwrap();
    let count = codes.iter().filter(|&&code| code != UNLABELLED).max().unwrap() + 1;
    let classes = ClassTable::from_names((0..count).map(|code| code.to_string())).unwrap();
    SeismicDataset::build(&cube, &scaling(), &labels, &classes, &[Plane::Inline], split).unwrap()
}
