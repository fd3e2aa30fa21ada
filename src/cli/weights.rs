//! `facies weights`: pretrained weights that networks take.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::Failure;
use super::printer::Printer;
use crate::network::known_weights;

/// Pretrained weights: what networks take, and where it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies weights list")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the files that networks take, and which of them lie in ${FACIES_DATA}/weights
    #[command(after_help = "Example:\n  facies weights list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// A file of weights that a network takes.
#[derive(Debug, Serialize)]
pub(super) struct FoundWeights {
    network: &'static str,
    file: &'static str,
    bytes: u64,
    origin: &'static str,
    path: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let Action::List { json } = arguments.action;
    let found = find_weights();
    if json {
        printer.answer_json(&found)?;
    } else {
        for weights in found {
            printer.answer(format_args!("{weights}\n  {}", weights.origin))?;
        }
    }
    Ok(())
}

/// The files that networks take, with the path of those that lie in `${FACIES_DATA}/weights`.
pub(super) fn find_weights() -> Vec<FoundWeights> {
    let folder = std::env::var_os("FACIES_DATA").map(|data| Path::new(&data).join("weights"));
    known_weights()
        .iter()
        .map(|known| {
            let path = folder.as_ref().map(|folder| folder.join(known.file)).filter(|path| path.is_file());
            FoundWeights { network: known.network, file: known.file, bytes: known.bytes, origin: known.origin, path }
        })
        .collect()
}

impl fmt::Display for FoundWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, ", self.network, self.file)?;
        match &self.path {
            Some(path) => write!(f, "at {}", path.display()),
            None => write!(f, "not in ${{FACIES_DATA}}/weights"),
        }
    }
}
