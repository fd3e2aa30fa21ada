//! The use case `batch`: many jobs, one after the other, and a table that compares them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::{
    BatchPlan, JobError, JobEvent, Listener, LoadedJob, RunError, RunOptions, RunOutcome, Work, carry_out, load_job,
};
use crate::metrics::{Metrics, Scores};
use crate::report::{read_metrics, write_atomically};

/// Name of the table in a batch's folder.
const SUMMARY_FILE: &str = "summary.csv";

/// What became of one run of a batch. One row of `summary.csv`; holds no times, so that equal batches leave equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchRow {
    /// Name of the run.
    pub run: String,
    /// `finished`, `failed` or `waiting`.
    pub status: BatchStatus,
    /// The subset that the scores are of: `test`, else `validation`, else `train`.
    pub subset: Option<&'static str>,
    /// Share of voxels classified rightly.
    pub accuracy: Option<f64>,
    /// Mean recall over the classes.
    pub balanced_accuracy: Option<f64>,
    /// Mean F1 over the classes.
    pub macro_f1: Option<f64>,
    /// Mean intersection over union over the classes.
    pub mean_iou: Option<f64>,
    /// Test voxels whose patch holds a training voxel.
    pub leak: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Where a run of a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// Done, now or before.
    Finished,
    /// It could not be carried out.
    Failed,
    /// Not begun, or interrupted.
    Waiting,
}

/// What a batch left.
#[derive(Clone, Debug)]
pub struct BatchOutcome {
    /// The table.
    pub summary: PathBuf,
    /// Its rows, in the order of the batch.
    pub rows: Vec<BatchRow>,
    /// Whether the batch was asked to stop before its end.
    pub interrupted: bool,
}

/// Carries out every run of a batch that is not finished, and keeps `summary.csv` current.
///
/// All jobs are read and checked before the first begins. A run that fails does not stop the others. `arguments` are
/// `--set` arguments for every run, after those of the batch.
///
/// # Errors
/// When a job is refused, or the table cannot be written.
pub fn run_batch(
    plan: &BatchPlan,
    arguments: &[String],
    options: &RunOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<BatchOutcome, RunError> {
    let jobs = load_all(plan, arguments)?;
    let folder = options.output.join(&plan.name);
    let options = RunOptions { output: folder.clone(), ..options.clone() };
    let summary = folder.join(SUMMARY_FILE);
    let mut rows: Vec<_> = jobs.iter().map(|loaded| BatchRow::new(&loaded.job.name)).collect();
    for (place, loaded) in jobs.iter().enumerate() {
        listener.notice(&JobEvent::Stage(&format!("run {} of {}: {}", place + 1, jobs.len(), loaded.job.name)));
        match carry_out(loaded, Work::Run, &options, listener, interrupted) {
            Ok(outcome) => rows[place].finish(&outcome)?,
            Err(error) if error.is_interruption() => {
                write_summary(&summary, &rows)?;
                return Ok(BatchOutcome { summary, rows, interrupted: true });
            }
            Err(error) => {
                listener.notice(&JobEvent::Warning(&format!("{} failed: {error}", loaded.job.name)));
                rows[place].status = BatchStatus::Failed;
                rows[place].error = Some(error.to_string());
            }
        }
        write_summary(&summary, &rows)?;
    }
    Ok(BatchOutcome { summary, rows, interrupted: false })
}

/// Refuses an argument of the command line that would make runs equal which the batch makes different.
fn refuse_overridden(plan: &BatchPlan, arguments: &[String]) -> Result<(), JobError> {
    let key = |argument: &str| argument.split('=').next().unwrap_or_default().trim().to_owned();
    let within = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}."));
    let varied = plan.runs.iter().flat_map(|run| &run.arguments);
    let varied = varied.filter(|argument| plan.runs.iter().any(|run| !run.arguments.contains(argument)));
    let varied: Vec<String> = varied.map(|argument| key(argument)).collect();
    let clashes = |argument: &&String| {
        let key = key(argument);
        varied.iter().any(|varied| within(&key, varied) || within(varied, &key))
    };
    match arguments.iter().find(clashes) {
        Some(argument) => Err(JobError::SetOfBatch { argument: argument.clone(), key: key(argument) }),
        None => Ok(()),
    }
}

/// Reads and checks every job of a batch.
fn load_all(plan: &BatchPlan, arguments: &[String]) -> Result<Vec<LoadedJob>, RunError> {
    let mut jobs: Vec<LoadedJob> = Vec::new();
    refuse_overridden(plan, arguments)?;
    for run in &plan.runs {
        let mut loaded = load_job(&run.job, &[run.arguments.as_slice(), arguments].concat())?;
        if let Some(name) = &run.name {
            loaded.job.name.clone_from(name);
        }
        let name = &loaded.job.name;
        if jobs.iter().any(|other| other.job.name == *name) {
            let message = format!("two runs of the batch are called `{name}`");
            let help = "give them names in the batch: `jobs: [{job: ..., name: ...}, ...]`".to_owned();
            return Err(loaded.refuse("name", message, Some(help)).into());
        }
        jobs.push(loaded);
    }
    Ok(jobs)
}

impl BatchRow {
    fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            status: BatchStatus::Waiting,
            subset: None,
            accuracy: None,
            balanced_accuracy: None,
            macro_f1: None,
            mean_iou: None,
            leak: None,
            error: None,
        }
    }

    fn finish(&mut self, outcome: &RunOutcome) -> Result<(), RunError> {
        self.status = BatchStatus::Finished;
        let metrics = read_metrics(&outcome.folder.join("metrics.json"))?;
        if let Some((subset, scores)) = most_telling(&metrics) {
            self.subset = Some(subset);
            self.accuracy = Some(scores.accuracy);
            self.balanced_accuracy = Some(scores.balanced_accuracy);
            self.macro_f1 = Some(scores.macro_f1);
            self.mean_iou = Some(scores.mean_iou);
        }
        self.leak = metrics.test.is_some().then_some(metrics.split.leak);
        Ok(())
    }
}

/// The scores that say most about voxels that were not learnt.
fn most_telling(metrics: &Metrics) -> Option<(&'static str, &Scores)> {
    let subsets = [("test", &metrics.test), ("validation", &metrics.validation), ("train", &metrics.train)];
    subsets.into_iter().find_map(|(name, scores)| scores.as_ref().map(|scores| (name, scores)))
}

fn write_summary(path: &Path, rows: &[BatchRow]) -> Result<(), RunError> {
    let failed = |source| RunError::Io { action: "write", path: path.to_owned(), source };
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.serialize(row).map_err(|error| failed(error.into()))?;
    }
    let bytes = table.into_inner().map_err(|error| failed(error.into_error()))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(RunError::io("make", folder))?;
    }
    write_atomically(path, &bytes).map_err(failed)
}
