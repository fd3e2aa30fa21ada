//! Why a job is refused.

use std::fmt;
use std::path::PathBuf;

use super::document::OverrideError;

/// Where in a job something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file; both count from 1.
    File {
        /// Line.
        line: u64,
        /// Character of the line.
        column: u64,
    },
    /// In a `--set` argument.
    Set {
        /// `path.to.key=value`.
        argument: String,
    },
}

/// One thing that is wrong with a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is wrong.
    pub place: Place,
    /// The key it is about, `training.form.dense`; empty for the whole job.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do, where that is not plain from the message.
    pub help: Option<String>,
}

/// Why a job cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum JobError {
    /// The file cannot be read.
    #[error("cannot read the job {path}")]
    #[diagnostic(help("give the path of a job file (YAML); `configs/` holds some to start from"))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is far longer than any job.
    #[error("{path} has {bytes} bytes, far more than a job; is it the right file?")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The file is no text.
    #[error("{path} is no text in UTF-8; is it the right file?")]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// A `--set` argument cannot be applied.
    #[error("`--set {argument}`")]
    #[diagnostic(help("write it as `--set path.to.key=value`, for example `--set training.steps=20`"))]
    Set {
        /// The argument.
        argument: String,
        /// What is wrong with it.
        #[source]
        source: OverrideError,
    },
    /// A `--set` argument for what the batch itself sets.
    #[error("`--set {argument}` changes what the batch gives each run: `{key}`")]
    #[diagnostic(help("change it in the batch file; the runs would otherwise be equal under different names"))]
    SetOfBatch {
        /// The argument.
        argument: String,
        /// Its key.
        key: String,
    },
    /// The job says something that it may not say.
    #[error("{}", Problems { path, problems })]
    Refused {
        /// The job file.
        path: PathBuf,
        /// Its lines, to show those at fault.
        text: String,
        /// All that was found wrong, at least one.
        problems: Vec<Problem>,
    },
    /// The job cannot be written back.
    #[error("the job cannot be written as YAML: {reason}")]
    Write {
        /// The reason.
        reason: String,
    },
}

/// A list of problems for people, one line each.
struct Problems<'a> {
    path: &'a std::path::Path,
    problems: &'a [Problem],
}

impl fmt::Display for Problems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            match &problem.place {
                Place::File { line, column } => write!(f, "{}:{line}:{column}: ", self.path.display())?,
                Place::Set { argument } => write!(f, "`--set {argument}`: ")?,
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
