//! What a stretch of predictions is worth, voxel by voxel.

use ndarray::{ArrayView2, ArrayView3, Axis, Zip};

use super::order_free_sum::OrderFreeSum;
use super::ranking::Ranking;
use super::reliability::ReliabilitySums;
use super::temperature::undo;
use super::{ConfusionMatrix, Scores, Uncalibrated};
use crate::grid::{ClassTable, UNLABELLED};

/// Smallest probability that the loss believes, so that it stays finite (87.3 at the most).
const LEAST_PROBABILITY: f64 = f32::MIN_POSITIVE as f64;
/// Different probabilities that are told apart to rank voxels: of each class, and of all together.
const MOST_VALUES: usize = 1 << 16;
const MOST_VALUES_IN_ALL: usize = 1 << 20;

/// Running sums from which [`Scores`] are drawn: the confusion matrix, cross entropy, absolute error, ranks and calibration.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreSums {
    confusion: ConfusionMatrix,
    absolute_error: OrderFreeSum,
    rankings: Vec<Ranking>,
    calibration: CalibrationSums,
    /// The temperature of the probabilities, and what is counted of them without it.
    uncalibrated: Option<(f64, CalibrationSums)>,
    scratch: Vec<f32>,
}

/// What a temperature changes.
#[derive(Clone, Debug, Default, PartialEq)]
struct CalibrationSums {
    loss: OrderFreeSum,
    squared_error: OrderFreeSum,
    reliability: ReliabilitySums,
}

impl CalibrationSums {
    fn add(&mut self, truth: usize, predicted: usize, probability: impl Iterator<Item = f64> + Clone) {
        let of = |class: usize| probability.clone().nth(class).unwrap_or(f64::NAN);
        // A softmax in single precision may exceed 1 by a rounding, and `clamp` keeps what is no number.
        self.loss.add(-of(truth).clamp(LEAST_PROBABILITY, 1.0).ln());
        let error = |(class, p): (usize, f64)| (f64::from(u8::from(class == truth)) - p).powi(2);
        self.squared_error.add(probability.clone().enumerate().map(error).sum());
        self.reliability.add(of(predicted), truth == predicted);
    }

    fn merge(&mut self, other: &Self) {
        self.loss.merge(other.loss);
        self.squared_error.merge(other.squared_error);
        self.reliability.merge(&other.reliability);
    }
}

impl ScoreSums {
    /// Empty sums for `classes` classes.
    pub fn new(classes: usize) -> Self {
        let most_values = MOST_VALUES.min(MOST_VALUES_IN_ALL / classes.max(1));
        Self {
            confusion: ConfusionMatrix::new(classes),
            absolute_error: OrderFreeSum::default(),
            rankings: vec![Ranking::new(most_values); classes],
            calibration: CalibrationSums::default(),
            uncalibrated: None,
            scratch: vec![0.0; classes],
        }
    }

    /// Empty sums for probabilities that a temperature has changed, if one is given; what they were before is scored, too.
    pub fn of_calibrated(classes: usize, temperature: Option<f64>) -> Self {
        let uncalibrated = temperature.map(|temperature| (temperature, CalibrationSums::default()));
        Self { uncalibrated, ..Self::new(classes) }
    }

    /// Adds one voxel of class `truth` with the probabilities of all classes; none where `truth` is
    /// [`UNLABELLED`](crate::grid::UNLABELLED). The predicted class is the first of the most probable ones.
    ///
    /// # Panics
    /// When there is not one probability per class or `truth` is no class.
    pub fn add(&mut self, truth: u8, probability: &[f32]) {
        if truth == UNLABELLED {
            return;
        }
        assert_eq!(probability.len(), self.confusion.classes(), "one probability per class");
        let predicted = first_largest(probability);
        self.confusion.add(truth, predicted);
        let (truth, predicted) = (usize::from(truth), usize::from(predicted));
        let probabilities = probability.iter().map(|&p| f64::from(p));
        self.calibration.add(truth, predicted, probabilities.clone());
        let error = |(class, p): (usize, f64)| (f64::from(u8::from(class == truth)) - p).abs();
        self.absolute_error.add(probabilities.clone().enumerate().map(error).sum::<f64>() / probability.len() as f64);
        for (class, (ranking, &p)) in self.rankings.iter_mut().zip(probability).enumerate() {
            ranking.add(p, class == truth);
        }
        if let Some((temperature, sums)) = &mut self.uncalibrated {
            let mut before: Vec<f64> = probabilities.collect();
            undo(*temperature, &mut before);
            sums.add(truth, predicted, before.into_iter());
        }
    }

