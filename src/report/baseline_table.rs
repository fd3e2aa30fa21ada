//! The table of shallow classifiers as a file.

use std::path::Path;

use super::ReportError;
use super::score_files::write_csv;
use crate::analysis::{BaselineRow, Part};
use crate::grid::ClassTable;
use crate::metrics::Scores;

/// Columns of every set of rows held out.
const SCORES: [&str; 4] = ["accuracy", "balanced_accuracy", "roc_auc", "f1"];

/// Writes one line per classifier: its name, the scores on each of `sets` (`validation`, `test`, `cross_validation`), and seconds.
///
/// # Errors
/// When the file cannot be written.
pub fn write_baseline(path: &Path, sets: &[&str], rows: &[BaselineRow]) -> Result<(), ReportError> {
    let of_set = |set: &&str| SCORES.map(|score| format!("{set}_{score}"));
    let header = std::iter::once("model".to_owned()).chain(sets.iter().flat_map(of_set)).chain(["seconds".into()]);
    let mut lines = vec![header.collect::<Vec<_>>()];
    for row in rows {
        let scores = row.scores.iter().flat_map(|scores| numbers(scores.as_ref()));
        let name = row.classifier.name().to_owned();
        lines.push(std::iter::once(name).chain(scores).chain([format!("{:.3}", row.time.as_secs_f64())]).collect());
    }
    write_csv(path, &lines)
}

/// Writes one line per row of features: the part it belongs to, its class, and the values under `names`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_features(path: &Path, names: &[String], classes: &ClassTable, parts: &[Part]) -> Result<(), ReportError> {
    let class_names: Vec<_> = classes.iter().map(|class| class.name.clone()).collect();
    let header = ["set".to_owned(), "class".to_owned()].into_iter().chain(names.iter().cloned());
    let mut lines: Vec<Vec<String>> = vec![header.collect()];
    for part in parts {
        for (values, &code) in part.features.rows().into_iter().zip(&part.codes) {
            let which = [part.name.clone(), class_names[usize::from(code)].clone()];
            lines.push(which.into_iter().chain(values.iter().map(f32::to_string)).collect());
        }
    }
    write_csv(path, &lines)
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
