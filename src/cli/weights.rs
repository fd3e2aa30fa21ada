//! `facies weights`: pretrained weights that networks take.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Failure, UsageError};
use super::printer::Printer;
use crate::network::{NetworkError, Pretrained, known_weights};

/// Pretrained weights: what networks take, and where it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  facies weights list\n  facies weights import vgg16-397923af.pth")]
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
    /// Take what a network needs out of a file that others published: PyTorch (.pth) or safetensors
    #[command(after_help = "Example:\n  facies weights import vgg16-397923af.pth\n\nwrites \
                            ${FACIES_DATA}/weights/vgg16_conv.safetensors, as the shipped jobs expect it. The file is torchvision's: \
                            https://download.pytorch.org/models/vgg16-397923af.pth")]
    Import {
        /// File of weights
        file: PathBuf,
        /// File to write; ${FACIES_DATA}/weights/NAME if not given
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace a file that is there
        #[arg(long)]
        overwrite: bool,
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
    match &arguments.action {
        Action::List { json } => list(*json, printer),
        Action::Import { file, output, overwrite } => import(file, output.as_deref(), *overwrite, printer),
    }
}

fn list(json: bool, printer: &Printer) -> Result<(), Failure> {
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

fn import(file: &Path, output: Option<&Path>, overwrite: bool, printer: &Printer) -> Result<(), Failure> {
    let target = match (output, weights_folder()) {
        (Some(output), _) => output.to_owned(),
        (None, Some(folder)) => folder.join(known_weights()[0].file),
        (None, None) => {
            return Err(UsageError {
                message: "FACIES_DATA is not set, so there is no place for weights".to_owned(),
                help: "set it (`export FACIES_DATA=...`), or name a file with `--output`".to_owned(),
            }
            .into());
        }
    };
    if target.exists() && !overwrite {
        return Err(UsageError {
            message: format!("{} is there already", target.display()),
            help: "name another file with `--output`, or replace it with `--overwrite`".to_owned(),
        }
        .into());
    }
    let pretrained = Pretrained::read(file)?;
    if let Some(folder) = target.parent() {
        let failed = |source| NetworkError::Write { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let (known, report) = pretrained.import(&target)?;
    printer.note(format_args!("{}: {report}", known.network));
    Ok(printer.answer(target.display())?)
}

/// Where shipped jobs look for weights.
fn weights_folder() -> Option<PathBuf> {
    std::env::var_os("FACIES_DATA").map(|data| Path::new(&data).join("weights"))
}

/// The files that networks take, with the path of those that lie in `${FACIES_DATA}/weights`.
pub(super) fn find_weights() -> Vec<FoundWeights> {
    let folder = weights_folder();
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
