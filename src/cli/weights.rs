//! `facies weights`: pretrained weights that networks take.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::failure::{Failure, UsageError};
use super::printer::Printer;
use super::table::Table;
use crate::network::{
    Backbone, Checksum, ImportReport, KnownWeights, NetworkError, Pretrained, Size, download, known_weights,
};

/// Pretrained weights: what networks take, and where it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  facies weights list\n  facies weights import vgg16-397923af.pth")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the files that networks take, their addresses, and which of them lie in ${FACIES_DATA}/weights
    #[command(after_help = "Example:\n  facies weights list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take what a network needs out of a file that others published: PyTorch (.pth), safetensors or Keras (.h5)
    #[command(
        after_help = "Examples:\n  facies weights import vgg16-397923af.pth\n  facies weights import resnet50.h5 \
                            --network resnet50_keras --dry-run\n  facies weights import resnet18\n\n\
                            writes ${FACIES_DATA}/weights/NETWORK.safetensors (vgg16_conv.safetensors for VGG16), as jobs \
                            name it. A name of `facies weights list` in place of a file fetches that file first and keeps it \
                            beside."
    )]
    Import {
        /// File of weights, or a network or file name of `facies weights list`, which is fetched
        #[arg(value_name = "FILE|NAME")]
        source: PathBuf,
        /// Network that shall take it; told from the tensors if not given
        #[arg(long, value_name = "NAME")]
        network: Option<Backbone>,
        /// Only say what of the file fits
        #[arg(long)]
        dry_run: bool,
        /// File to write; ${FACIES_DATA}/weights/NETWORK.safetensors if not given
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
    address: Option<String>,
    /// Where counted.
    bytes: Option<u64>,
    /// Where published, to three digits.
    mebibytes: Option<f64>,
    sha256: Option<&'static str>,
    /// The first digits, where no more are known.
    sha256_start: Option<&'static str>,
    md5: Option<&'static str>,
    licence: &'static str,
    origin: &'static str,
    path: Option<PathBuf>,
    #[serde(skip)]
    known: &'static KnownWeights,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    match &arguments.action {
        Action::List { json } => list(*json, printer),
        Action::Import { source, network, dry_run, output, overwrite } => {
            let import = Import { source, network: *network, output: output.as_deref(), overwrite: *overwrite };
            if *dry_run { import.look(printer) } else { import.run(printer) }
        }
    }
}

fn list(json: bool, printer: &Printer) -> Result<(), Failure> {
    let found = find_weights();
    if json {
        return Ok(printer.answer_json(&found)?);
    }
    let mut table = Table::new(["network", "file", "size", "licence", "in ${FACIES_DATA}/weights"]);
    for weights in &found {
        table.add([
            weights.network.to_owned(),
            weights.file.to_owned(),
            weights.known.size.to_string(),
            weights.licence.to_owned(),
            if weights.is_there() { "there" } else { "not there" }.to_owned(),
        ]);
    }
    printer.answer(table)?;
    printer.answer("\nAddresses and checksums:")?;
    for weights in &found {
        match &weights.address {
            Some(address) => printer.answer(format_args!("  {address}"))?,
            None => printer.answer(format_args!("  {}: {}", weights.file, weights.origin))?,
        }
        if weights.known.checksum != Checksum::Unknown {
            printer.answer(format_args!("    {}", weights.known.checksum))?;
        }
    }
    Ok(())
}

struct Import<'a> {
    source: &'a Path,
    network: Option<Backbone>,
    output: Option<&'a Path>,
    overwrite: bool,
}

impl Import<'_> {
    /// Says what fits, and writes nothing.
    fn look(&self, printer: &Printer) -> Result<(), Failure> {
        let pretrained = Pretrained::read(self.source)?;
        let network = self.network.map_or_else(|| pretrained.network(), Ok)?;
        let report = pretrained.report_for(network)?;
        printer.answer(Details { network, report: &report })?;
        pretrained.check(network)?;
        Ok(())
    }

    fn run(&self, printer: &Printer) -> Result<(), Failure> {
        let folder = match (self.output, weights_folder()) {
            (Some(_), folder) => folder,
            (None, Some(folder)) => Some(folder),
            (None, None) => return Err(no_folder().into()),
        };
        if let Some(output) = self.output {
            self.may_write(output)?;
        }
        let file = match self.known() {
            Some(known) => fetched(known, &folder.clone().ok_or_else(no_folder)?, printer)?,
            None => self.source.to_owned(),
        };
        let pretrained = Pretrained::read(&file)?;
        let network = self.network.map_or_else(|| pretrained.network(), Ok)?;
        let target = match (self.output, folder) {
            (Some(output), _) => output.to_owned(),
            (None, folder) => folder.ok_or_else(no_folder)?.join(imported_name(network)),
        };
        self.may_write(&target)?;
        if let Some(folder) = target.parent() {
            make_folder(folder)?;
        }
        let report = pretrained.import(network, &target)?;
        printer.note(format_args!("{network}: {report}"));
        Ok(printer.answer(target.display())?)
    }

    /// The known file that `source` names, if it is no file.
    fn known(&self) -> Option<&'static KnownWeights> {
        if self.source.exists() {
            return None;
        }
        let is_meant = |known: &&KnownWeights| {
            self.source == Path::new(known.file)
                || known.folder.is_some() && self.source == Path::new(known.network.name())
        };
        known_weights().iter().find(is_meant)
    }

    fn may_write(&self, target: &Path) -> Result<(), UsageError> {
        if target.exists() && !self.overwrite {
            return Err(UsageError {
                message: format!("{} is there already", target.display()),
                help: "name another file with `--output`, or replace it with `--overwrite`".to_owned(),
            });
        }
        Ok(())
    }
}

