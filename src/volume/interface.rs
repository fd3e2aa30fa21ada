//! The contract of a cube, and what can go wrong with one.

use std::path::PathBuf;

use ndarray::ArrayViewMut2;

use crate::grid::{Geometry, Plane, Section};

/// A cube of amplitudes `[inline, crossline, sample]`, read section by section from any number of threads.
///
/// Values are as recorded. Traces that the survey lacks read as 0, non-finite samples as they are;
/// [`AmplitudeScaling::apply`](super::AmplitudeScaling::apply) turns both into 0.
pub trait Volume: Send + Sync {
    /// Axes and map position.
    fn geometry(&self) -> &Geometry;

    /// What the cube is called in messages: the path of its file, or `memory`.
    fn name(&self) -> String;

    /// Whether the survey has a trace at this grid position.
    fn has_trace(&self, inline_index: usize, crossline_index: usize) -> bool;

    /// Reads a section into `out`, shape `[trace, sample]`.
    ///
    /// # Errors
    /// When the section lies outside the cube, `out` has another shape, or the file cannot be read.
    fn read_section(&self, section: Section, out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError>;

    /// Reads the values of sample `sample` into `out`, shape `[inline, crossline]`.
    ///
    /// # Errors
    /// As [`Volume::read_section`].
    fn read_time_slice(&self, sample: usize, out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError>;

    /// The plane whose sections lie together in storage; whole-cube passes walk along it.
    fn storage_plane(&self) -> Plane {
        Plane::Inline
    }

    /// The SEG-Y file behind the cube, whose headers an exported file copies.
    fn segy(&self) -> Option<&segy_rs::SegyFile> {
        None
    }
}

/// Why a cube could not be opened or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum VolumeError {
    /// The SEG-Y file is at fault.
    #[error(transparent)]
    Segy(#[from] segy_rs::SegyError),
    /// Asked for a line or sample that the cube does not hold.
    #[error("{what} index {index} lies outside the cube, which has {count}")]
    OutOfRange {
        /// `inline`, `crossline` or `sample`.
        what: &'static str,
        /// The index asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// The caller's buffer does not fit the section.
    #[error("a buffer of {actual:?} was given for values of shape {expected:?}")]
    Shape {
        /// Shape of what is read.
        expected: [usize; 2],
        /// Shape of the buffer.
        actual: [usize; 2],
    },
    /// The values of a cube do not fit its axes.
    #[error("values of shape {actual:?} were given for axes of {expected:?}")]
    CubeShape {
        /// `[inlines, crosslines, samples]` of the axes.
        expected: [usize; 3],
        /// Shape of the values.
        actual: [usize; 3],
    },
    /// Nothing to learn from: all finite values are equal, or there is none.
    #[error("{volume} holds no signal: every sample is {value}")]
    #[diagnostic(help("check the file with `facies inspect`; the sample format may be declared wrongly"))]
    NoSignal {
        /// Name of the cube.
        volume: String,
        /// The one value that it holds; `not a number` when it holds no finite one.
        value: String,
    },
    /// A percentile that is none.
    #[error("{percentile} is no percentile of |amplitude|")]
    #[diagnostic(help("give `clip: {{ percentile: P }}` with 0 < P <= 100"))]
    Percentile {
        /// What was asked for.
        percentile: f64,
    },
    /// More samples are zero than the clip percentile leaves out.
    #[error("percentile {percentile} of |amplitude| in {volume} is zero, so every amplitude would be clipped away")]
    #[diagnostic(help("raise the percentile, or give the bounds as `clip: [low, high]`"))]
    ClippedAway {
        /// Name of the cube.
        volume: String,
        /// What was asked for.
        percentile: f64,
    },
    /// Clip bounds that enclose nothing.
    #[error("clip bounds {low} to {high} enclose no range")]
    #[diagnostic(help("give `clip: [low, high]` with low < high"))]
    ClipBounds {
        /// Lower bound.
        low: f32,
        /// Upper bound.
        high: f32,
    },
    /// A volume that shall be a channel does not lie on the grid of the cube.
    #[error("{attribute} has {axis} {actual}, {cube} {expected}")]
    #[diagnostic(help("all volumes of one input have the same lines and samples; cut or resample this one"))]
    OtherGrid {
        /// `inlines`, `crosslines` or `samples`.
        axis: &'static str,
        /// Name of the cube.
        cube: String,
        /// Its axis, in words.
        expected: String,
        /// Name of the other volume.
        attribute: String,
        /// Its axis, in words.
        actual: String,
    },
    /// A channel that a network was trained with is not there.
    #[error("the network wants an attribute `{name}` beside {volume}; given are: {}", if given.is_empty() { "none".to_owned() } else { given.join(", ") })]
    #[diagnostic(help("name its volume under `attributes` of the `input`"))]
    NoAttribute {
        /// What the job that trained it called it.
        name: String,
        /// Name of the cube.
        volume: String,
        /// What is there.
        given: Vec<String>,
    },
    /// A file that is read beside the cube is at fault.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// Refuses a section outside the cube and a buffer of another shape than the section's.
pub(super) fn check_section(geometry: &Geometry, section: Section, buffer: (usize, usize)) -> Result<(), VolumeError> {
    let count = geometry.section_axis(section.plane).count;
    if section.index >= count {
        return Err(VolumeError::OutOfRange { what: section.plane.name(), index: section.index, count });
    }
    check_shape(geometry.section_shape(section.plane), buffer)
}

/// As [`check_section`], for the slice at one sample.
pub(super) fn check_time_slice(geometry: &Geometry, sample: usize, buffer: (usize, usize)) -> Result<(), VolumeError> {
    let [inlines, crosslines, samples] = geometry.shape();
    if sample >= samples {
        return Err(VolumeError::OutOfRange { what: "sample", index: sample, count: samples });
    }
    check_shape([inlines, crosslines], buffer)
}

fn check_shape(expected: [usize; 2], buffer: (usize, usize)) -> Result<(), VolumeError> {
    let actual = [buffer.0, buffer.1];
    if actual == expected { Ok(()) } else { Err(VolumeError::Shape { expected, actual }) }
}
