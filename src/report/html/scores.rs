//! Scores as tables.

use super::writer::{Cell, Html};
use crate::grid::ClassTable;
use crate::metrics::{Metrics, Scores};
use crate::report::Judged;
use crate::report::counts::grouped;

/// The few numbers that a reader looks for first: of the test voxels, or else of the best set there is.
pub(super) fn headline(html: &mut Html, metrics: &Metrics, judged: Judged) {
    let Some((subset, scores)) = metrics.subsets().into_iter().next_back() else { return };
    html.raw("<div class=\"cards\">\n");
    for (name, value) in [
        ("accuracy", Some(scores.accuracy)),
        ("balanced accuracy", Some(scores.balanced_accuracy)),
        ("mean IoU", Some(scores.mean_iou)),
        ("kappa", scores.kappa),
    ] {
        html.raw("<div><b>").text(&number(value)).raw("</b>").text(name).raw("<small>").text(subset);
        html.raw(" ").raw(judged.words()).raw("</small></div>\n");
    }
    html.raw("</div>\n");
}

/// Scores by subset, and by class of the subset that says most.
pub(super) fn tables(html: &mut Html, metrics: &Metrics, classes: &ClassTable, judged: Judged) {
    let subsets = metrics.subsets();
    let head = [
        "",
        "accuracy",
        "balanced accuracy",
        "mean IoU",
        "macro F1",
        "weighted IoU",
        "ROC AUC",
        "kappa",
        "cross entropy",
        "mean absolute error",
        "Brier score",
        "calibration error",
        judged.words(),
    ];
    let rows: Vec<_> = subsets
        .iter()
        .map(|(name, scores)| {
            let Scores { accuracy, balanced_accuracy, mean_iou, macro_f1, fwiu, .. } = **scores;
            let shares = [accuracy, balanced_accuracy, mean_iou, macro_f1, fwiu].map(Some);
            let numbers = [scores.kappa, scores.loss, scores.mae, scores.brier, scores.calibration_error];
            let mut row = vec![Cell::Text((*name).to_owned())];
            row.extend(shares.into_iter().chain([scores.roc_auc]).map(Cell::Share));
            row.extend(numbers.map(|value| Cell::Number(number(value))));
            row.push(Cell::Number(grouped(scores.support)));
            row
        })
        .collect();
    html.table(&head, &rows);
    calibration(html, &subsets);
    for (name, scores) in subsets.iter().rev() {
        html.raw("<h3>").text(name).raw(" ").raw(judged.words()).raw(" by class</h3>\n");
        let rows = classes.iter().zip(&scores.classes.0).map(|(class, (_, score))| {
            let mut row = vec![Cell::Class(class.color, class.name.clone())];
            row.extend([score.precision, score.recall, score.f1, score.iou, score.roc_auc].map(Cell::Share));
            row.push(Cell::Number(grouped(score.support)));
            row
        });
        html.table(
            &["class", "precision", "recall", "F1", "IoU", "ROC AUC", judged.words()],
            &rows.collect::<Vec<_>>(),
        );
    }
    html.paragraph(
        "– stands for a ratio without a denominator: a class that does not occur has no recall, one that is never \
         predicted no precision. Means leave out classes that neither occur nor are predicted.",
    );
}

/// What the temperature changed, where the model has one.
fn calibration(html: &mut Html, subsets: &[(&str, &Scores)]) {
    let rows: Vec<_> = subsets
        .iter()
        .filter_map(|(name, scores)| {
            let before = scores.uncalibrated?;
            let numbers = [before.calibration_error, scores.calibration_error, before.loss, scores.loss];
            let mut row = vec![Cell::Text((*name).to_owned())];
            row.extend(numbers.map(|value| Cell::Number(number(value))));
            Some(row)
        })
        .collect();
    if !rows.is_empty() {
        html.raw("<h3>Calibration by temperature</h3>\n");
        let head = ["", "calibration error before", "after", "cross entropy before", "after"];
        html.table(&head, &rows);
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
