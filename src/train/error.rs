//! Why training stopped before its end.

use std::path::PathBuf;

use crate::dataset::DatasetError;
use crate::dataset::pictures::{PictureFolderError, UnreadablePicture};
use crate::network::NetworkError;

/// Why a model could not be trained.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum TrainError {
    /// The labelled voxels cannot be sampled as asked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// The pictures cannot be drawn from.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pictures(#[from] PictureFolderError),
    /// A picture cannot be read any more.
    #[error(transparent)]
    Picture(#[from] UnreadablePicture),
    /// The network cannot be trained.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// The validation share cannot be scored.
    #[error("cannot score the validation share")]
    Validation(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An observer could not keep its record.
    #[error("cannot write the training record")]
    #[diagnostic(help(
        "check free space, file-size limits and permissions; the same command continues from the last checkpoint"
    ))]
    Record(#[source] std::io::Error),
    /// The checkpoint belongs to a run with other settings or data, or of another device or number of threads, which
    /// would end with other weights.
    #[error("{path} was written with other settings, other data, or another device or number of threads")]
    #[diagnostic(help(
        "finish that run with its own job, `--device` and `--threads`, or start again with `--overwrite`"
    ))]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Asked to stop.
    #[error("interrupted after {step} of {steps} steps")]
    #[diagnostic(help("the work is kept; the same command continues"))]
    Interrupted {
        /// Steps done.
        step: u64,
        /// Steps in all.
        steps: u64,
    },
}