/// The known file in `folder`, fetched if it is not there.
fn fetched(known: &KnownWeights, folder: &Path, printer: &Printer) -> Result<PathBuf, Failure> {
    let target = folder.join(known.file);
    if target.exists() {
        return Ok(target);
    }
    let by_hand = |message: String| UsageError {
        message,
        help: "fetch it by hand, and import the file: `facies weights import FILE`".to_owned(),
    };
    let address = known.address().ok_or_else(|| by_hand(format!("{} has no public address", known.file)))?;
    if known.checksum == Checksum::Unknown {
        return Err(by_hand(format!("no checksum of {address} is known, so it is not fetched unseen")).into());
    }
    make_folder(folder)?;
    printer.note(format_args!("fetching {address}"));
    let bar = printer.draws().then(|| {
        let style = ProgressStyle::with_template("  {bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
    });
    let mut progress = |bytes: u64, of: Option<u64>| {
        if let Some(bar) = &bar {
            bar.set_length(of.unwrap_or(bytes));
            bar.set_position(bytes);
        }
    };
    let result = download(&address, &target, known.checksum, &mut progress);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    printer.note(format_args!("it is what was published ({}); SHA-256 {}", known.checksum, result?));
    Ok(target)
}

fn make_folder(folder: &Path) -> Result<(), NetworkError> {
    fs::create_dir_all(folder).map_err(|source| NetworkError::Write { path: folder.to_owned(), source })
}

fn no_folder() -> UsageError {
    UsageError {
        message: "FACIES_DATA is not set, so there is no place for weights".to_owned(),
        help: "set it (`export FACIES_DATA=...`), or name a file with `--output`".to_owned(),
    }
}

/// Name under which jobs find imported weights.
fn imported_name(network: Backbone) -> String {
    match network {
        Backbone::Vgg16 => "vgg16_conv.safetensors".to_owned(),
        _ => format!("{network}.safetensors"),
    }
}

/// Where shipped jobs look for weights.
fn weights_folder() -> Option<PathBuf> {
    std::env::var_os("FACIES_DATA").map(|data| Path::new(&data).join("weights"))
}

/// The files that networks take, with the path of those that lie in `${FACIES_DATA}/weights`.
pub(super) fn find_weights() -> Vec<FoundWeights> {
    let folder = weights_folder();
    let found = |known: &'static KnownWeights| FoundWeights {
        network: known.network.name(),
        file: known.file,
        address: known.address(),
        bytes: match known.size {
            Size::Bytes(bytes) => Some(bytes),
            _ => None,
        },
        mebibytes: match known.size {
            Size::Mebibytes(mebibytes) => Some(mebibytes),
            _ => None,
        },
        sha256: match known.checksum {
            Checksum::Sha256(digits) => Some(digits),
            _ => None,
        },
        sha256_start: match known.checksum {
            Checksum::Sha256Start(digits) => Some(digits),
            _ => None,
        },
        md5: match known.checksum {
            Checksum::Md5(digits) => Some(digits),
            _ => None,
        },
        licence: known.licence,
        origin: known.origin,
        path: folder.as_ref().map(|folder| folder.join(known.file)).filter(|path| path.is_file()),
        known,
    };
    known_weights().iter().map(found).collect()
}

impl FoundWeights {
    /// Whether it lies in `${FACIES_DATA}/weights`.
    pub(super) fn is_there(&self) -> bool {
        self.path.is_some()
    }
}

impl fmt::Display for FoundWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.network, self.file)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, ", at {}", path.display()))
    }
}

/// All that fits and all that does not, a line each.
struct Details<'a> {
    network: Backbone,
    report: &'a ImportReport,
}

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, report } = self;
        write!(f, "network      {network}\nloaded       {}", report.loaded.len())?;
        write!(f, "\nmissing      {}", report.missing.len())?;
        write!(f, "\nwrong shape  {}", report.wrong_shape.len())?;
        write!(f, "\nunexpected   {}", report.unexpected.len())?;
        for name in &report.missing {
            write!(f, "\n  missing     {name}")?;
        }
        for (name, actual, needed) in &report.wrong_shape {
            write!(f, "\n  wrong shape {name}: {actual:?} where {needed:?} is needed")?;
        }
        for name in &report.unexpected {
            write!(f, "\n  unexpected  {name}")?;
        }
        Ok(())
    }
}
