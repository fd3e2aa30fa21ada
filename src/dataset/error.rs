//! Why labels and amplitudes do not make a training set.

use crate::volume::VolumeError;

/// Why a training set or a batch sampler cannot be made.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum DatasetError {
    /// The amplitudes cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Volume(#[from] VolumeError),
    /// Labels and amplitudes stand on different grids.
    #[error(
        "the labels were read for a survey of shape {labels:?}, {volume} has shape {shape:?} or other line numbers"
    )]
    Geometry {
        /// Name of the cube.
        volume: String,
        /// Its shape.
        shape: [usize; 3],
        /// Shape of the labels' survey.
        labels: [usize; 3],
    },
    /// Labels exist, but not on sections of the planes that the job trains on.
    #[error("no {planes} is labelled")]
    #[diagnostic(help(
        "label one, or train on the plane that the labels lie on (`patch: {{plane: inline | crossline | both}}`)"
    ))]
    NoSections {
        /// `inline`, `crossline` or `inline or crossline`.
        planes: String,
    },
    /// A class of the job that no label names.
    #[error("class `{class}` has no label on the sections to train on")]
    #[diagnostic(help("label it, or take it out of `classes`"))]
    ClassWithoutLabels {
        /// Its name.
        class: String,
    },
    /// A class whose labels all fall outside the training part.
    #[error("class `{class}` has {labelled} labelled voxels, but the split leaves none of them for training")]
    #[diagnostic(help(
        "move the split (`offset` of stripes, the seed of blocks), or make its gaps and held-out parts smaller"
    ))]
    ClassWithoutTraining {
        /// Its name.
        class: String,
        /// Its labelled voxels.
        labelled: u64,
    },
    /// A held-out part that was asked for and came out empty.
    #[error("the split leaves no labelled voxel for {subset}")]
    #[diagnostic(help("move the split, or make its gaps smaller; a held-out part that is not wanted is set to 0"))]
    EmptySubset {
        /// `test` or `validation`.
        subset: &'static str,
    },
    /// A split that cannot be made.
    #[error("the split cannot be made: {reason}")]
    Split {
        /// What does not fit.
        reason: String,
    },
    /// An option of a sampler that has no meaning.
    #[error("`{option}` {reason}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// No place on any section holds enough labels for a crop.
    #[error(
        "no {crop} x {crop} crop is at least {wanted:.1} % labelled for training; the best place reaches {best:.1} %"
    )]
    #[diagnostic(help("lower `labelled_at_least` or `crop`, or train on patches"))]
    NoCrop {
        /// Side of the crop.
        crop: usize,
        /// Labelled part asked for, in per cent.
        wanted: f64,
        /// The largest found, in per cent.
        best: f64,
    },
}
