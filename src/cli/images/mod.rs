//! `facies images`: folders of pictures, one sub-folder for each class.

mod classify;
mod explain;
mod features;
mod split;
mod synth;
mod train;

use super::failure::Failure;
use super::patience::wait_asleep;
use super::printer::Printer;
use crate::job::schema::is_plain_name;

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
    Features(features::Arguments),
    Train(train::Arguments),
    Classify(classify::Arguments),
    Explain(explain::Arguments),
    Synth(synth::Arguments),
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    if !matches!(arguments.action, Action::Split(_) | Action::Synth(_)) {
        wait_asleep();
    }
    match &arguments.action {
        Action::Split(arguments) => split::run(arguments, printer),
        Action::Features(arguments) => features::run(arguments, threads, printer),
        Action::Train(arguments) => train::run(arguments, threads, printer),
        Action::Classify(arguments) => classify::run(arguments, threads, printer),
        Action::Explain(arguments) => explain::run(arguments, threads, printer),
        Action::Synth(arguments) => synth::run(arguments, printer),
    }
}

/// A name of one file, as the names of jobs are.
pub(super) fn plain_name(text: &str) -> Result<String, String> {
    if !text.is_empty() && is_plain_name(text) {
        Ok(text.to_owned())
    } else {
        Err("up to 200 letters, digits, `-`, `_` and `.`, and a letter or digit first".into())
    }
}
