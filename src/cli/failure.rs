//! Errors to words and exit codes.

use std::error::Error;
use std::io;

use miette::Diagnostic;

use super::printer::Printer;
use super::{FAILED, INTERRUPTED, UNAVAILABLE, UNREADABLE, USAGE};
use crate::dataset::DatasetError;
use crate::dataset::pictures::PictureFolderError;
use crate::job::{JobError, Place, Problem, RunError};
use crate::network::NetworkError;
use crate::predict::PredictError;
use crate::train::TrainError;
use crate::volume::VolumeError;
use crate::volume::synthetic::SyntheticError;

/// Longest line of a job that is shown beside a message, in characters.
const LONGEST_LINE: usize = 160;

const OUT_OF_SPACE: &str = "free some space on the disk, or raise the file-size limit (`ulimit -f`)";

/// Why a subcommand did not do what it was asked to.
#[derive(Debug)]
pub(super) struct Failure {
    exit_code: u8,
    error: Box<dyn Diagnostic + Send + Sync>,
    /// What is wrong with a job, and its lines.
    problems: Option<(String, Vec<Problem>)>,
}

impl Failure {
    /// A failure of the given kind.
    pub(super) fn new(exit_code: u8, error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { exit_code, error: Box::new(error), problems: None }
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Prints what went wrong, where, why, and what to do.
    pub(super) fn print(&self, printer: &Printer) {
        match &self.problems {
            Some((text, problems)) => {
                for (line, problem) in self.error.to_string().lines().zip(problems) {
                    printer.error(line);
                    print_line(text, &problem.place, printer);
                    if let Some(help) = &problem.help {
                        printer.help(help);
                    }
                }
            }
            None => {
                printer.error(&self.error);
                print_causes(&*self.error, printer);
                match self.error.help() {
                    Some(help) => printer.help(help),
                    None if is_out_of_space(&*self.error) => printer.help(OUT_OF_SPACE),
                    None => {}
                }
            }
        }
    }
}

/// Shows the line of a job that a message is about, with a mark under its place.
fn print_line(text: &str, place: &Place, printer: &Printer) {
    let Place::File { line, column } = place else { return };
    let Some(shown) = usize::try_from(*line).ok().and_then(|line| text.lines().nth(line.checked_sub(1)?)) else {
        return;
    };
    if shown.chars().count() <= LONGEST_LINE && !shown.chars().any(|c| c.is_control()) {
        let mark = usize::try_from(*column).unwrap_or(1);
        printer.log(format_args!("{line:>5} | {shown}"));
        printer.log(format_args!("{:>5} | {:>mark$}", "", "^"));
    }
}

/// Whether the disk, or what one file may take of it, is at its end.
fn is_out_of_space(error: &dyn Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded) = kind {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Prints what is behind an error, unless the error said so itself.
fn print_causes(error: &dyn Error, printer: &Printer) {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            printer.log(format_args!("  because {text}"));
            told = text;
        }
        cause = error.source();
    }
}

/// An error of the system outside any room.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot {action}")]
pub(super) struct SystemError {
    /// `write to standard output`.
    pub(super) action: &'static str,
    #[source]
    pub(super) source: io::Error,
}

/// Words on the command line that mean nothing together.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(help("{help}"))]
pub(super) struct UsageError {
    pub(super) message: String,
    pub(super) help: String,
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Self::new(FAILED, SystemError { action: "write to standard output", source })
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::new(USAGE, error)
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        let exit_code = if matches!(error, JobError::Write { .. }) { FAILED } else { USAGE };
        let problems = match &error {
            JobError::Refused { text, problems, .. } => Some((text.clone(), problems.clone())),
            _ => None,
        };
        Self { exit_code, error: Box::new(error), problems }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Job(error) => error.into(),
            error => Self::new(exit_code(&error), error),
        }
    }
}

impl From<VolumeError> for Failure {
    fn from(error: VolumeError) -> Self {
        Self::new(UNREADABLE, error)
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        Self::new(of_network(&error), error)
    }
}

