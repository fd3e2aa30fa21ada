//! `facies images`: folders of pictures, one sub-folder for each class.

mod split;
mod synth;

use super::failure::Failure;
use super::printer::Printer;

/// Folders of pictures, one sub-folder for each class
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies images split photographs --validation 10 --test 10")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Split(split::Arguments),
    Synth(synth::Arguments),
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    match &arguments.action {
        Action::Split(arguments) => split::run(arguments, printer),
        Action::Synth(arguments) => synth::run(arguments, printer),
    }
}
