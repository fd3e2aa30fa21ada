//! `facies schema`: the layout of jobs for editors.

use super::failure::Failure;
use super::printer::Printer;
use crate::job::{batch_json_schema, images_json_schema, job_json_schema};

/// Print the JSON schema of a job, which lets editors complete and check it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies schema > schema.json\n\nand as the first line of a job:\n  # yaml-language-server: $schema=schema.json"
)]
pub(super) struct Arguments {
    /// Of a batch instead of a job
    #[arg(long, conflicts_with = "images")]
    batch: bool,
    /// Of a job of pictures
    #[arg(long)]
    images: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let schema = match (arguments.batch, arguments.images) {
        (true, _) => batch_json_schema(),
        (_, true) => images_json_schema(),
        _ => job_json_schema(),
    };
    Ok(printer.answer(schema.trim_end())?)
}
