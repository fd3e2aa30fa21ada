//! Where interpreted sections go.

use std::path::PathBuf;

use ndarray::{Array2, Array3};

use super::Uncertainty;
use crate::grid::Section;

/// One interpreted section. Arrays are `[trace, sample]`, probabilities `[class, trace, sample]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedSection {
    /// Which inline or crossline.
    pub section: Section,
    /// Class codes 0..K-1; [`UNLABELLED`](crate::grid::UNLABELLED) on dead and missing traces.
    pub codes: Array2<u8>,
    /// Probability of the chosen class, where asked for; 0 on dead and missing traces.
    pub confidence: Option<Array2<f32>>,
    /// Probability of every class, where asked for; 0 on dead and missing traces.
    pub probability: Option<Array3<f32>>,
    /// How unsure the class is, in ascending order, where asked for; 0 on dead and missing traces.
    pub uncertainty: Vec<(Uncertainty, Array2<f32>)>,
}

impl PredictedSection {
    /// One of its values that tell how unsure the class is.
    pub fn uncertainty(&self, which: Uncertainty) -> Option<&Array2<f32>> {
        self.uncertainty.iter().find(|(own, _)| *own == which).map(|(_, values)| values)
    }
}

/// Takes interpreted sections, each once and in ascending order, and makes an output of them.
///
/// Until [`SectionSink::finish`] returns, nothing stands under the output's final name. Sections that never
/// arrive are "no class".
pub trait SectionSink: Send {
    /// Takes one section.
    ///
    /// # Errors
    /// When it cannot be written (full disk, for one) or does not fit what the sink was made for.
    fn write(&mut self, section: &PredictedSection) -> Result<(), SinkError>;

    /// Completes the output and gives it its final name; returns the finished files.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be renamed.
    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError>;
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SinkError {
    /// The system refused.
    #[error("cannot write {path}")]
    #[diagnostic(help(
        "check free space, file-size limits and permissions; finished sections are kept, so the same command continues"
    ))]
    Io {
        /// The output.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The HDF5 library refused.
    #[error("cannot write {path}: {message}")]
    #[diagnostic(help(
        "check free space, file-size limits and permissions; finished sections are kept, so the same command continues"
    ))]
    Hdf5 {
        /// The output.
        path: PathBuf,
        /// The library's words.
        message: String,
    },
    /// The SEG-Y writer refused.
    #[error(transparent)]
    Segy(#[from] segy_rs::SegyError),
    /// A section of another plane, shape or content than the sink was made for.
    #[error("section {section:?} does not fit the output: {reason}")]
    Mismatch {
        /// The section.
        section: Section,
        /// What differs.
        reason: &'static str,
    },
}
