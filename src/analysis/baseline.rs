//! The table of shallow classifiers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ndarray::{Array2, Axis, concatenate};

use super::shallow::{Classifier, ShallowError, Table};
use crate::grid::ClassTable;
use crate::metrics::{ScoreSums, Scores};

/// Rows of features that stay together, with the class of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// `train`, `validation`, `test`, `fold1`.
    pub name: String,
    /// `[row, feature]`.
    pub features: Array2<f32>,
    /// Class code of every row.
    pub codes: Vec<u8>,
}

/// Places of the parts that classifiers learn from, and of those that they are scored on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// All of them together are learnt from.
    pub train: Vec<usize>,
    /// One for each set of scores.
    pub held_out: Vec<usize>,
}

/// What one classifier is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
    /// Which.
    pub classifier: Classifier,
    /// Scores on each set, over all trials; none where it is empty.
    pub scores: Vec<Option<Scores>>,
    /// Time to learn and to classify all that was held out.
    pub time: Duration,
}

/// How far the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitProgress {
    /// The classifier that was fitted last.
    pub classifier: Classifier,
    /// Fits done.
    pub done: usize,
    /// Fits in all.
    pub of: usize,
}

/// Fits `classifiers` to each of `trials`, one after the other, and scores each on what its trial holds out; rows of the
/// same place in [`Trial::held_out`] are scored together. `tell` learns of each fit. An interruption ends the work before
/// the next fit; no row is given then, since none is whole.
///
/// # Errors
/// When a classifier cannot be fitted.
///
/// # Panics
/// When trials hold out different numbers of parts, or a place is out of range.
pub fn baseline(
    parts: &[Part],
    trials: &[Trial],
    classes: &ClassTable,
    classifiers: &[Classifier],
    seed: u64,
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(FitProgress),
) -> Result<Vec<BaselineRow>, ShallowError> {
    let sets = trials.first().map_or(0, |trial| trial.held_out.len());
    let mut sums = vec![(vec![ScoreSums::new(classes.len()); sets], Duration::ZERO); classifiers.len()];
    let (mut done, of) = (0, trials.len() * classifiers.len());
    for trial in trials {
        assert_eq!(trial.held_out.len(), sets, "all trials score the same sets");
        let table = joined(parts, &trial.train, classes.len())?;
        for (&classifier, (sums, time)) in classifiers.iter().zip(&mut sums) {
            if interrupted.load(Ordering::Relaxed) {
                return Ok(Vec::new());
            }
            let start = Instant::now();
            let fitted = classifier.fit(&table, seed)?;
            for (sums, part) in sums.iter_mut().zip(trial.held_out.iter().map(|&place| &parts[place])) {
                if !part.codes.is_empty() {
                    sums.add_rows(&part.codes, fitted.probabilities(part.features.view()).view());
                }
            }
            *time += start.elapsed();
            done += 1;
            tell(FitProgress { classifier, done, of });
        }
    }
    let row = |(&classifier, (sums, time)): (&Classifier, (Vec<ScoreSums>, Duration))| BaselineRow {
        classifier,
        scores: sums.iter().map(|sums| sums.scores(classes)).collect(),
        time,
    };
    Ok(classifiers.iter().zip(sums).map(row).collect())
}

/// The rows of these parts, one part after the other.
fn joined(parts: &[Part], places: &[usize], classes: usize) -> Result<Table, ShallowError> {
    // A part without rows may not know how many features there are.
    let parts = || places.iter().map(|&place| &parts[place]).filter(|part| !part.codes.is_empty());
    let features: Vec<_> = parts().map(|part| part.features.view()).collect();
    let codes = parts().flat_map(|part| part.codes.iter().copied()).collect();
    let features = match features.as_slice() {
        [] => Array2::zeros((0, 0)),
        features => concatenate(Axis(0), features).expect("all parts have equal features"),
    };
    Table::new(features, codes, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One feature that tells both classes apart, but for the rows whose class is turned round.
    fn part(name: &str, codes: &[u8], turned: &[usize]) -> Part {
        let features = Array2::from_shape_fn((codes.len(), 1), |(row, _)| f32::from(codes[row]) + 0.01 * row as f32);
        let turn = |(row, &code): (usize, &u8)| if turned.contains(&row) { 1 - code } else { code };
        let codes = codes.iter().enumerate().map(turn).collect();
        Part { name: name.to_owned(), features, codes }
    }

    fn rows(parts: &[Part], trials: &[Trial], stop: bool) -> (Vec<BaselineRow>, Vec<FitProgress>) {
        let classes = ClassTable::from_names(["sand", "salt"]).unwrap();
        let mut told = Vec::new();
        let classifiers = [Classifier::NearestCentroid, Classifier::Dummy];
        let interrupted = AtomicBool::new(stop);
        let rows = baseline(parts, trials, &classes, &classifiers, 1, &interrupted, &mut |fit| told.push(fit));
        (rows.unwrap(), told)
    }

    #[test]
    fn every_fold_is_scored_by_what_learnt_the_others() {
        let codes = [0, 1, 0, 1, 0];
        // One row of each of the first two folds is of the other class: two of fifteen are wrong.
        let parts = [part("train", &[], &[]), part("fold1", &codes, &[0]), part("fold2", &codes, &[3]), {
            part("fold3", &codes, &[])
        }];
        let others = |fold| [0, 1, 2, 3].into_iter().filter(|&place| place != fold).collect();
        let trials: Vec<_> = (1..4).map(|fold| Trial { train: others(fold), held_out: vec![fold] }).collect();
        let (rows, told) = rows(&parts, &trials, false);
        let accuracy = |row: &BaselineRow| row.scores[0].as_ref().unwrap().accuracy;
        assert!((accuracy(&rows[0]) - 13.0 / 15.0).abs() < 1e-9, "{}", accuracy(&rows[0]));
        assert_eq!(rows[0].scores[0].as_ref().unwrap().support, 15);
        assert!(accuracy(&rows[1]) < 0.7);
        assert_eq!(
            told.iter().map(|fit| (fit.done, fit.of)).collect::<Vec<_>>(),
            (1..=6).map(|n| (n, 6)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn sets_are_scored_apart_and_an_interruption_leaves_nothing_half_scored() {
        let parts =
            [part("train", &[0, 1, 0, 1], &[]), part("validation", &[0, 1], &[]), part("test", &[0, 1], &[0, 1])];
        let trials = [Trial { train: vec![0], held_out: vec![1, 2] }];
        let (scored, _) = rows(&parts, &trials, false);
        let accuracies: Vec<_> = scored[0].scores.iter().map(|scores| scores.as_ref().unwrap().accuracy).collect();
        assert_eq!(accuracies, [1.0, 0.0]);
        assert_eq!(rows(&parts, &trials, true), (Vec::new(), Vec::new()));
    }
}
