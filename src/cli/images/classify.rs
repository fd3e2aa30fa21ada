//! `facies images classify`: what a model says of pictures.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::cli::failure::{Failure, UsageError};
use crate::cli::interruption::interruption;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::cli::quantity::counted;
use crate::job::images::{ClassifyOptions, classify_folder, classify_picture, model_name, model_path};
use crate::network::DeviceChoice;

/// Classes of one picture that are printed.
const MOST_CLASSES: usize = 5;
/// Length of the bar of a class that is certain.
const BAR: f32 = 30.0;

/// Classify a picture, or a folder of them into a table
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  facies images classify --model bn1_m1 core-0815.jpg\n  \
                        facies images classify --model bn1_m1 photographs_test --extended\n\n\
                        A folder gets bn1_m1.csv: a column for each class, and the file as class\\file; bn1_m1.errors.csv \
                        names pictures that cannot be read.")]
pub(super) struct Arguments {
    /// Picture, or folder of pictures
    pictures: PathBuf,
    /// The model: a file, or a name under models/ in the folder of runs
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// Add true class, predicted class and confidence to the table
    #[arg(long)]
    extended: bool,
    /// Between class and file in the table: a backslash, as AASPI has it, or what this system uses
    #[arg(long, value_enum, default_value_t = Separator::Backslash)]
    separator: Separator,
    /// Where the picture with its probabilities goes, as PNG; classified/MODEL-FOLDER-PICTURE.png in the folder of runs if not given
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// Folder of runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Separator {
    Backslash,
    Platform,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    let options = ClassifyOptions {
        model: model_path(&arguments.output, &arguments.model),
        separator: if arguments.separator == Separator::Backslash { '\\' } else { MAIN_SEPARATOR },
        extended: arguments.extended,
        device: arguments.device.open()?[0],
        threads: threads.unwrap_or_else(rayon::current_num_threads),
    };
    if let Some(figure) = &arguments.figure {
        let is_png = figure.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        let wrong = match (arguments.pictures.is_dir(), is_png) {
            (true, _) => Some((
                "a folder of pictures becomes a table, not a figure",
                "leave `--figure` out, or name one picture",
            )),
            (_, false) => Some(("the figure is a PNG file", "give it a name that ends in .png")),
            _ => None,
        };
        if let Some((message, help)) = wrong {
            return Err(UsageError { message: message.to_owned(), help: help.to_owned() }.into());
        }
    }
    if arguments.pictures.is_dir() {
        folder(arguments, &options, printer)
    } else {
        picture(arguments, &options, printer)
    }
}

fn picture(arguments: &Arguments, options: &ClassifyOptions, printer: &Printer) -> Result<(), Failure> {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Folders of classes hold pictures of equal names.
    let parent = std::path::absolute(&arguments.pictures).ok();
    let parent = parent.as_deref().and_then(Path::parent).map(stem).unwrap_or_default();
    let name = format!("{}-{parent}-{}.png", model_name(&options.model), stem(&arguments.pictures));
    let figure = arguments.figure.clone().unwrap_or_else(|| arguments.output.join("classified").join(name));
    let classes = classify_picture(options, &arguments.pictures, Some(&figure))?;
    if arguments.json {
        let classes: serde_json::Map<_, _> = classes.into_iter().map(|(name, share)| (name, json!(share))).collect();
        return Ok(printer.answer_json(&json!({ "probabilities": classes, "figure": figure }))?);
    }
    let longest = classes.iter().take(MOST_CLASSES).map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, share) in classes.iter().take(MOST_CLASSES) {
        let bar = "█".repeat((share * BAR).round() as usize);
        printer.answer(format_args!("{name:<longest$}  {share:.3}  {bar}"))?;
    }
    Ok(printer.answer(figure.display())?)
}

fn folder(arguments: &Arguments, options: &ClassifyOptions, printer: &Printer) -> Result<(), Failure> {
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = classify_folder(options, &arguments.pictures, &mut progress, &interrupted);
    drop(progress);
    let outcome = outcome?;
    if arguments.json {
        let (pictures, unreadable) = (outcome.pictures, outcome.unreadable);
        let answer = json!({
            "pictures": pictures, "unreadable": unreadable, "scores": outcome.scores, "files": outcome.files,
        });
        return Ok(printer.answer_json(&answer)?);
    }
    if outcome.unreadable > 0 {
        printer.warning(format_args!("{} cannot be read", counted(outcome.unreadable, "picture")));
    }
    if let Some(scores) = &outcome.scores {
        printer.answer(format_args!(
            "accuracy {:.3}, balanced accuracy {:.3} ({})",
            scores.accuracy,
            scores.balanced_accuracy,
            counted(scores.support as usize, "picture")
        ))?;
    }
    for file in &outcome.files {
        printer.answer(file.display())?;
    }
    Ok(())
}
