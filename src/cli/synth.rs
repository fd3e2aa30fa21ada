//! `facies synth`: a synthetic cube with known facies.

use std::path::PathBuf;

use super::failure::{Failure, UsageError};
use super::printer::Printer;
use crate::volume::synthetic::{SyntheticFiles, SyntheticOptions, write};

/// Write a synthetic cube with known facies, the labels of one inline, and the truth
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies synth cube.sgy --seed 3\n\nwrites cube.sgy, inline_125.png (palette index = class code) and \
                        cube_truth.sgy (class code + 1). The same options give the same bytes."
)]
pub(super) struct Arguments {
    /// SEG-Y file to write
    volume: PathBuf,
    /// Inlines, numbered from 100
    #[arg(long, value_name = "N", default_value_t = SyntheticOptions::default().inlines)]
    inlines: usize,
    /// Crosslines, numbered from 300
    #[arg(long, value_name = "N", default_value_t = SyntheticOptions::default().crosslines)]
    crosslines: usize,
    /// Samples of a trace
    #[arg(long, value_name = "N", default_value_t = SyntheticOptions::default().samples)]
    samples: usize,
    /// Distance of samples in ms
    #[arg(long, value_name = "MS", default_value_t = SyntheticOptions::default().interval_ms)]
    interval: f64,
    /// Decides about everything else
    #[arg(long, default_value_t = SyntheticOptions::default().seed)]
    seed: u64,
    /// Inline whose labels are written; the middle one if not given
    #[arg(long, value_name = "NUMBER")]
    label_inline: Option<i32>,
    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let options = SyntheticOptions {
        inlines: arguments.inlines,
        crosslines: arguments.crosslines,
        samples: arguments.samples,
        interval_ms: arguments.interval,
        seed: arguments.seed,
        label_inline: arguments.label_inline,
    };
    let SyntheticFiles { volume, labels, truth } = SyntheticFiles::beside(&arguments.volume, &options);
    if let Some(there) = [volume, labels, truth].iter().find(|path| path.exists()).filter(|_| !arguments.overwrite) {
        return Err(UsageError {
            message: format!("{} is there already", there.display()),
            help: "choose another name, or replace it with `--overwrite`".to_owned(),
        }
        .into());
    }
    let SyntheticFiles { volume, labels, truth } = write(&options, &arguments.volume)?;
    printer.answer(format_args!("{}: amplitudes", volume.display()))?;
    printer.answer(format_args!("{}: labels of inline {}", labels.display(), options.labelled_inline()))?;
    Ok(printer.answer(format_args!("{}: class code + 1 of every voxel", truth.display()))?)
}
