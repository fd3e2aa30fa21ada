//! `summary.csv` and `summary.md`: the runs of a batch side by side.

use std::fs;
use std::path::Path;

use super::run_folder::RunRecord;
use super::{AnyJob, BatchRow, BatchStatus, RunError};
use crate::metrics::Spread;
use crate::report::{markdown_table, write_atomically, write_markdown};

/// Names of the tables in a batch's folder.
pub(super) const SUMMARY_FILE: &str = "summary.csv";
pub(super) const MARKDOWN_FILE: &str = "summary.md";

/// Runs that differ in nothing but seed and fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alike {
    /// What their names have in common.
    pub(super) name: String,
    /// Their places in the batch.
    pub(super) runs: Vec<usize>,
}

/// Puts the runs of a batch together that differ in nothing but seed and fold, in the order of the first of each.
///
/// # Errors
/// When a job cannot be written as text; a loaded one can.
pub(super) fn alike(jobs: &[AnyJob]) -> Result<Vec<Alike>, RunError> {
    let mut groups: Vec<(String, Alike)> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        let (key, fold) = job.bare()?;
        let mut without = vec![format!("seed-{}", job.seed())];
        without.extend(fold.map(|fold| format!("fold-{fold}")));
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.runs.push(place),
            None => groups.push((key, Alike { name: common_name(job.name(), &without), runs: vec![place] })),
        }
    }
    let name = |group: Alike| if group.name.is_empty() { Alike { name: "all".into(), ..group } } else { group };
    Ok(groups.into_iter().map(|(_, group)| name(group)).collect())
}

/// A run's name without the parts that tell it from those like it.
fn common_name(name: &str, without: &[String]) -> String {
    without.iter().fold(name.to_owned(), |name, part| {
        let bounded = format!("-{name}-").replacen(&format!("-{part}-"), "-", 1);
        bounded.trim_matches('-').to_owned()
    })
}

/// Writes both tables.
///
/// # Errors
/// When the system refuses.
pub(super) fn write_summary(
    folder: &Path,
    title: &str,
    rows: &[BatchRow],
    groups: &[Alike],
    record: Option<&RunRecord>,
) -> Result<(), RunError> {
    let path = folder.join(SUMMARY_FILE);
    let failed = |source| RunError::Io { action: "write", path: path.clone(), source };
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.serialize(row).map_err(|error| failed(error.into()))?;
    }
    let bytes = table.into_inner().map_err(|error| failed(error.into_error()))?;
    fs::create_dir_all(folder).map_err(RunError::io("make", folder))?;
    write_atomically(&path, &bytes).map_err(failed)?;
    Ok(write_markdown(&folder.join(MARKDOWN_FILE), &markdown(title, rows, groups, record))?)
}

/// A number of a run.
type Number = fn(&BatchRow) -> Option<f64>;

/// Title, number and decimals of the columns that have a mean and a spread.
const COLUMNS: [(&str, Number, usize); 12] = [
    ("accuracy while training", |row| Some(row.last_epoch?[1]), 3),
    ("training loss", |row| row.train_loss, 3),
    ("training MAE", |row| row.train_mae, 3),
    ("training accuracy", |row| row.train_accuracy, 3),
    ("test loss", |row| row.test_loss, 3),
    ("test MAE", |row| row.test_mae, 3),
    ("test accuracy", |row| row.test_accuracy, 3),
    ("balanced accuracy", |row| row.balanced_accuracy, 3),
    ("mean IoU", |row| row.mean_iou, 3),
    ("ROC AUC", |row| row.roc_auc, 3),
    ("calibration error", |row| row.calibration_error, 3),
    ("test share that leaks", |row| Some(100.0 * row.leak? as f64 / (row.test_voxels? as f64).max(1.0)), 1),
];

fn markdown(title: &str, rows: &[BatchRow], groups: &[Alike], record: Option<&RunRecord>) -> String {
    let head = ["run", "network", "values", "steps", "seconds", "runs"].into_iter();
    let head: Vec<String> = head.chain(COLUMNS.iter().map(|(title, ..)| *title)).map(str::to_owned).collect();
    let of_group = |group: &Alike| {
        let all: Vec<&BatchRow> = group.runs.iter().map(|&place| &rows[place]).collect();
        let done: Vec<&BatchRow> = all.iter().copied().filter(|row| row.status == BatchStatus::Finished).collect();
        let number = |number: &dyn Fn(&BatchRow) -> Option<f64>, decimals: usize| {
            let values: Vec<f64> = done.iter().filter_map(|row| number(row)).collect();
            Spread::of(&values).map_or_else(|| "–".to_owned(), |spread| spread.text(decimals))
        };
        let counted =
            if done.len() == all.len() { all.len().to_string() } else { format!("{} of {}", done.len(), all.len()) };
        let mut cells = vec![group.name.clone(), all[0].network.clone(), all[0].parameters.to_string()];
        cells.push(number(&|row| row.steps.map(|steps| steps as f64), 0));
        cells.push(number(&|row| row.seconds, 0));
        cells.push(counted);
        cells.extend(COLUMNS.iter().map(|(title, value, decimals)| {
            let text = number(&|row| value(row), *decimals);
            if title.ends_with("leaks") && text != "–" { format!("{text} %") } else { text }
        }));
        cells
    };
    let table = markdown_table(&head, &groups.iter().map(of_group).collect::<Vec<_>>());
    let on = record.map_or_else(String::new, |record| {
        let RunRecord { facies, libtorch, device, threads, started, .. } = record;
        let day = started.split('T').next().unwrap_or_default();
        format!("facies {facies}, libtorch {libtorch}, {device}, {threads} threads, {day}. ")
    });
    let notes = [
        "± is the standard deviation over runs that differ in seed or fold alone.",
        "Training scores are those of the finished network on the training share; accuracy while training is that of the last",
        "epoch's batches as the network saw them while it learnt, with dropout and the statistics of each batch.",
        "Seconds are those of training. Where there is no test share, the last columns are of the validation share.",
    ];
    format!("# {title}\n\n{table}\n{on}{}\n", notes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_tells_seeds_and_folds_apart() {
        for (name, expected) in [
            ("vgg-stripes-seed-12", "vgg-stripes"),
            ("seed-12-vgg", "vgg"),
            ("vgg-seed-12-fold-3", "vgg"),
            ("vgg-seed-123", "vgg-seed-123"),
            ("seed-12", ""),
        ] {
            assert_eq!(common_name(name, &["seed-12".into(), "fold-3".into()]), expected);
        }
    }
}
