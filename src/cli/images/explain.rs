//! `facies images explain`: what a model looked at in photographs.

use std::path::PathBuf;

use crate::cli::explain::Question;
use crate::cli::failure::Failure;
use crate::cli::interruption::interruption;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::job::images::{ExplainPicturesOptions, explain_pictures, model_name, model_path};
use crate::network::DeviceChoice;

/// Draw where in pictures a model found what speaks for a class (Grad-CAM)
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  facies images explain --model bn1_m1 core-0815.jpg --maps\n  \
                        facies images explain --model bn1_m1 photographs_test --wrong 8 --uncertain 8\n\n\
                        What a picture shows, the name of its folder says, where a class of the model is called so.")]
pub(super) struct Arguments {
    /// Pictures, or folders of pictures
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// The model: a file, or a name under models/ in the folder of runs
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// Only this many of the pictures that the model is most sure of and wrong about
    #[arg(long, value_name = "N", default_value_t = 0)]
    wrong: usize,
    /// Only this many of the pictures between whose first two classes it hardly tells
    #[arg(long, value_name = "N", default_value_t = 0)]
    uncertain: usize,
    #[command(flatten)]
    question: Question,
    /// Where the figures go; models/MODEL/explanations in the folder of runs if not given
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Folder of runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    let model = model_path(&arguments.output, &arguments.model);
    let standard = || arguments.output.join("models").join(model_name(&model)).join("explanations");
    let options = ExplainPicturesOptions {
        wrong: arguments.wrong,
        uncertain: arguments.uncertain,
        class: arguments.question.class.clone(),
        layer: arguments.question.layer.clone(),
        maps: arguments.question.maps,
        folder: arguments.figures.clone().unwrap_or_else(standard),
        device: arguments.device.open()?[0],
        threads: threads.unwrap_or_else(rayon::current_num_threads),
        model,
    };
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let files = explain_pictures(&options, &arguments.pictures, &mut progress, &interrupted);
    drop(progress);
    for file in files? {
        printer.answer(file.display())?;
    }
    Ok(())
}
