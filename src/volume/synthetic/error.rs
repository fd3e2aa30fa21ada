//! What can go wrong with a synthetic cube.

use std::path::PathBuf;

/// Why a synthetic cube could not be made or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum SyntheticError {
    /// Too few to show the facies, or more than a file holds.
    #[error("{count} {what} were asked for; a synthetic cube has between {least} and {most}")]
    Size {
        /// `inlines`, `crosslines` or `samples`.
        what: &'static str,
        /// How many.
        count: usize,
        /// The smallest number.
        least: usize,
        /// The largest.
        most: usize,
    },
    /// An interval that SEG-Y headers cannot hold.
    #[error("a sample interval of {interval_ms} ms was asked for; it must be whole microseconds between 0.5 and 32 ms")]
    Interval {
        /// What was asked for, in ms.
        interval_ms: f64,
    },
    /// The labelled line lies outside.
    #[error("inline {number} is to be labelled, but the cube has inlines {first} to {last}")]
    LabelInline {
        /// The number asked for.
        number: i32,
        /// First inline.
        first: i32,
        /// Last inline.
        last: i32,
    },
    /// The path ends in no file name.
    #[error("{path} names no file; give a path that ends in a name such as cube.sgy")]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
    /// A SEG-Y file could not be written.
    #[error(transparent)]
    Segy(#[from] segy_rs::SegyError),
    /// Another file could not be written.
    #[error("cannot write {path}")]
    #[diagnostic(help("check that the folder exists, free space and permissions"))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}
