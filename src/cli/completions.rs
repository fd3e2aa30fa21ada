//! `facies completions`: the command line for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments;
use super::failure::Failure;
use super::printer::Printer;

/// Print a script that completes the command line in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies completions bash > ~/.local/share/bash-completion/completions/facies")]
pub(super) struct Arguments {
    /// Shell to complete in
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "facies", &mut script);
    Ok(printer.answer(String::from_utf8_lossy(&script).trim_end())?)
}
