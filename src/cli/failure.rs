//! Errors to words and exit codes.

use std::error::Error;
use std::io;

use miette::Diagnostic;

use super::printer::Printer;
use super::{FAILED, UNREADABLE, USAGE};
use crate::job::{JobError, Place, Problem};
use crate::volume::VolumeError;

/// Longest line of a job that is shown beside a message, in characters.
const LONGEST_LINE: usize = 160;

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
                if let Some(help) = self.error.help() {
                    printer.help(help);
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

impl From<VolumeError> for Failure {
    fn from(error: VolumeError) -> Self {
        Self::new(UNREADABLE, error)
    }
}
