//! The table of shallow classifiers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ndarray::ArrayView2;

use super::shallow::{Classifier, ShallowError, Table};
use crate::grid::ClassTable;
use crate::metrics::{ScoreSums, Scores};

/// Rows that a classifier has not learnt from, with the class of each.
#[derive(Clone, Copy, Debug)]
pub struct HeldOut<'a> {
    /// `[row, feature]`.
    pub features: ArrayView2<'a, f32>,
    /// Class code of every row.
    pub codes: &'a [u8],
}

/// What one classifier is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
    /// Which.
    pub classifier: Classifier,
    /// Scores on each of the sets of rows held out; none where one is empty.
    pub scores: Vec<Option<Scores>>,
    /// Time to learn and to classify all that was held out.
    pub time: Duration,
}

/// Fits `classifiers` to `table`, one after the other, and scores each on every one of `held_out`. `tell` learns of each row as
/// it is done; an interruption ends the table before the next classifier.
///
/// # Errors
/// When a classifier cannot be fitted.
pub fn baseline(
    table: &Table,
    held_out: &[HeldOut<'_>],
    classes: &ClassTable,
    classifiers: &[Classifier],
    seed: u64,
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(&BaselineRow),
) -> Result<Vec<BaselineRow>, ShallowError> {
    let mut rows = Vec::with_capacity(classifiers.len());
    for &classifier in classifiers {
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        let fitted = classifier.fit(table, seed)?;
        let scores = held_out.iter().map(|part| {
            let mut sums = ScoreSums::new(classes.len());
            if !part.codes.is_empty() {
                sums.add_rows(part.codes, fitted.probabilities(part.features).view());
            }
            sums.scores(classes)
        });
        let row = BaselineRow { classifier, scores: scores.collect(), time: start.elapsed() };
        tell(&row);
        rows.push(row);
    }
    Ok(rows)
}
