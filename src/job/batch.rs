//! The use case `batch`: many jobs, one after the other, and a table that compares them.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use miette::Diagnostic;

use super::batch_summary::{SUMMARY_FILE, alike, write_summary};
use super::{AnyJob, BatchPlan, BatchRow, JobError, JobEvent, Listener, RunError, RunOptions, Work, load_any};
use crate::predict::PredictError;

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

/// Carries out every run of a batch that is not finished, and keeps `summary.csv` and `summary.md` current.
///
/// Each fold of a job with folds is a run of its own. All jobs are read and checked before the first begins. A run that
/// fails does not stop the others. `arguments` are `--set` arguments for every run, after those of the batch.
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
    let jobs = load_all(plan, arguments, listener)?;
    let groups = alike(&jobs)?;
    let folder = options.output.join(&plan.name);
    let options = RunOptions { output: folder.clone(), ..options.clone() };
    let summary = folder.join(SUMMARY_FILE);
    let mut rows: Vec<_> = jobs.iter().map(AnyJob::row).collect::<Result<_, _>>()?;
    let mut record = None;
    for (place, job) in jobs.iter().enumerate() {
        listener.notice(&JobEvent::Stage(&format!("run {} of {}: {}", place + 1, jobs.len(), job.name())));
        match job.carry_out(Work::Run, &options, listener, interrupted) {
            Ok(_) => record = Some(rows[place].finish(&folder)?),
            Err(error) if error.is_interruption() => {
                write_summary(&folder, &plan.name, &rows, &groups, record.as_ref())?;
                return Ok(BatchOutcome { summary, rows, interrupted: true });
            }
            Err(error) => {
                let remedy = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
                listener.notice(&JobEvent::Warning(&format!("{} failed: {error}{remedy}", job.name())));
                // What stands in the folder is of other settings; a table of earlier runs is worth more than that news.
                let refused = matches!(
                    error,
                    RunError::OtherRun { .. }
                        | RunError::OtherUnfinished { .. }
                        | RunError::Predict(PredictError::OtherBottlenecks { .. })
                );
                rows[place].fail(&error);
                if refused && record.is_none() && summary.exists() {
                    continue;
                }
            }
        }
        write_summary(&folder, &plan.name, &rows, &groups, record.as_ref())?;
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
    let names = plan.runs.iter().any(|run| run.name.is_some());
    match arguments.iter().find(|argument| clashes(argument) || (names && key(argument) == "name")) {
        Some(argument) => Err(JobError::SetOfBatch { argument: argument.clone(), key: key(argument) }),
        None => Ok(()),
    }
}

/// Reads and checks every job of a batch.
fn load_all(plan: &BatchPlan, arguments: &[String], listener: &mut dyn Listener) -> Result<Vec<AnyJob>, RunError> {
    let mut jobs: Vec<AnyJob> = Vec::new();
    refuse_overridden(plan, arguments)?;
    for run in &plan.runs {
        // A whole map first, then what is set within it, whichever stands first in the file.
        let mut of_run = run.arguments.clone();
        of_run.sort_by_key(|argument| argument.split('=').next().unwrap_or_default().matches('.').count());
        let mut job = load_any(&run.job, &[of_run.as_slice(), arguments].concat()).inspect_err(|_| {
            // The error tells of the job file and of what is set in it, not whose it is.
            let name = run.name.as_ref().map_or_else(|| run.job.display().to_string(), |name| format!("`{name}`"));
            listener.notice(&JobEvent::Warning(&format!("run {name} of the batch {} is refused", plan.name)));
        })?;
        if let Some(name) = &run.name {
            job.set_name(name.clone());
        }
        let runs = match job.folds() {
            None => vec![job],
            Some(mut folds) => {
                folds.iter_mut().for_each(|fold| fold.set_name(format!("{}-{}", job.name(), fold.name())));
                folds
            }
        };
        for job in runs {
            let name = job.name();
            if jobs.iter().any(|other| other.name() == name) {
                let message = format!("two runs of the batch are called `{name}`");
                let help = "give them names in the batch: `jobs: [{job: ..., name: ...}, ...]`".to_owned();
                return Err(job.refuse("name", message, Some(help)).into());
            }
            jobs.push(job);
        }
    }
    Ok(jobs)
}
