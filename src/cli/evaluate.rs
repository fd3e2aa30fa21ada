//! `facies evaluate`.

use super::carry_out;
use super::failure::Failure;
use super::printer::Printer;
use crate::job::Work;

/// Score a trained model on the labelled sections of its job
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies evaluate my-job.yaml --json")]
pub(super) struct Arguments {
    #[command(flatten)]
    inner: carry_out::Arguments,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    carry_out::run(&arguments.inner, Work::Evaluate, threads, printer)
}
