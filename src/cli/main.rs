//! From the command line to a subcommand, and from its result to an exit code.

use std::process::ExitCode;

use clap::Parser;

use super::arguments::{Arguments, Command};
use super::failure::Failure;
use super::interruption::survive_file_size_limit;
use super::printer::Printer;
use super::{
    DONE, baseline, batch, completions, doctor, evaluate, explain, images, inspect, labels, predict, run, schema,
    synth, train, weights,
};

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    survive_file_size_limit();
    let printer = Printer::new(arguments.common.quiet, arguments.common.verbose);
    match dispatch(arguments, &printer) {
        Ok(()) => ExitCode::from(DONE),
        Err(failure) => {
            failure.print(&printer);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(Arguments { common, command }: Arguments, printer: &Printer) -> Result<(), Failure> {
    let threads = common.threads.map(usize::from);
    if let Some(threads) = threads {
        // Fails only when the pool exists already, and nothing has run yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    match command {
        Command::Run(arguments) => run::run(&arguments, threads, printer),
        Command::Train(arguments) => train::run(&arguments, threads, printer),
        Command::Evaluate(arguments) => evaluate::run(&arguments, threads, printer),
        Command::Predict(arguments) => predict::run(&arguments, threads, printer),
        Command::Batch(arguments) => batch::run(&arguments, threads, printer),
        Command::Baseline(arguments) => baseline::run(&arguments, printer),
        Command::Explain(arguments) => explain::run(&arguments, threads, printer),
        Command::Labels(arguments) => labels::run(&arguments, printer),
        Command::Synth(arguments) => synth::run(&arguments, printer),
        Command::Images(arguments) => images::run(&arguments, threads, printer),
        Command::Inspect(arguments) => inspect::run(&arguments, printer),
        Command::Weights(arguments) => weights::run(&arguments, printer),
        Command::Schema(arguments) => schema::run(&arguments, printer),
        Command::Doctor(arguments) => doctor::run(&arguments, threads, printer),
        Command::Completions(arguments) => completions::run(&arguments, printer),
    }
}
