//! `facies images synth`: a small folder of drawn pictures.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::cli::printer::Printer;
use crate::dataset::pictures::{SYNTHETIC_CLASSES, Shown, SyntheticPictures, write_synthetic};

/// Draw a folder of pictures of four structures: layers, folds, cross-beds and grains
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies images synth drawn --per-class 40 --side 96\n\nThe same options give the same pictures."
)]
pub(super) struct Arguments {
    /// Folder to make
    folder: PathBuf,
    /// Pictures of each class
    #[arg(long, value_name = "N", default_value_t = SyntheticPictures::default().per_class)]
    per_class: usize,
    /// Rows and columns of a picture
    #[arg(long, value_name = "PIXELS", default_value_t = SyntheticPictures::default().side)]
    side: usize,
    /// Decides about everything else
    #[arg(long, default_value_t = SyntheticPictures::default().seed)]
    seed: u64,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let Arguments { ref folder, per_class, side, seed } = *arguments;
    write_synthetic(&SyntheticPictures { side, per_class, seed }, folder)?;
    let classes = SYNTHETIC_CLASSES.join(", ");
    Ok(printer.answer(format_args!("{}: {per_class} pictures each of {classes}", Shown(folder)))?)
}
