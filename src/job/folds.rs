//! Folds: one job that becomes several runs, and the mean and spread of their scores.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::run_folder::{FileRecord, StageRecord, Stages};
use super::schema::{FoldSplit, Split};
use super::{AnyJob, JobEvent, Listener, LoadedJob, RunError, RunOptions, RunOutcome, Work};
use crate::metrics::Metrics;
use crate::report::{
    ReportError, ScoreSpread, markdown_table, read_metrics, score_spreads, write_atomically, write_markdown,
    write_spreads,
};

/// Files of all folds in the folder that holds theirs, and what they hold.
pub(super) const FILES: [(&str, &str); 3] = [
    ("folds.csv", "mean, spread and value of every score over the folds"),
    ("folds.json", "the same for programs"),
    ("folds.md", "the scores of all classes together as a table to paste"),
];

/// Scores whose mean and spread are told.
const TOLD: [&str; 3] = ["accuracy", "balanced_accuracy", "mean_iou"];

/// The folds of a job as jobs of their own, if it asks for all of them: `fold-1` and so on.
pub(super) fn folds_of(loaded: &LoadedJob) -> Option<Vec<LoadedJob>> {
    let Split::Folds(FoldSplit { count, fold: None, .. }) = loaded.job.split else { return None };
    let fold = |number: usize| {
        let mut loaded = loaded.clone();
        if let Split::Folds(folds) = &mut loaded.job.split {
            folds.fold = Some(number);
        }
        loaded.job.name = format!("fold-{number}");
        loaded.job.prediction.clear();
        loaded
    };
    Some((1..=count).map(fold).collect())
}

/// Carries out `work` of every fold of a job that is not done, and writes mean and spread of the scores of all.
///
/// # Errors
/// When interpretations are asked for, a run without folds stands in the folder, or a fold fails or is interrupted.
pub(super) fn carry_out_folds(
    job: &AnyJob,
    folds: &[AnyJob],
    work: Work,
    options: &RunOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<RunOutcome, RunError> {
    if work == Work::Predict {
        let message = "folds are scored, they interpret nothing".to_owned();
        let help = "choose one with `--set split.folds.fold=1`, or another split".to_owned();
        return Err(job.refuse("split.folds", message, Some(help)).into());
    }
    let folder = options.output.join(job.name());
    if folder.join("run.json").exists() {
        return Err(RunError::RunInTheWay { path: folder });
    }
    if job.interprets() && work == Work::Run {
        listener.notice(&JobEvent::Note("folds are scored only; `prediction` is left out"));
    }
    let options = RunOptions { output: folder.clone(), ..options.clone() };
    let mut was_done = true;
    for (place, fold) in folds.iter().enumerate() {
        listener.notice(&JobEvent::Stage(&format!("fold {} of {}", place + 1, folds.len())));
        was_done &= fold.carry_out(work, &options, listener, interrupted)?.was_done;
    }
    let names: Vec<String> = folds.iter().map(|fold| fold.name().to_owned()).collect();
    let evaluation = if work == Work::Train { None } else { Some(record(&write_folds(&folder, &names)?)) };
    Ok(RunOutcome { folder, stages: Stages { evaluation, ..Stages::default() }, was_done })
}

/// `folds.json`.
#[derive(Serialize)]
struct FoldsFile<'a> {
    /// Names of the folds, in the order of the values.
    folds: &'a [String],
    scores: &'a [ScoreSpread],
}

/// Writes mean and spread of the scores of the runs `names` in `folder`.
///
/// # Errors
/// When the scores of a run cannot be read, or a file cannot be written.
pub(super) fn write_folds(folder: &Path, names: &[String]) -> Result<Vec<ScoreSpread>, RunError> {
    let metrics: Vec<Metrics> = names
        .iter()
        .map(|name| read_metrics(&folder.join(name).join("metrics.json")))
        .collect::<Result<_, ReportError>>()?;
    let spreads = score_spreads(&metrics);
    let path = |place: usize| -> PathBuf { folder.join(FILES[place].0) };
    write_spreads(&path(0), names, &spreads)?;
    let text =
        serde_json::to_string_pretty(&FoldsFile { folds: names, scores: &spreads }).expect("plain values serialise");
    write_atomically(&path(1), (text + "\n").as_bytes()).map_err(RunError::io("write", path(1)))?;
    write_markdown(&path(2), &markdown(names, &spreads))?;
    Ok(spreads)
}

/// What folds left, for the record of a run.
fn record(spreads: &[ScoreSpread]) -> StageRecord {
    let file = |(name, description): (&str, &str)| FileRecord {
        name: name.to_owned(),
        description: description.to_owned(),
        bytes: 0,
    };
    StageRecord { files: FILES.map(file).to_vec(), results: told(spreads), ..StageRecord::default() }
}

/// The scores that say most, as name and words.
pub(super) fn told(spreads: &[ScoreSpread]) -> Vec<(String, String)> {
    let is_told =
        |spread: &&ScoreSpread| spread.class.is_none() && spread.subset != "train" && TOLD.contains(&spread.score);
    let result = |score: &ScoreSpread| {
        let spread = score.spread?;
        let text =
            format!("{} over {} folds ({:.3} to {:.3})", spread.text(3), spread.count, spread.least, spread.most);
        Some((format!("{} {}", score.subset, score.score.replace('_', " ")), text))
    };
    spreads.iter().filter(is_told).filter_map(result).collect()
}

/// The scores of all classes together.
fn markdown(names: &[String], spreads: &[ScoreSpread]) -> String {
    let head = ["subset", "score", "mean ± deviation", "least", "most"].map(str::to_owned);
    let head: Vec<String> = head.into_iter().chain(names.iter().cloned()).collect();
    let row = |score: &ScoreSpread| {
        let spread = score.spread?;
        let number = |value: f64| format!("{value:.3}");
        let mut row = vec![score.subset.to_owned(), score.score.replace('_', " "), spread.text(3)];
        row.extend([number(spread.least), number(spread.most)]);
        row.extend(score.values.iter().map(|value| value.map_or_else(|| "–".to_owned(), number)));
        Some(row)
    };
    let rows: Vec<_> = spreads.iter().filter(|spread| spread.class.is_none()).filter_map(row).collect();
    markdown_table(&head, &rows)
}