impl From<PictureFolderError> for Failure {
    fn from(error: PictureFolderError) -> Self {
        Self::new(of_pictures(&error), error)
    }
}

impl From<SyntheticError> for Failure {
    fn from(error: SyntheticError) -> Self {
        let exit_code = match error {
            SyntheticError::Segy(_) | SyntheticError::Io { .. } => FAILED,
            _ => USAGE,
        };
        Self::new(exit_code, error)
    }
}

fn exit_code(error: &RunError) -> u8 {
    match error {
        error if error.is_interruption() => INTERRUPTED,
        RunError::Volume(_) | RunError::Labels(_) | RunError::ChangedModel { .. } => UNREADABLE,
        RunError::Dataset(error)
        | RunError::Train(TrainError::Dataset(error))
        | RunError::Predict(PredictError::Dataset(error)) => of_dataset(error),
        RunError::Network(error)
        | RunError::Train(TrainError::Network(error))
        | RunError::Predict(PredictError::Network(error)) => of_network(error),
        RunError::Pictures(error)
        | RunError::Train(TrainError::Pictures(error))
        | RunError::Predict(PredictError::Pictures(error)) => of_pictures(error),
        RunError::Picture(_)
        | RunError::Train(TrainError::Picture(_))
        | RunError::NoPictures { .. }
        | RunError::UnfinishedBottlenecks { .. }
        | RunError::ClassWithoutPictures { .. } => UNREADABLE,
        RunError::Predict(PredictError::Volume(_)) => UNREADABLE,
        RunError::Job(_)
        | RunError::Classes(_)
        | RunError::Train(TrainError::OtherRun { .. })
        | RunError::NotAFolder { .. }
        | RunError::ForeignFolder { .. }
        | RunError::OtherRun { .. }
        | RunError::RunInTheWay { .. }
        | RunError::FoldsInTheWay { .. }
        | RunError::OtherUnfinished { .. }
        | RunError::Shallow(_)
        | RunError::Predict(PredictError::Budget { .. } | PredictError::OtherBottlenecks { .. })
        | RunError::UnknownClass { .. }
        | RunError::NoTruth { .. }
        | RunError::NoSuchName { .. }
        | RunError::NoSuchVoxel { .. }
        | RunError::NoModel { .. } => USAGE,
        _ => FAILED,
    }
}

fn of_pictures(error: &PictureFolderError) -> u8 {
    match error {
        PictureFolderError::Write { .. } => FAILED,
        PictureFolderError::Split { .. }
        | PictureFolderError::Option { .. }
        | PictureFolderError::Exists { .. }
        | PictureFolderError::NoFolder { .. } => USAGE,
        _ => UNREADABLE,
    }
}

/// Labels that cannot be read are bad data; labels that cannot be divided as asked are a wrong job.
fn of_dataset(error: &DatasetError) -> u8 {
    if matches!(error, DatasetError::Volume(_)) { UNREADABLE } else { USAGE }
}

fn of_network(error: &NetworkError) -> u8 {
    match error {
        NetworkError::DeviceMissing { .. } | NetworkError::Precision { .. } => UNAVAILABLE,
        NetworkError::Io { .. }
        | NetworkError::Safetensors { .. }
        | NetworkError::UnreadableWeights { .. }
        | NetworkError::WrongWeights { .. }
        | NetworkError::OtherModel { .. }
        | NetworkError::WrongChecksum { .. }
        | NetworkError::NotBottlenecks { .. }
        | NetworkError::NotAModel { .. } => UNREADABLE,
        NetworkError::DeviceName { .. }
        | NetworkError::UnknownCut { .. }
        | NetworkError::PatchTooSmall { .. }
        | NetworkError::PictureTooSmall { .. }
        | NetworkError::NoDenseForm
        | NetworkError::NoDropout
        | NetworkError::UnknownLayer { .. }
        | NetworkError::NoPatchForm
        | NetworkError::DecoderDepth { .. }
        | NetworkError::Freeze { .. } => USAGE,
        _ => FAILED,
    }
}
