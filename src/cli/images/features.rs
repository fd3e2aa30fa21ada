//! `facies images features`: bottlenecks of a frozen network.

use std::path::PathBuf;

use crate::cli::failure::Failure;
use crate::cli::interruption::interruption;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::cli::quantity::{counted, grouped};
use crate::dataset::pictures::Fit;
use crate::job::images::{FeaturesOptions, FrozenNetwork, bottleneck_path, make_bottlenecks};
use crate::network::{Backbone, DeviceChoice, Pooling};

/// Compute what a frozen network makes of every picture, once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies images features photographs_train photographs_validation --network mobilenet_v2 \
                        --weights mobilenet_v2.pth --name bn1\n\n\
                        Pictures whose content is known already are not computed again."
)]
pub(super) struct Arguments {
    /// Folder with one sub-folder of pictures for each class
    train: PathBuf,
    /// The same for validation
    validation: Option<PathBuf>,
    /// The same for the test at the end of training
    test: Option<PathBuf>,
    /// The network: vgg16, vgg19, resnet9 to resnet152, resnet50_keras, mobilenet_v2, inception_v3, xception, densenet121,
    /// minerals1 or minerals2
    #[arg(long, value_name = "NAME", default_value = "mobilenet_v2")]
    network: Backbone,
    /// Its pretrained weights; drawn from the seed if not given
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Rows and columns that the network sees; as published if not given
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=1024))]
    size: Option<u32>,
    /// Cut pictures of another proportion instead of stretching them
    #[arg(long)]
    crop: bool,
    /// Keep every value of the last map, not the average of each channel
    #[arg(long)]
    flatten: bool,
    /// Name of the bottlenecks, as a file under bottlenecks/ in the folder of runs
    #[arg(long, default_value = "bn1", value_parser = super::plain_name)]
    name: String,
    /// Folder of runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Seed of weights that are not pretrained
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replace bottlenecks of this name that another network made
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    let options = FeaturesOptions {
        train: arguments.train.clone(),
        validation: arguments.validation.clone(),
        test: arguments.test.clone(),
        network: FrozenNetwork {
            backbone: arguments.network,
            weights: arguments.weights.clone(),
            side: arguments.size.map_or(arguments.network.published_side(), |side| side as usize),
            fit: if arguments.crop { Fit::Crop } else { Fit::Stretch },
            pooling: if arguments.flatten { Pooling::Flatten } else { Pooling::Average },
            seed: arguments.seed,
        },
        file: bottleneck_path(&arguments.output, &arguments.name),
        overwrite: arguments.overwrite,
        device: arguments.device.open()?[0],
        threads: threads.unwrap_or_else(rayon::current_num_threads),
    };
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = make_bottlenecks(&options, &mut progress, &interrupted);
    drop(progress);
    let outcome = outcome?;
    for set in outcome.bottlenecks.sets() {
        printer.answer(format_args!("{}: {}", set.name, counted(set.pictures.len(), "picture")))?;
        for left_out in &set.left_out {
            printer.warning(format_args!("left out of {}: {} {}", set.name, left_out.file, left_out.reason));
        }
    }
    if options.network.weights.is_none() {
        printer.warning("the network has no pretrained weights: its features are those of chance");
    }
    match outcome.counts.computed {
        0 => printer.note("all pictures were known: the network was not run"),
        computed => printer.note(format_args!(
            "{} went through the network, {} known before",
            counted(computed, "picture"),
            outcome.counts.known
        )),
    }
    let features = grouped(outcome.bottlenecks.feature_count() as u64);
    Ok(printer.answer(format_args!("{}: {features} features a picture", options.file.display()))?)
}
