//! Scores of several runs side by side, with mean and spread.

use std::path::Path;

use serde::Serialize;

use super::score_files::write_csv;
use super::{ReportError, write_atomically};
use crate::metrics::{Metrics, Scores, Spread};

/// One score over several runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreSpread {
    /// `train`, `validation` or `test`.
    pub subset: &'static str,
    /// Its class; none for a score of all classes together.
    pub class: Option<String>,
    /// Its name in `metrics.json`.
    pub score: &'static str,
    /// Its value in each run; none where it is not defined there.
    pub values: Vec<Option<f64>>,
    /// Over the runs in which it is defined.
    pub spread: Option<Spread>,
}

/// A number of a subset's scores, and what it is called.
type Named = (Option<String>, &'static str, Option<f64>);

/// Every score of several runs of the same classes, in the order of `metrics.json`.
pub fn score_spreads(runs: &[Metrics]) -> Vec<ScoreSpread> {
    let of_run = |subset: &str, metrics: &Metrics| -> Option<Vec<Named>> {
        metrics.subsets().into_iter().find(|(name, _)| *name == subset).map(|(_, scores)| named(scores))
    };
    let mut spreads = Vec::new();
    for subset in ["train", "validation", "test"] {
        let runs: Vec<Option<Vec<Named>>> = runs.iter().map(|metrics| of_run(subset, metrics)).collect();
        let Some(names) = runs.iter().flatten().next() else { continue };
        for (place, (class, score, _)) in names.iter().enumerate() {
            let values: Vec<Option<f64>> = runs.iter().map(|run| run.as_ref()?.get(place)?.2).collect();
            let defined: Vec<f64> = values.iter().copied().flatten().collect();
            spreads.push(ScoreSpread { subset, class: class.clone(), score, spread: Spread::of(&defined), values });
        }
    }
    spreads
}

fn named(scores: &Scores) -> Vec<Named> {
    let of_all = scores.named().into_iter().map(|(score, value)| (None, score, value));
    let of_classes = scores.classes.0.iter().flat_map(|(class, scores)| {
        scores.named().into_iter().map(|(score, value)| (Some(class.clone()), score, value))
    });
    of_all.chain(of_classes).collect()
}

/// Writes the spreads as a table with a row a score: mean, standard deviation, least, most, and the value of each run.
///
/// # Errors
/// When the file cannot be written.
pub fn write_spreads(path: &Path, runs: &[String], spreads: &[ScoreSpread]) -> Result<(), ReportError> {
    let head = ["subset", "class", "score", "mean", "deviation", "least", "most"];
    let mut rows = vec![head.iter().map(|&title| title.to_owned()).chain(runs.iter().cloned()).collect::<Vec<_>>()];
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for ScoreSpread { subset, class, score, values, spread } in spreads {
        let mut row = vec![(*subset).to_owned(), class.clone().unwrap_or_default(), (*score).to_owned()];
        let spread = spread.as_ref();
        row.extend([
            number(spread.map(|spread| spread.mean)),
            number(spread.and_then(|spread| spread.deviation)),
            number(spread.map(|spread| spread.least)),
            number(spread.map(|spread| spread.most)),
        ]);
        row.extend(values.iter().map(|&value| number(value)));
        rows.push(row);
    }
    write_csv(path, &rows)
}

/// A table in Markdown. What would end a cell or a row is taken out of the text.
pub fn markdown_table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells = cells.iter().map(|cell| cell.replace('|', "/").replace(['\n', '\r'], " "));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(head.len()));
    std::iter::once(line(head)).chain([rule]).chain(rows.iter().map(|row| line(row))).collect()
}

/// Writes a page of Markdown.
///
/// # Errors
/// When the file cannot be written.
pub fn write_markdown(path: &Path, text: &str) -> Result<(), ReportError> {
    write_atomically(path, text.as_bytes()).map_err(ReportError::write(path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::grid::ClassTable;
    use crate::metrics::{ConfusionMatrix, SplitSummary};

    /// A run that gets `right` of ten voxels of one class right and has none of the other.
    fn run(right: usize) -> Metrics {
        let mut confusion = ConfusionMatrix::new(2);
        (0..10).for_each(|k| confusion.add(0, u8::from(k >= right)));
        let scores = confusion.scores(&ClassTable::from_names(["a", "b"]).unwrap());
        let split = SplitSummary { kind: "stripes".into(), leak: 0, context: None, test_voxels: 10, gap: Some(1) };
        Metrics { train: None, validation: None, test: scores, split }
    }

    #[test]
    fn every_score_has_the_mean_and_spread_of_its_runs() {
        let spreads = score_spreads(&[run(5), run(9), run(10)]);
        let find = |class: Option<&str>, score: &str| {
            spreads.iter().find(|spread| spread.class.as_deref() == class && spread.score == score).unwrap()
        };
        let accuracy = find(None, "accuracy");
        assert_eq!(accuracy.values, [Some(0.5), Some(0.9), Some(1.0)]);
        let spread = accuracy.spread.unwrap();
        assert!((spread.mean - 0.8).abs() < 1e-12 && (spread.deviation.unwrap() - 0.07f64.sqrt()).abs() < 1e-12);
        assert_eq!((spread.least, spread.most), (0.5, 1.0));
        // Not defined in the run where the class is neither there nor predicted.
        assert_eq!(find(Some("b"), "f1").spread.unwrap().count, 2);
        assert_eq!(find(Some("b"), "recall").spread, None);
        assert!(spreads.iter().all(|spread| spread.subset == "test"));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("folds.csv");
        write_spreads(&path, &["fold-1".into(), "fold-2".into(), "fold-3".into()], &spreads).unwrap();
        let table = fs::read_to_string(path).unwrap();
        let head = "subset,class,score,mean,deviation,least,most,fold-1,fold-2,fold-3\n";
        assert!(table.starts_with(head), "{table}");
        assert!(table.contains("\ntest,b,recall,,,,,,,\n"), "{table}");
    }

    #[test]
    fn text_cannot_break_a_markdown_table() {
        let table = markdown_table(&["run".into(), "score".into()], &[vec!["a|b\nc".into(), "1".into()]]);
        assert_eq!(table, "| run | score |\n| --- | --- |\n| a/b c | 1 |\n");
    }
}