    /// Adds voxels with their probabilities `[voxel, class]`.
    ///
    /// # Panics
    /// As [`ScoreSums::add`], and when the lengths differ.
    pub fn add_rows(&mut self, truth: &[u8], probability: ArrayView2<'_, f32>) {
        assert_eq!(truth.len(), probability.nrows(), "one row of probabilities per voxel");
        let mut row = std::mem::take(&mut self.scratch);
        for (&truth, probability) in truth.iter().zip(probability.outer_iter()) {
            row.iter_mut().zip(probability).for_each(|(to, &from)| *to = from);
            self.add(truth, &row[..probability.len()]);
        }
        self.scratch = row;
    }

    /// Adds the labelled voxels of a section: codes `[trace, sample]`, probabilities `[class, trace, sample]`.
    ///
    /// # Panics
    /// As [`ScoreSums::add`], and when the shapes differ.
    pub fn add_section(&mut self, truth: ArrayView2<'_, u8>, probability: ArrayView3<'_, f32>) {
        assert_eq!(probability.len_of(Axis(0)), self.confusion.classes(), "one plane of probabilities per class");
        let mut row = std::mem::take(&mut self.scratch);
        Zip::from(truth).and(probability.lanes(Axis(0))).for_each(|&truth, probability| {
            if truth != UNLABELLED {
                row.iter_mut().zip(probability).for_each(|(to, &from)| *to = from);
                self.add(truth, &row);
            }
        });
        self.scratch = row;
    }

    /// Adds the sums of `other`.
    ///
    /// # Panics
    /// When `other` is for another number of classes or another temperature.
    pub fn merge(&mut self, other: &Self) {
        self.confusion.merge(&other.confusion);
        self.absolute_error.merge(other.absolute_error);
        self.rankings.iter_mut().zip(&other.rankings).for_each(|(ranking, other)| ranking.merge(other));
        self.calibration.merge(&other.calibration);
        match (&mut self.uncalibrated, &other.uncalibrated) {
            (Some((ours, sums)), Some((theirs, others))) if ours == theirs => sums.merge(others),
            (None, None) => {}
            _ => panic!("sums of probabilities at different temperatures"),
        }
    }

    /// Which class was taken for which.
    pub fn confusion(&self) -> &ConfusionMatrix {
        &self.confusion
    }

    /// Mean cross entropy, natural logarithm; none before the first voxel or where a probability was no number.
    pub fn loss(&self) -> Option<f64> {
        self.calibration.loss.mean(self.confusion.total())
    }

    /// Mean absolute error as Keras counts it: mean over voxels and classes of |one-hot - probability|.
    pub fn mae(&self) -> Option<f64> {
        self.absolute_error.mean(self.confusion.total())
    }

    /// Share of voxels classified rightly; none before the first.
    pub fn accuracy(&self) -> Option<f64> {
        let right: u64 = (0..self.confusion.classes()).map(|class| self.confusion.count(class, class)).sum();
        let total = self.confusion.total();
        (total > 0).then(|| right as f64 / total as f64)
    }

