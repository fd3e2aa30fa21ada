//! `facies run`.

use super::carry_out;
use super::failure::Failure;
use super::printer::Printer;
use crate::job::Work;

/// Train, evaluate, predict and write the report; continues where an interrupted run stopped
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies run configs/demo.yaml")]
pub(super) struct Arguments {
    #[command(flatten)]
    inner: carry_out::Arguments,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    carry_out::run(&arguments.inner, Work::Run, threads, printer)
}
