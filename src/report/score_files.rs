//! `metrics.json`, `scores.csv` and `confusion.csv`.

use std::fs;
use std::path::Path;

use super::{ReportError, write_atomically};
use crate::grid::ClassTable;
use crate::metrics::{ConfusionMatrix, Metrics};

/// Writes `metrics.json`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_metrics(path: &Path, metrics: &Metrics) -> Result<(), ReportError> {
    let text = serde_json::to_string_pretty(metrics).map_err(|error| ReportError::write(path)(error.into()))?;
    write_atomically(path, (text + "\n").as_bytes()).map_err(ReportError::write(path))
}

/// Reads a `metrics.json` back.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read_metrics(path: &Path) -> Result<Metrics, ReportError> {
    let text = fs::read_to_string(path).map_err(ReportError::read(path))?;
    serde_json::from_str(&text).map_err(|source| ReportError::Metrics { path: path.to_owned(), source })
}

/// Writes all scores as a table with a row for each score of each subset, and of each class in it; `class` is empty for scores
/// of all classes together, and so is the value of a score that is not defined.
///
/// # Errors
/// When the file cannot be written.
pub fn write_scores(path: &Path, metrics: &Metrics) -> Result<(), ReportError> {
    let mut rows = vec![["subset", "class", "score", "value"].map(str::to_owned)];
    for (subset, scores) in metrics.subsets() {
        let of_all = ("", scores.support, scores.named().to_vec());
        let of_class =
            scores.classes.0.iter().map(|(name, score)| (name.as_str(), score.support, score.named().to_vec()));
        for (class, support, named) in std::iter::once(of_all).chain(of_class) {
            let row = |score: &str, value: String| [subset.to_owned(), class.to_owned(), score.to_owned(), value];
            rows.push(row("support", support.to_string()));
            let value = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            rows.extend(named.into_iter().map(|(score, number)| row(score, value(number))));
        }
    }
    write_csv(path, &rows)
}

/// Writes a confusion matrix: a row for each labelled class, a column for each predicted class, voxels in the cells.
///
/// # Errors
/// When the file cannot be written.
///
/// # Panics
/// When `classes` holds another number of classes than `confusion`.
pub fn write_confusion(path: &Path, classes: &ClassTable, confusion: &ConfusionMatrix) -> Result<(), ReportError> {
    assert_eq!(classes.len(), confusion.classes(), "a matrix for other classes");
    let names = || classes.iter().map(|class| class.name.clone());
    let mut rows = vec![std::iter::once("labelled".to_owned()).chain(names()).collect::<Vec<_>>()];
    for (truth, name) in names().enumerate() {
        let counts = (0..confusion.classes()).map(|predicted| confusion.count(truth, predicted).to_string());
        rows.push(std::iter::once(name).chain(counts).collect());
    }
    write_csv(path, &rows)
}

pub(super) fn write_csv<R: AsRef<[String]>>(path: &Path, rows: &[R]) -> Result<(), ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = rows.iter().try_for_each(|row| writer.write_record(row.as_ref()));
    let bytes = written.map_err(std::io::Error::from).and_then(|()| writer.into_inner().map_err(|e| e.into_error()));
    bytes.and_then(|bytes| write_atomically(path, &bytes)).map_err(ReportError::write(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::SplitSummary;

    #[test]
    fn scores_come_back_and_names_with_commas_stay_one_column() {
        let folder = tempfile::tempdir().unwrap();
        let classes = ClassTable::from_names(["sand, channel", "salt"]).unwrap();
        let mut confusion = ConfusionMatrix::new(2);
        [(0, 0), (0, 1), (1, 1), (1, 1)].iter().for_each(|&(truth, predicted)| confusion.add(truth, predicted));

        let path = folder.path().join("confusion.csv");
        write_confusion(&path, &classes, &confusion).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "labelled,\"sand, channel\",salt\n\"sand, channel\",1,1\nsalt,0,2\n");

        let path = folder.path().join("metrics.json");
        let split = SplitSummary { kind: "stripes".into(), leak: 0, context: None, test_voxels: 4, gap: Some(33) };
        let metrics = Metrics { train: None, validation: None, test: confusion.scores(&classes), split };
        write_metrics(&path, &metrics).unwrap();
        assert_eq!(read_metrics(&path).unwrap(), metrics);
        let table = folder.path().join("scores.csv");
        write_scores(&table, &metrics).unwrap();
        let table = fs::read_to_string(table).unwrap();
        for line in ["subset,class,score,value", "test,,accuracy,0.75", "test,,loss,", "test,salt,recall,1"] {
            assert!(table.lines().any(|found| found == line), "{line}: {table}");
        }
        assert!(table.contains("test,\"sand, channel\",iou,0.5\n"), "{table}");
        fs::write(&path, "{}").unwrap();
        assert!(matches!(read_metrics(&path), Err(ReportError::Metrics { .. })));
    }
}
