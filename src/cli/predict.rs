//! `facies predict`.

use super::carry_out;
use super::failure::Failure;
use super::printer::Printer;
use crate::job::Work;

/// Interpret cubes with the trained model of a job
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies predict my-job.yaml --set 'prediction.inlines={first: 100, last: 120}'")]
pub(super) struct Arguments {
    #[command(flatten)]
    inner: carry_out::Arguments,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    carry_out::run(&arguments.inner, Work::Predict, threads, printer)
}
