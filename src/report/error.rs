//! Why something for people could not be written.

use std::path::{Path, PathBuf};

/// Why a table, figure or report could not be written or read back.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ReportError {
    /// The system refused to write.
    #[error("cannot write {path}")]
    #[diagnostic(help("check free space, file-size limits and permissions, then run the same command again"))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The system refused to read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A `history.csv` of another layout.
    #[error("{path} is no training history")]
    #[diagnostic(help(
        "its first line names the columns, as in the history.csv of any other run; train again to make it anew"
    ))]
    History {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        #[source]
        source: csv::Error,
    },
    /// A `metrics.json` of another layout.
    #[error("{path} holds no metrics")]
    #[diagnostic(help("run `facies evaluate` to make it anew"))]
    Metrics {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// Arrays of one figure that do not cover the same voxels.
    #[error("{what} of shape {actual:?} was given for a figure of shape {expected:?}")]
    Shape {
        /// `labels`, `prediction`, ...
        what: &'static str,
        /// Shape that the axes give.
        expected: [usize; 2],
        /// Shape of the array.
        actual: [usize; 2],
    },
    /// A figure without extent, or with more than fits into memory.
    #[error("a figure of {width} x {height} pixels cannot be drawn")]
    Size {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// The PNG encoder refused.
    #[error("cannot encode a figure as PNG")]
    Png(#[from] png::EncodingError),
    /// Nothing to draw.
    #[error("there is nothing to draw: {reason}")]
    Empty {
        /// `the training history is empty`, ...
        reason: &'static str,
    },
}

impl ReportError {
    pub(super) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::Write { path: path.to_owned(), source }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::Read { path: path.to_owned(), source }
    }
}
