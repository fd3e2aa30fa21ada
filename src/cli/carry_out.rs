//! What `train`, `evaluate`, `predict` and `run` have in common.

use std::path::PathBuf;

use serde::Serialize;

use super::failure::Failure;
use super::interruption::interruption;
use super::patience::wait_asleep;
use super::printer::Printer;
use super::progress::Progress;
use crate::job::{RunOptions, RunOutcome, Stages, Work, load_any};
use crate::network::DeviceChoice;

/// A job, and how it is carried out.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Job file (YAML)
    job: PathBuf,
    #[command(flatten)]
    how: How,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How jobs are carried out.
#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Change a value of the job, as in `training.steps=20`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Folder that holds the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Where to compute: auto, cpu, cuda, cuda:N, cuda:all, or several as cuda:0,cuda:2 (the first trains, all interpret)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Make results again that are there already; the old ones are removed first
    #[arg(long)]
    overwrite: bool,
}

impl How {
    /// The options, with all CPU threads where none are given.
    pub(super) fn options(&self, threads: Option<usize>) -> RunOptions {
        RunOptions {
            output: self.output.clone(),
            device: self.device.clone(),
            threads: threads.unwrap_or_else(rayon::current_num_threads),
            overwrite: self.overwrite,
        }
    }
}

/// Carries out `work` of a job and tells what came of it.
pub(super) fn run(arguments: &Arguments, work: Work, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    wait_asleep();
    let job = load_any(&arguments.job, &arguments.how.set)?;
    let options = arguments.how.options(threads);
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = job.carry_out(work, &options, &mut progress, &interrupted);
    drop(progress);
    answer(&outcome?, work, arguments.json, printer)
}

/// The outcome for programs.
#[derive(Serialize)]
struct Answer<'a> {
    folder: &'a PathBuf,
    was_done: bool,
    stages: &'a Stages,
}

fn answer(outcome: &RunOutcome, work: Work, json: bool, printer: &Printer) -> Result<(), Failure> {
    let RunOutcome { folder, stages, was_done } = outcome;
    if json {
        return Ok(printer.answer_json(&Answer { folder, was_done: *was_done, stages })?);
    }
    if *was_done {
        printer.note("everything asked for is done already; `--overwrite` makes it again");
    }
    let of_work =
        [(Work::Train, &stages.training), (Work::Evaluate, &stages.evaluation), (Work::Predict, &stages.prediction)];
    let shown = of_work
        .into_iter()
        .filter(|(part, _)| work == Work::Run || work == *part)
        .filter_map(|(_, stage)| stage.as_ref());
    for stage in shown {
        for (what, result) in &stage.results {
            printer.answer(format_args!("{what}: {result}"))?;
        }
        for file in &stage.files {
            printer.answer(format_args!("{}: {}", folder.join(&file.name).display(), file.description))?;
        }
    }
    let report = folder.join("report.html");
    if work == Work::Run && report.exists() {
        printer.answer(format_args!("{}: everything on one page", report.display()))?;
    }
    Ok(())
}
