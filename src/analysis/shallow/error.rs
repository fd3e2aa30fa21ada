//! What can be wrong with a table of features.

use thiserror::Error;

/// Why no classifier can be fitted.
#[derive(Debug, Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ShallowError {
    /// Nothing to learn from.
    #[error("the table has {rows} rows and {features} features")]
    Empty {
        /// Rows.
        rows: usize,
        /// Features.
        features: usize,
    },
    /// As many classes as rows are needed.
    #[error("{rows} rows of features, but {classes} classes")]
    Lengths {
        /// Rows.
        rows: usize,
        /// Classes given.
        classes: usize,
    },
    /// A class out of range.
    #[error("row {row} has class {class}, there are {classes}")]
    Class {
        /// Row, from 0.
        row: usize,
        /// Its class.
        class: u8,
        /// Number of classes.
        classes: usize,
    },
    /// One class alone.
    #[error("all rows are of one class")]
    #[diagnostic(help("a classifier needs rows of at least two classes"))]
    OneClass,
    /// A feature that is no number.
    #[error("feature {feature} of row {row} is {value}")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Feature, from 0.
        feature: usize,
        /// Its value.
        value: f32,
    },
    /// The solver of the logistic regression failed.
    #[error("the logistic regression does not converge: {reason}")]
    Solver {
        /// What the solver says.
        reason: String,
    },
}
