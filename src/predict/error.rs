//! Why a prediction stopped.

use std::path::PathBuf;

use super::SinkError;
use crate::dataset::DatasetError;
use crate::network::NetworkError;
use crate::volume::VolumeError;

/// Why a cube could not be interpreted.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PredictError {
    /// The cube cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Volume(#[from] VolumeError),
    /// The labelled voxels cannot be walked over.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// The network cannot be applied.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// An output cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sink(#[from] SinkError),
    /// A finished section cannot be kept or taken up again.
    #[error("cannot keep a finished section in {path}")]
    #[diagnostic(help("check free space, file-size limits and permissions; the same command continues"))]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Asked to stop.
    #[error("interrupted after {finished} of {total} sections")]
    #[diagnostic(help("finished sections are kept; the same command continues"))]
    Interrupted {
        /// Sections finished, those of earlier runs included.
        finished: usize,
        /// Sections asked for.
        total: usize,
    },
}
