//! Why a prediction stopped.

use std::path::PathBuf;

use super::SinkError;
use crate::dataset::DatasetError;
use crate::dataset::pictures::PictureFolderError;
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
    /// The memory budget is too small.
    #[error(
        "{workers} workers need {} of memory for the smallest tile or batch, the budget is {}",
        iec(*needed),
        iec(*budget)
    )]
    #[diagnostic(help(
        "give `prediction.memory` at least that, leave it out, or use fewer workers (`--threads`); a smaller `prediction.window` helps as well"
    ))]
    Budget {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        budget: u64,
        /// Sections computed at a time.
        workers: usize,
    },
    /// Pictures cannot be brought to the size that a network sees.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pictures(#[from] PictureFolderError),
    /// Bottlenecks of another network.
    #[error("{path} holds bottlenecks of {theirs} with other weights, classes or size of pictures, not of this {ours}")]
    #[diagnostic(help("choose another name, or make them anew with `--overwrite`"))]
    OtherBottlenecks {
        /// The file.
        path: PathBuf,
        /// Its network.
        theirs: &'static str,
        /// The network asked for.
        ours: &'static str,
    },
    /// Asked to stop among pictures.
    #[error("interrupted after {done} of {of} pictures")]
    #[diagnostic(help("the same command continues or, where nothing is kept, begins anew"))]
    PicturesInterrupted {
        /// Pictures done.
        done: usize,
        /// Pictures in all.
        of: usize,
    },
    /// Values asked for that the passes with dropout, as they are asked for, cannot give.
    #[error("{reason}")]
    Passes {
        /// Why not.
        reason: &'static str,
    },
    /// Asked to stop while labelled voxels were scored.
    #[error("interrupted while labelled voxels were scored")]
    #[diagnostic(help("the model is kept; the same command scores them anew"))]
    ScoringInterrupted,
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

fn iec(bytes: u64) -> impl std::fmt::Display {
    bytesize::ByteSize(bytes).display().iec()
}
