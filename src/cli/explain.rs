//! `facies explain`: what a trained network looked at.

use std::path::PathBuf;
use std::str::FromStr;

use super::failure::{Failure, UsageError};
use super::printer::Printer;
use super::progress::Progress;
use crate::job::{ExplainOptions, explain, load_job};
use crate::network::DeviceChoice;

/// Draw where in its patch a trained network found what speaks for a class (Grad-CAM)
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies explain my-job.yaml --at 339,650,1200 --wrong 4 --maps")]
pub(super) struct Arguments {
    /// Job file (YAML) of a trained run
    job: PathBuf,
    /// A voxel: inline, crossline, and time in ms or depth in m; may be given several times
    #[arg(long, value_name = "INLINE,CROSSLINE,POSITION")]
    at: Vec<At>,
    /// This many of the test voxels that the network is most sure of and wrong about
    #[arg(long, value_name = "N", default_value_t = 0)]
    wrong: usize,
    /// This many of the test voxels that it is least sure of
    #[arg(long, value_name = "N", default_value_t = 0)]
    uncertain: usize,
    #[command(flatten)]
    question: Question,
    /// Change a value of the job, as in `name=other`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder that holds the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
}

/// What is asked of a network, whatever it looks at.
#[derive(Debug, clap::Args)]
pub(super) struct Question {
    /// Class to explain; the predicted one if not given
    #[arg(long, value_name = "NAME")]
    pub(super) class: Option<String>,
    /// Layer whose map is taken; the last convolution that tells places apart if not given
    #[arg(long, value_name = "NAME")]
    pub(super) layer: Option<String>,
    /// Draw the maps of the layer, too
    #[arg(long)]
    pub(super) maps: bool,
}

/// A voxel.
#[derive(Clone, Copy, Debug)]
struct At(i32, i32, f64);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let expected = || format!("`{text}` is no voxel: give inline, crossline, and time or depth, as 339,650,1200");
        let [inline, crossline, position] = parts[..] else { return Err(expected()) };
        let line = |text: &str| text.parse::<i32>().map_err(|_| expected());
        let position = position.parse::<f64>().ok().filter(|position| position.is_finite()).ok_or_else(expected)?;
        Ok(Self(line(inline)?, line(crossline)?, position))
    }
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    if arguments.at.is_empty() && arguments.wrong + arguments.uncertain == 0 {
        let message = "nothing to explain was named".to_owned();
        let help = "name voxels by `--at 339,650,1200`, `--wrong 4` or `--uncertain 4`".to_owned();
        return Err(UsageError { message, help }.into());
    }
    let loaded = load_job(&arguments.job, &arguments.set)?;
    let options = ExplainOptions {
        output: arguments.output.clone(),
        device: arguments.device.clone(),
        threads: threads.unwrap_or_else(rayon::current_num_threads),
        at: arguments.at.iter().map(|&At(inline, crossline, position)| (inline, crossline, position)).collect(),
        wrong: arguments.wrong,
        uncertain: arguments.uncertain,
        class: arguments.question.class.clone(),
        layer: arguments.question.layer.clone(),
        features: arguments.question.maps,
    };
    let mut progress = Progress::new(printer);
    let pictures = explain(&loaded, &options, &mut progress);
    drop(progress);
    for picture in pictures? {
        printer.answer(picture.display())?;
    }
    Ok(())
}
