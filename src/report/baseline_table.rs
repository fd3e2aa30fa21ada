//! The table of shallow classifiers as a file.

use std::path::Path;

use super::{ReportError, write_atomically};
use crate::analysis::{BaselineRow, HeldOut};
use crate::grid::ClassTable;
use crate::metrics::Scores;

/// Columns of every set of rows held out.
const SCORES: [&str; 4] = ["accuracy", "balanced_accuracy", "roc_auc", "f1"];

/// Writes one line per classifier: its name, the scores on each of `sets` (`validation`, `test`), and seconds.
///
/// # Errors
/// When the file cannot be written.
pub fn write_baseline(path: &Path, sets: &[&str], rows: &[BaselineRow]) -> Result<(), ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let of_set = |set: &&str| SCORES.map(|score| format!("{set}_{score}"));
    let header = std::iter::once("model".to_owned()).chain(sets.iter().flat_map(of_set)).chain(["seconds".into()]);
    let mut lines = vec![header.collect::<Vec<_>>()];
    for row in rows {
        let scores = row.scores.iter().flat_map(|scores| numbers(scores.as_ref()));
        let name = row.classifier.name().to_owned();
        lines.push(std::iter::once(name).chain(scores).chain([format!("{:.3}", row.time.as_secs_f64())]).collect());
    }
    let written = lines.iter().try_for_each(|line| writer.write_record(line));
    finish(path, writer, written)
}

/// Writes one line per row of features: the set it belongs to, its class, and the values under `names`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_features(
    path: &Path,
    names: &[String],
    classes: &ClassTable,
    sets: &[(&str, HeldOut<'_>)],
) -> Result<(), ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let class_names: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
    let mut written = writer.write_record(["set", "class"].into_iter().chain(names.iter().map(String::as_str)));
    for (set, rows) in sets {
        for (values, &code) in rows.features.rows().into_iter().zip(rows.codes) {
            let values: Vec<_> = values.iter().map(f32::to_string).collect();
            let record = [*set, class_names[usize::from(code)]].into_iter().chain(values.iter().map(String::as_str));
            written = written.and_then(|()| writer.write_record(record));
        }
    }
    finish(path, writer, written)
}

fn finish(path: &Path, writer: csv::Writer<Vec<u8>>, written: Result<(), csv::Error>) -> Result<(), ReportError> {
    let bytes = written.map_err(std::io::Error::from).and_then(|()| writer.into_inner().map_err(|e| e.into_error()));
    bytes.and_then(|bytes| write_atomically(path, &bytes)).map_err(ReportError::write(path))
}

/// The four scores; empty where a set has no rows or a score no meaning.
fn numbers(scores: Option<&Scores>) -> [String; 4] {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
    [
        number(scores.map(|scores| scores.accuracy)),
        number(scores.map(|scores| scores.balanced_accuracy)),
        number(scores.and_then(|scores| scores.roc_auc)),
        number(scores.map(|scores| scores.macro_f1)),
    ]
}
