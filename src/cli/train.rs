//! `facies train`.

use super::carry_out;
use super::failure::Failure;
use super::printer::Printer;
use crate::job::Work;

/// Train a model on the labelled sections of a job
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies train my-job.yaml --set training.steps=20")]
pub(super) struct Arguments {
    #[command(flatten)]
    inner: carry_out::Arguments,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    carry_out::run(&arguments.inner, Work::Train, threads, printer)
}
