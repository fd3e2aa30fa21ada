//! `facies inspect`: what there is to know about a SEG-Y cube before it is used.

use std::path::PathBuf;

use segy_rs::{Access, OpenOptions};

use super::failure::Failure;
use super::printer::Printer;
use crate::grid::Domain;
use crate::volume::{Inspection, SegyVolume, SegyVolumeOptions, measure};

/// Show geometry, header bytes used, amplitude statistics and warnings of a SEG-Y cube
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  facies inspect survey.sgy\n  facies inspect survey.sgy --inline 9 --crossline 21 --json"
)]
pub(super) struct Arguments {
    /// SEG-Y file
    volume: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// First trace header byte of the inline number; found if not given
    #[arg(long, value_name = "BYTE", value_parser = header_byte())]
    inline: Option<u16>,
    /// First trace header byte of the crossline number
    #[arg(long, value_name = "BYTE", value_parser = header_byte())]
    crossline: Option<u16>,
    /// First trace header byte of the easting
    #[arg(long, value_name = "BYTE", value_parser = header_byte())]
    x: Option<u16>,
    /// First trace header byte of the northing
    #[arg(long, value_name = "BYTE", value_parser = header_byte())]
    y: Option<u16>,
    /// The vertical axis is depth in m, not two-way time in ms
    #[arg(long)]
    depth: bool,
    /// Read with plain reads instead of a memory map, for network file systems
    #[arg(long)]
    no_map: bool,
}

fn header_byte() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=237)
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let options = SegyVolumeOptions {
        file: OpenOptions {
            inline_byte: arguments.inline,
            crossline_byte: arguments.crossline,
            x_byte: arguments.x,
            y_byte: arguments.y,
            access: if arguments.no_map { Access::Read } else { Access::Map },
            ..OpenOptions::default()
        },
        domain: if arguments.depth { Domain::Depth } else { Domain::Time },
    };
    let volume = SegyVolume::open(&arguments.volume, &options)?;
    let inspection = Inspection::new(&volume, &measure(&volume)?);
    if arguments.json {
        printer.answer_json(&inspection)?
    } else {
        printer.answer(&inspection)?
    }
    Ok(())
}
