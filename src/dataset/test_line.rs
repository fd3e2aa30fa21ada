//! A small cube whose every amplitude differs, for the tests of this room.

#![cfg(test)]

use ndarray::{Array2, Array3};

use super::{Augmentation, CropOptions, SeismicDataset, Split, StripeSplit};
use crate::grid::{ClassTable, Plane, Section, UNLABELLED};
use crate::labels::Labels;
use crate::labels::test_survey::survey;
use crate::volume::{AmplitudeScaling, Channel, MemoryVolume, SectionReader, Volume};

/// Amplitudes 1, 2, 3, ... in the order `[inline, crossline, sample]`.
pub(super) fn cube(shape: [usize; 3]) -> MemoryVolume {
    let samples = Array3::from_shape_fn(shape, |(i, j, k)| ((i * shape[1] + j) * shape[2] + k + 1) as f32);
    MemoryVolume::new(survey(shape[0], shape[1], shape[2]), samples).unwrap()
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
    with_channels(codes, split, &[])
}

/// The same with the position of every sample as a second channel.
pub(super) fn with_depth(codes: &Array2<u8>, split: &Split) -> SeismicDataset {
    with_channels(codes, split, &[Channel::Depth { first: 0.0, last: 100.0 }])
}

fn with_channels(codes: &Array2<u8>, split: &Split, further: &[Channel]) -> SeismicDataset {
    let cube = cube([1, codes.nrows(), codes.ncols()]);
    let mut labels = Labels::new(cube.geometry().clone());
    labels.add_section(Section::inline(0), codes.view()).unwrap();
    let count = codes.iter().filter(|&&code| code != UNLABELLED).max().unwrap() + 1;
    let classes = ClassTable::from_names((0..count).map(|code| code.to_string())).unwrap();
    let reader = SectionReader::new(&cube, scaling()).with_channels(further, &[]).unwrap();
    SeismicDataset::build(&reader, &labels, &classes, &[Plane::Inline], split).unwrap()
}

/// Crops of 6 x 6 for a network that sees 4 x 4.
pub(super) fn crop_options() -> CropOptions {
    CropOptions {
        crop: 6,
        receptive_field: 4,
        crops_per_step: 5,
        labelled_at_least: 0.3,
        augmentation: Augmentation::default(),
        seed: 3,
    }
}

/// Unlabelled holes in two classes.
pub(super) fn line_with_holes() -> Array2<u8> {
    Array2::from_shape_fn((40, 24), |(trace, sample)| match (trace / 5 + sample / 4) % 3 {
        2 => UNLABELLED,
        code => code as u8,
    })
}
