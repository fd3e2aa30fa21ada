//! `facies images train`: an end learnt from bottlenecks.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::failure::Failure;
use crate::cli::interruption::interruption;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::cli::quantity::counted;
use crate::dataset::pictures::PictureAugmentation;
use crate::job::images::{
    Course, FineTuning, ImageTraining, Length, PictureTraining, TunedLayers, bottleneck_path, train_images,
    trained_model_path,
};
use crate::metrics::share_interval;
use crate::network::{DeviceChoice, GradientClip, MomentumOf, OptimizerOptions};
use crate::train::Schedule;

/// Most pictures of one step while tuning: all maps of all layers are kept for the gradients.
const TUNING_BATCH: usize = 16;
/// Steps between the points that TensorBoard shows.
const TENSORBOARD_EVERY: u64 = 10;

/// Train the end of a frozen network on its bottlenecks
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  facies images train --bottlenecks bn1 --model bn1_m1 --epochs 50 --optimizer sgd\n  \
                        facies images train --bottlenecks bn1 --model retrained --steps 4000 --batch 100 --learning-rate 0.01\n  \
                        facies images train --bottlenecks bn1 --model tuned --fine-tune last-block --augment\n\n\
                        With --fine-tune, the end is trained on the bottlenecks first, and then more of the network on the \
                        pictures, each time changed at random if --augment is given."
)]
pub(super) struct Arguments {
    /// Name of the bottlenecks
    #[arg(long, value_name = "NAME", default_value = "bn1", value_parser = super::plain_name)]
    bottlenecks: String,
    /// Name of the model, as a file under models/ in the folder of runs
    #[arg(long, value_name = "NAME", default_value = "bn1_m1", value_parser = super::plain_name)]
    model: String,
    /// Times that every picture is seen; 50 if neither these nor steps are given
    #[arg(long, value_name = "N", conflicts_with = "steps", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    epochs: Option<u64>,
    /// Steps of one batch each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    steps: Option<u64>,
    /// Pictures of one step
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Optimiser
    #[arg(long, value_enum, default_value_t = Optimizer::Sgd)]
    optimizer: Optimizer,
    /// Its step size; 0.01 for sgd and 0.001 for the others if not given
    #[arg(long, value_name = "RATE", value_parser = rate)]
    learning_rate: Option<f64>,
    /// Widths of hidden layers, as in 256,64
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=65_536))]
    hidden: Vec<u32>,
    /// Share of the values dropped while training
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    dropout: f64,
    /// Draw all classes equally often
    #[arg(long)]
    balanced: bool,
    /// Epochs without a lower validation loss after which training ends; 0 never ends it
    #[arg(long, value_name = "EPOCHS", default_value_t = 10)]
    patience: u64,
    /// Train more of the network afterwards, on the pictures: last-block, all, or so many of its last layers
    #[arg(long, value_name = "LAYERS", value_parser = tuned_layers)]
    fine_tune: Option<TunedLayers>,
    /// Times that every picture is seen while tuning
    #[arg(long, value_name = "N", default_value_t = 10, requires = "fine_tune", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    tuning_epochs: u64,
    /// Step size while tuning
    #[arg(long, value_name = "RATE", default_value_t = 1e-4, requires = "fine_tune", value_parser = rate)]
    tuning_rate: f64,
    /// Flip, rotate, crop and zoom the pictures a little at random, and change brightness and contrast, while tuning
    #[arg(long, requires = "fine_tune")]
    augment: bool,
    /// Score the recipe on so many folds of the training pictures first
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=100))]
    folds: Option<u32>,
    /// Keep the course of training for TensorBoard
    #[arg(long)]
    tensorboard: bool,
    /// Seed of weights, order and dropout
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Replace a model of this name
    #[arg(long)]
    overwrite: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Optimizer {
    Sgd,
    Adam,
    Rmsprop,
}

impl Optimizer {
    fn options(self) -> OptimizerOptions {
        match self {
            Self::Sgd => OptimizerOptions::Sgd {
                momentum: 0.9,
                nesterov: false,
                momentum_of: MomentumOf::Steps,
                weight_decay: 0.0,
            },
            Self::Adam => OptimizerOptions::ADAM,
            Self::Rmsprop => OptimizerOptions::RmsProp {
                smoothing: 0.9,
                epsilon: 1e-7,
                momentum: 0.0,
                centered: false,
                weight_decay: 0.0,
            },
        }
    }
}

