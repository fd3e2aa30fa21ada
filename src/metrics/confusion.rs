//! Which class was taken for which.

use ndarray::{ArrayView2, Zip};

use super::{ClassScore, ClassScores, Scores};
use crate::grid::{ClassTable, UNLABELLED};

/// Counts of voxels by true class (row) and predicted class (column).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// An empty matrix for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Counts one voxel of class `truth` that was taken for `predicted`; none where either is
    /// [`UNLABELLED`](crate::grid::UNLABELLED).
    ///
    /// # Panics
    /// When another code is not below the number of classes.
    pub fn add(&mut self, truth: u8, predicted: u8) {
        if truth == UNLABELLED || predicted == UNLABELLED {
            return;
        }
        let (row, column) = (usize::from(truth), usize::from(predicted));
        assert!(
            row < self.classes && column < self.classes,
            "codes {truth} and {predicted} must be below {}",
            self.classes
        );
        self.counts[row * self.classes + column] += 1;
    }

    /// Counts every voxel of a section, codes `[trace, sample]`.
    ///
    /// # Panics
    /// As [`ConfusionMatrix::add`], and when the shapes differ.
    pub fn add_section(&mut self, truth: ArrayView2<'_, u8>, predicted: ArrayView2<'_, u8>) {
        Zip::from(truth).and(predicted).for_each(|&truth, &predicted| self.add(truth, predicted));
    }

    /// Adds the counts of `other`.
    ///
    /// # Panics
    /// When `other` is for another number of classes.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.classes, other.classes, "confusion matrices of different classes");
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Voxels of class `truth` that were taken for `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Voxels of class `truth`.
    pub fn support(&self, truth: usize) -> u64 {
        (0..self.classes).map(|predicted| self.count(truth, predicted)).sum()
    }

    /// Voxels taken for `predicted`.
    pub fn predicted(&self, predicted: usize) -> u64 {
        (0..self.classes).map(|truth| self.count(truth, predicted)).sum()
    }

    /// All voxels.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The scores of the counted voxels, or none where nothing was counted. What needs probabilities
    /// stays open.
    ///
    /// # Panics
    /// When `classes` holds another number of classes.
    pub fn scores(&self, classes: &ClassTable) -> Option<Scores> {
        assert_eq!(self.classes, classes.len(), "a matrix for other classes");
        let total = self.total();
        if total == 0 {
            return None;
        }
        let per_class: Vec<_> = (0..self.classes).map(|class| self.class_score(class)).collect();
        let right: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        let weighted_iou = per_class.iter().filter_map(|score| Some(score.iou? * score.support as f64));
        Some(Scores {
            loss: None,
            accuracy: right as f64 / total as f64,
            balanced_accuracy: mean_of_defined(per_class.iter().map(|score| score.recall)),
            mae: None,
            macro_f1: mean_of_defined(per_class.iter().map(|score| score.f1)),
            mean_iou: mean_of_defined(per_class.iter().map(|score| score.iou)),
            fwiu: weighted_iou.sum::<f64>() / total as f64,
            kappa: self.kappa(right, total),
            roc_auc: None,
            brier: None,
            calibration_error: None,
            uncalibrated: None,
            support: total,
            classes: ClassScores(classes.iter().map(|class| class.name.clone()).zip(per_class).collect()),
            reliability: Vec::new(),
        })
    }

    fn class_score(&self, class: usize) -> ClassScore {
        let (hits, support, predicted) = (self.count(class, class), self.support(class), self.predicted(class));
        ClassScore {
            precision: ratio(hits, predicted),
            recall: ratio(hits, support),
            f1: ratio(2 * hits, support + predicted),
            iou: ratio(hits, support + predicted - hits),
            roc_auc: None,
            support,
        }
    }

    /// Cohen's kappa: agreement beyond what the class shares of truth and prediction make by chance.
    fn kappa(&self, right: u64, total: u64) -> Option<f64> {
        let by_chance = |class| i128::from(self.support(class)) * i128::from(self.predicted(class));
        let (right, total, chance) =
            (i128::from(right), i128::from(total), (0..self.classes).map(by_chance).sum::<i128>());
        let beyond_chance = total * total - chance;
        (beyond_chance > 0).then(|| (right * total - chance) as f64 / beyond_chance as f64)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Mean over the classes that have a value; at least one has, or nothing was counted.
fn mean_of_defined(values: impl Iterator<Item = Option<f64>>) -> f64 {
    let (sum, count) = values.flatten().fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn unlabelled_voxels_count_nothing() {
        let mut matrix = ConfusionMatrix::new(2);
        matrix.add_section(array![[0, 1, UNLABELLED], [1, 1, 0]].view(), array![[0, 0, 1], [1, UNLABELLED, 0]].view());
        assert_eq!(matrix.total(), 4);
        assert_eq!([matrix.count(0, 0), matrix.count(1, 0), matrix.count(1, 1)], [2, 1, 1]);
        assert_eq!((matrix.support(1), matrix.predicted(1)), (2, 1));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let pairs = [(0, 1), (2, 2), (1, 0), (1, 1), (2, 0)];
        let (mut whole, mut left, mut right) =
            (ConfusionMatrix::new(3), ConfusionMatrix::new(3), ConfusionMatrix::new(3));
        for (at, (truth, predicted)) in pairs.into_iter().enumerate() {
            whole.add(truth, predicted);
            if at % 2 == 0 { &mut left } else { &mut right }.add(truth, predicted);
        }
        left.merge(&right);
        assert_eq!(left, whole);
    }

    #[test]
    fn nothing_counted_gives_no_scores() {
        assert_eq!(ConfusionMatrix::new(2).scores(&ClassTable::from_names(["a", "b"]).unwrap()), None);
    }
}