    /// All scores, or none where no voxel was added.
    ///
    /// # Panics
    /// When `classes` holds another number of classes.
    pub fn scores(&self, classes: &ClassTable) -> Option<Scores> {
        let mut scores = self.confusion.scores(classes)?;
        let areas: Vec<_> = self.rankings.iter().map(Ranking::area).collect();
        for ((_, score), &area) in scores.classes.0.iter_mut().zip(&areas) {
            score.roc_auc = area;
        }
        let defined: Vec<f64> = areas.into_iter().flatten().collect();
        let total = self.confusion.total();
        let brier = |sums: &CalibrationSums| sums.squared_error.mean(total);
        Some(Scores {
            loss: self.loss(),
            mae: self.mae(),
            roc_auc: (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64),
            brier: brier(&self.calibration),
            calibration_error: self.calibration.reliability.expected_error(),
            uncalibrated: self.uncalibrated.as_ref().map(|(_, sums)| Uncalibrated {
                loss: sums.loss.mean(total),
                brier: brier(sums),
                calibration_error: sums.reliability.expected_error(),
            }),
            reliability: self.calibration.reliability.bins(),
            ..scores
        })
    }
}

/// The class with the largest value; of equal ones the first.
pub fn first_largest(values: &[f32]) -> u8 {
    let mut best = 0;
    for (class, value) in values.iter().enumerate() {
        if *value > values[best] || (values[best].is_nan() && !value.is_nan()) {
            best = class;
        }
    }
    best as u8
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use serde::Deserialize;

    use super::*;

    /// Written by `tests/peers/check_scores_against_sklearn.py`.
    const GOLDEN: &str = include_str!("../../tests/fixtures/scores_sklearn.json");

    #[derive(Deserialize)]
    struct Case {
        name: String,
        truth: Vec<u8>,
        probability: Vec<Vec<f32>>,
        scores: Scores,
    }

    fn close(ours: impl Into<Option<f64>>, theirs: impl Into<Option<f64>>) -> bool {
        match (ours.into(), theirs.into()) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() < 1e-9,
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        }
    }

    #[test]
    fn scores_equal_scikit_learn() {
        let cases: Vec<Case> = serde_json::from_str(GOLDEN).unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            let name = &case.name;
            let classes = ClassTable::from_names(case.scores.classes.0.iter().map(|(name, _)| name.clone())).unwrap();
            let rows: Vec<f32> = case.probability.concat();
            let rows = Array2::from_shape_vec((case.truth.len(), classes.len()), rows).unwrap();
            let mut sums = ScoreSums::new(classes.len());
            sums.add_rows(&case.truth, rows.view());
            let ours = sums.scores(&classes).unwrap();
            let theirs = &case.scores;
            for (what, ours, theirs) in [
                ("loss", ours.loss, theirs.loss),
                ("accuracy", ours.accuracy.into(), theirs.accuracy.into()),
                ("balanced_accuracy", ours.balanced_accuracy.into(), theirs.balanced_accuracy.into()),
                ("mae", ours.mae, theirs.mae),
                ("macro_f1", ours.macro_f1.into(), theirs.macro_f1.into()),
                ("mean_iou", ours.mean_iou.into(), theirs.mean_iou.into()),
                ("fwiu", ours.fwiu.into(), theirs.fwiu.into()),
                ("kappa", ours.kappa, theirs.kappa),
                ("roc_auc", ours.roc_auc, theirs.roc_auc),
                ("brier", ours.brier, theirs.brier),
                ("calibration_error", ours.calibration_error, theirs.calibration_error),
            ] {
                assert!(close(ours, theirs), "{name}: {what} {ours:?}, scikit-learn {theirs:?}");
            }
            assert_eq!(ours.support, theirs.support, "{name}");
            assert_eq!(ours.reliability.len(), theirs.reliability.len(), "{name}");
            for (ours, theirs) in ours.reliability.iter().zip(&theirs.reliability) {
                assert_eq!(ours.support, theirs.support, "{name}");
                assert!(close(ours.confidence, theirs.confidence) && close(ours.accuracy, theirs.accuracy), "{name}");
            }
            for ((class, ours), (_, theirs)) in ours.classes.0.iter().zip(&theirs.classes.0) {
                assert_eq!(ours.support, theirs.support, "{name}: {class}");
                for (what, ours, theirs) in [
                    ("precision", ours.precision, theirs.precision),
                    ("recall", ours.recall, theirs.recall),
                    ("f1", ours.f1, theirs.f1),
                    ("iou", ours.iou, theirs.iou),
                    ("roc_auc", ours.roc_auc, theirs.roc_auc),
                ] {
                    assert!(close(ours, theirs), "{name}: {class} {what} {ours:?}, scikit-learn {theirs:?}");
                }
            }
        }
    }

    #[test]
    fn rows_sections_and_merged_parts_give_equal_sums() {
        let (traces, samples) = (7, 5);
        let value = |k: usize| (k * 2_654_435_761 % 1000) as f32 / 1000.0;
        let raw = Array3::from_shape_fn((3, traces, samples), |(c, t, s)| value(c * 100 + t * samples + s) + 0.01);
        let probability = &raw / &raw.sum_axis(Axis(0)).insert_axis(Axis(0));
        let truth = Array2::from_shape_fn((traces, samples), |(t, s)| [0, 1, 2, UNLABELLED][(3 * t + s) % 4]);
        let mut whole = ScoreSums::new(3);
        whole.add_section(truth.view(), probability.view());
        let mut merged = ScoreSums::new(3);
        for trace in (0..traces).rev() {
            let mut part = ScoreSums::new(3);
            let row: Vec<u8> = truth.row(trace).to_vec();
            part.add_rows(&row, probability.index_axis(Axis(1), trace).t());
            merged.merge(&part);
        }
        let classes = ClassTable::from_names(["a", "b", "c"]).unwrap();
        assert_eq!(whole.confusion().total(), truth.iter().filter(|&&code| code != UNLABELLED).count() as u64);
        assert_eq!(merged.scores(&classes), whole.scores(&classes));
    }

    #[test]
    fn certain_errors_have_a_finite_loss_and_undefined_probabilities_none() {
        let mut sums = ScoreSums::new(2);
        sums.add(0, &[0.0, 1.0]);
        assert!((sums.loss().unwrap() - 87.336).abs() < 1e-2);
        assert_eq!(sums.mae(), Some(1.0));
        sums.add(1, &[f32::NAN, f32::NAN]);
        assert_eq!((sums.loss(), sums.mae()), (None, None));
        assert_eq!(sums.accuracy(), Some(0.0));
    }

    #[test]
    fn what_probabilities_were_before_their_temperature_is_scored_beside_them() {
        let before = [[0.9f32, 0.1], [0.8, 0.2], [0.3, 0.7]];
        let temperature = 3.0;
        let (mut plain, mut calibrated) = (ScoreSums::new(2), ScoreSums::of_calibrated(2, Some(temperature)));
        for (truth, row) in [0, 1, 1].into_iter().zip(before) {
            plain.add(truth, &row);
            let tempered = row.map(|p| f64::from(p).powf(1.0 / temperature));
            calibrated.add(truth, &tempered.map(|p| (p / tempered.iter().sum::<f64>()) as f32));
        }
        let classes = ClassTable::from_names(["a", "b"]).unwrap();
        let (plain, calibrated) = (plain.scores(&classes).unwrap(), calibrated.scores(&classes).unwrap());
        let uncalibrated = calibrated.uncalibrated.unwrap();
        for (again, expected, now) in [
            (uncalibrated.loss, plain.loss, calibrated.loss),
            (uncalibrated.brier, plain.brier, calibrated.brier),
            (uncalibrated.calibration_error, plain.calibration_error, calibrated.calibration_error),
        ] {
            assert!((again.unwrap() - expected.unwrap()).abs() < 1e-6);
            assert!((now.unwrap() - expected.unwrap()).abs() > 1e-3);
        }
        assert_eq!((plain.accuracy, plain.uncalibrated), (calibrated.accuracy, None));
    }

    #[test]
    fn equal_probabilities_choose_the_first_class() {
        assert_eq!(first_largest(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(first_largest(&[f32::NAN, 0.1, 0.9]), 2);
    }
}
