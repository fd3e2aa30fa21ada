//! `history.csv`: one row for each epoch.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{ReportError, write_atomically};
use crate::train::{EpochRecord, Observer, TrainingEvent};

const COLUMNS: [&str; 15] = [
    "epoch",
    "step",
    "phase",
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "validation_balanced_accuracy",
    "validation_macro_f1",
    "validation_mean_iou",
    "validation_kappa",
    "validation_fwiu",
    "validation_roc_auc",
    "validation_mae",
];

/// Keeps `history.csv` up to date while a network is trained.
///
/// The file is written whole after each epoch. A run that continues from a checkpoint starts with the checkpoint's
/// epochs, whatever the file held, so that its bytes equal those of an uninterrupted run.
#[derive(Debug)]
pub struct HistoryCsv {
    path: PathBuf,
    records: Vec<EpochRecord>,
}

impl HistoryCsv {
    /// Writes to `path` once training starts.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), records: Vec::new() }
    }

    /// The epochs so far.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }
}

impl Observer for HistoryCsv {
    fn observe(&mut self, event: &TrainingEvent<'_>) -> io::Result<()> {
        match event {
            TrainingEvent::Started { history, .. } => self.records = history.to_vec(),
            TrainingEvent::Epoch { record, .. } => self.records.push((*record).clone()),
            _ => return Ok(()),
        }
        write_atomically(&self.path, &csv_bytes(&self.records)?)
    }
}

/// Reads the epochs of a finished run back from its `history.csv`.
///
/// # Errors
/// When the file cannot be read or has other columns.
pub fn read_history(path: &Path) -> Result<Vec<EpochRecord>, ReportError> {
    let text = fs::read(path).map_err(ReportError::read(path))?;
    let rows = csv::Reader::from_reader(text.as_slice()).into_deserialize().collect::<Result<_, _>>();
    rows.map_err(|source| ReportError::History { path: path.to_owned(), source })
}

fn csv_bytes(records: &[EpochRecord]) -> io::Result<Vec<u8>> {
    // The header is written by hand, so that a run without a finished epoch has one too.
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for record in records {
        writer.serialize(record)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u64) -> EpochRecord {
        let validated = epoch.is_multiple_of(2).then_some(1.0 / epoch as f64);
        EpochRecord {
            epoch,
            step: 40 * epoch,
            phase: 1,
            learning_rate: 2e-4,
            train_loss: 2.0 / (1.0 + epoch as f64),
            train_accuracy: 0.1 * epoch as f64,
            validation_loss: validated,
            validation_accuracy: validated,
            validation_kappa: validated,
            ..EpochRecord::default()
        }
    }

    fn observe(history: &mut HistoryCsv, earlier: &[EpochRecord], epochs: impl IntoIterator<Item = u64>) {
        history.observe(&TrainingEvent::Started { step: 0, steps: 400, history: earlier }).unwrap();
        for epoch in epochs {
            history.observe(&TrainingEvent::Epoch { record: &record(epoch), best: false }).unwrap();
        }
    }

    #[test]
    fn a_continued_run_leaves_the_bytes_of_an_uninterrupted_one() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, broken] = ["whole.csv", "broken.csv"].map(|name| folder.path().join(name));
        observe(&mut HistoryCsv::new(&whole), &[], 1..=5);
        // Killed after epoch 4, the last checkpoint being that of epoch 3.
        observe(&mut HistoryCsv::new(&broken), &[], 1..=4);
        let checkpoint: Vec<_> = (1..=3).map(record).collect();
        let mut second = HistoryCsv::new(&broken);
        observe(&mut second, &checkpoint, 4..=5);
        assert_eq!(fs::read(&broken).unwrap(), fs::read(&whole).unwrap());
        assert_eq!(read_history(&whole).unwrap(), second.records());
    }

    #[test]
    fn columns_are_named_even_before_the_first_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        observe(&mut HistoryCsv::new(&path), &[], []);
        assert_eq!(fs::read_to_string(&path).unwrap().trim_end(), COLUMNS.join(","));
        assert!(read_history(&path).unwrap().is_empty());
        observe(&mut HistoryCsv::new(&path), &[], 1..=2);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().nth(1), Some("1,40,1,0.0002,1.0,0.1,,,,,,,,,"));
    }

    #[test]
    fn other_tables_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        fs::write(&path, "epoch,loss\n1,0.5\n").unwrap();
        assert!(matches!(read_history(&path), Err(ReportError::History { .. })));
    }
}