/// Changes that leave most pictures of rocks what they are.
fn augmentation() -> PictureAugmentation {
    PictureAugmentation {
        flip_horizontal: 0.5,
        rotation: 10.0.into(),
        zoom: 0.1.into(),
        crop: 0.1.into(),
        brightness: 0.1.into(),
        contrast: 0.1.into(),
        ..PictureAugmentation::default()
    }
}

fn tuned_layers(text: &str) -> Result<TunedLayers, String> {
    match (text, text.parse()) {
        ("last-block", _) => Ok(TunedLayers::LastBlock),
        ("all", _) => Ok(TunedLayers::All),
        (_, Ok(count @ 1..)) => Ok(TunedLayers::Last(count)),
        _ => Err("`last-block`, `all`, or a number of layers from 1".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 100.0 => Ok(rate),
        _ => Err("a number above 0, at most 100".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to less than 1".into()),
    }
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    let model = trained_model_path(&arguments.output, &arguments.model);
    if model.exists() && !arguments.overwrite {
        return Err(crate::cli::failure::UsageError {
            message: format!("{} is there already", model.display()),
            help: "choose another `--model`, or replace it with `--overwrite`".to_owned(),
        }
        .into());
    }
    let usual = if arguments.optimizer == Optimizer::Sgd { 0.01 } else { 0.001 };
    let head = Course {
        length: match (arguments.steps, arguments.epochs) {
            (Some(steps), _) => Length::Steps(steps),
            (None, epochs) => Length::Epochs(epochs.unwrap_or(50)),
        },
        batch: arguments.batch as usize,
        optimizer: arguments.optimizer.options(),
        learning_rate: arguments.learning_rate.unwrap_or(usual),
        schedule: Schedule::Constant,
        balanced: arguments.balanced,
        patience: (arguments.patience > 0).then_some(arguments.patience),
        clip: Some(GradientClip::Norm(1.0)),
    };
    let tuning = |layers| FineTuning {
        layers,
        course: Course {
            length: Length::Epochs(arguments.tuning_epochs),
            batch: TUNING_BATCH.min(arguments.batch as usize),
            optimizer: OptimizerOptions::ADAM,
            learning_rate: arguments.tuning_rate,
            ..head.clone()
        },
        augmentation: if arguments.augment { augmentation() } else { PictureAugmentation::default() },
    };
    let options = ImageTraining {
        bottlenecks: bottleneck_path(&arguments.output, &arguments.bottlenecks),
        model,
        overwrite: arguments.overwrite,
        folds: arguments.folds.map(|count| count as usize),
        recipe: PictureTraining {
            fine_tuning: arguments.fine_tune.map(tuning),
            head,
            hidden: arguments.hidden.iter().map(|&width| width as usize).collect(),
            dropout: arguments.dropout,
            tensorboard: arguments.tensorboard.then_some(TENSORBOARD_EVERY),
            seed: arguments.seed,
            device: arguments.device.open()?[0],
            threads: threads.unwrap_or_else(rayon::current_num_threads),
        },
    };
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let trained = train_images(&options, &mut progress, &interrupted);
    drop(progress);
    let trained = trained?;
    if arguments.json {
        return Ok(printer.answer_json(&serde_json::json!({
            "metrics": trained.metrics, "best_epoch": trained.best_epoch, "stopped": trained.stopped,
            "misclassified": trained.misclassified, "folds": trained.folds, "files": trained.files,
        }))?);
    }
    for (score, words) in &trained.folds {
        printer.answer(format_args!("{score}: {words}"))?;
    }
    for (set, scores) in trained.metrics.subsets() {
        let pictures = counted(scores.support as usize, "picture");
        let (accuracy, balanced) = (scores.accuracy, scores.balanced_accuracy);
        let [low, high] = share_interval(accuracy, scores.support);
        let range = if set == "train" { String::new() } else { format!("; 95 % interval {low:.2} to {high:.2}") };
        printer.answer(format_args!(
            "{set}: accuracy {accuracy:.3}, balanced accuracy {balanced:.3} ({pictures}{range})"
        ))?;
    }
    for file in &trained.files {
        printer.answer(file.display())?;
    }
    Ok(())
}
