//! The table of shallow classifiers, for people and for programs.

use super::failure::Failure;
use super::printer::Printer;
use super::quantity::{counted, grouped};
use super::table::Table;
use crate::analysis::BaselineRow;
use crate::job::BaselineOutcome;
use crate::metrics::Scores;

/// Most unreadable pictures that are named one by one.
const MOST_NAMED: usize = 10;

/// What the rows of features are.
pub(super) enum Sizes<'a> {
    Voxels,
    Pictures {
        /// In how many parts each was held out once.
        folds: Option<usize>,
        /// File and reason.
        unreadable: &'a [(String, String)],
    },
}

/// Prints the table, what it was made from, and what makes it worth less.
pub(super) fn answer(
    outcome: &BaselineOutcome,
    sizes: &Sizes<'_>,
    as_json: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    warn(outcome, sizes, printer);
    if as_json {
        return Ok(printer.answer_json(&json(outcome, sizes))?);
    }
    printer.answer(table(outcome))?;
    let units = if matches!(sizes, Sizes::Voxels) { "voxels" } else { "pictures" };
    let held_out: Vec<_> =
        outcome.held_out.iter().map(|(name, count)| format!("{} {}", grouped(*count as u64), words(name))).collect();
    let training = grouped(outcome.training as u64);
    printer.note(format_args!(
        "{}; {training} training, {} {units}",
        counted(outcome.features, "feature"),
        held_out.join(", ")
    ));
    for file in &outcome.files {
        printer.answer(file.display())?;
    }
    Ok(())
}

fn warn(outcome: &BaselineOutcome, sizes: &Sizes<'_>, printer: &Printer) {
    let leak = grouped(outcome.leak);
    match sizes {
        Sizes::Voxels if outcome.leak > 0 => printer
            .warning(format_args!("{leak} test voxels see training voxels in their patch: these scores mean little")),
        Sizes::Pictures { .. } if outcome.leak > 0 => printer.warning(format_args!(
            "{leak} of the pictures held out are training pictures as well: these scores mean little"
        )),
        _ => {}
    }
    if let Sizes::Pictures { unreadable, .. } = sizes {
        for (file, reason) in unreadable.iter().take(MOST_NAMED) {
            let file = crate::dataset::pictures::Shown(file.as_ref());
            printer.warning(format_args!("left out: {file}: {reason}"));
        }
        if unreadable.len() > MOST_NAMED {
            let more = unreadable.len() - MOST_NAMED;
            printer.warning(format_args!("{more} more cannot be read; baseline.errors.csv names them"));
        }
    }
}

/// `cross-validation`.
fn words(set: &str) -> String {
    set.replace('_', "-")
}

fn table(outcome: &BaselineOutcome) -> Table {
    let of_set = |(set, _): &(&str, usize)| {
        ["accuracy", "balanced accuracy", "ROC AUC", "F1"].map(|score| format!("{score} ({})", words(set)))
    };
    let of_sets = outcome.held_out.iter().flat_map(of_set);
    let mut table = Table::new(std::iter::once("model".to_owned()).chain(of_sets).chain(["seconds".to_owned()]));
    for row in &outcome.rows {
        let scores = row.scores.iter().flat_map(|scores| values(scores.as_ref()));
        let scores = scores.map(|value| value.map(|value| format!("{value:.3}")).unwrap_or_default());
        let name = row.classifier.name().to_owned();
        table.add(std::iter::once(name).chain(scores).chain([format!("{:.1}", row.time.as_secs_f64())]));
    }
    table
}

fn values(scores: Option<&Scores>) -> [Option<f64>; 4] {
    [
        scores.map(|scores| scores.accuracy),
        scores.map(|scores| scores.balanced_accuracy),
        scores.and_then(|scores| scores.roc_auc),
        scores.map(|scores| scores.macro_f1),
    ]
}

fn json(outcome: &BaselineOutcome, sizes: &Sizes<'_>) -> serde_json::Value {
    let row = |row: &BaselineRow| {
        let scores = outcome.held_out.iter().zip(&row.scores);
        let scores = scores.map(|((name, _), scores)| ((*name).to_owned(), serde_json::json!(scores)));
        let mut entry: serde_json::Map<_, _> = scores.collect();
        entry.insert("model".into(), row.classifier.name().into());
        entry.insert("seconds".into(), row.time.as_secs_f64().into());
        serde_json::Value::Object(entry)
    };
    let models: serde_json::Value = outcome.rows.iter().map(row).collect();
    let held_out: serde_json::Map<_, _> =
        outcome.held_out.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect();
    let (features, training, leak, files) = (outcome.features, outcome.training, outcome.leak, &outcome.files);
    match sizes {
        Sizes::Voxels => serde_json::json!({
            "features": features, "training_voxels": training, "held_out": held_out, "leak": leak, "models": models,
            "files": files,
        }),
        Sizes::Pictures { folds, unreadable } => {
            let unreadable: Vec<_> = unreadable.iter().map(|(file, reason)| format!("{file}: {reason}")).collect();
            serde_json::json!({
                "features": features, "training_pictures": training, "held_out": held_out, "folds": folds, "leak": leak,
                "unreadable": unreadable, "models": models, "files": files,
            })
        }
    }
}
