//! The scores as `metrics.json` holds them.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ReliabilityBin;

/// Contents of `metrics.json`. Every number is finite; what is undefined is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Scores on the training voxels.
    pub train: Option<Scores>,
    /// Scores on the validation share, if the split has one.
    pub validation: Option<Scores>,
    /// Scores on the test voxels, if the split has some.
    pub test: Option<Scores>,
    /// How the voxels were divided.
    pub split: SplitSummary,
}

impl Metrics {
    /// The subsets that were scored, the one that says most about voxels that were not learnt last.
    pub fn subsets(&self) -> Vec<(&'static str, &Scores)> {
        let all = [("train", &self.train), ("validation", &self.validation), ("test", &self.test)];
        all.into_iter().filter_map(|(name, scores)| Some((name, scores.as_ref()?))).collect()
    }
}

impl Scores {
    /// Every score of all classes together, by its name in `metrics.json`.
    pub fn named(&self) -> [(&'static str, Option<f64>); 11] {
        [
            ("loss", self.loss),
            ("mae", self.mae),
            ("accuracy", Some(self.accuracy)),
            ("balanced_accuracy", Some(self.balanced_accuracy)),
            ("macro_f1", Some(self.macro_f1)),
            ("mean_iou", Some(self.mean_iou)),
            ("fwiu", Some(self.fwiu)),
            ("kappa", self.kappa),
            ("roc_auc", self.roc_auc),
            ("brier", self.brier),
            ("calibration_error", self.calibration_error),
        ]
    }
}

impl ClassScore {
    /// Every score of the class, by its name in `metrics.json`.
    pub fn named(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("precision", self.precision),
            ("recall", self.recall),
            ("f1", self.f1),
            ("iou", self.iou),
            ("roc_auc", self.roc_auc),
        ]
    }
}

/// How the labelled voxels were divided, and what that says about the test scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// `random`, `stripes`, `blocks`, `folds` or `none`.
    pub kind: String,
    /// Test voxels whose patch, or whose context, holds a training voxel.
    pub leak: u64,
    /// Side of the square that the network sees round a voxel, where it segments and knows no patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// Test voxels in all, scored or not.
    pub test_voxels: u64,
    /// Least distance of training and test voxels, in traces (and samples, for blocks), where the split is spatial.
    pub gap: Option<u64>,
}

/// Scores over one set of voxels, defined as in scikit-learn.
///
/// A class without a voxel in truth and prediction takes no part in the means; one that is only predicted counts
/// with F1 and IoU of 0, and has no recall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean cross entropy, natural logarithm; none where only codes were compared.
    pub loss: Option<f64>,
    /// Share of voxels classified rightly.
    pub accuracy: f64,
    /// Mean recall over the classes that occur.
    pub balanced_accuracy: f64,
    /// Mean over voxels and classes of |one-hot - probability|, as Keras counts it; none where only codes were compared.
    pub mae: Option<f64>,
    /// Mean F1 over the classes that occur or are predicted.
    pub macro_f1: f64,
    /// Mean intersection over union over the classes that occur or are predicted.
    pub mean_iou: f64,
    /// Intersection over union, weighted by class frequency.
    pub fwiu: f64,
    /// Cohen's kappa; none where truth and prediction are one and the same single class.
    pub kappa: Option<f64>,
    /// Mean over the classes of the area under the receiver operating characteristic of one class against the rest; none
    /// where only codes were compared. Exact up to 65,536 different probabilities of a class, otherwise to 1e-5.
    pub roc_auc: Option<f64>,
    /// Brier score: mean over voxels of the squared distance of probabilities and one-hot class, 0 to 2; none where only
    /// codes were compared.
    pub brier: Option<f64>,
    /// Expected calibration error over the bins of `reliability`: mean over voxels of |accuracy - confidence| of their
    /// bin; none where only codes were compared.
    pub calibration_error: Option<f64>,
    /// What loss and calibration were before the class scores were divided by the model's temperature, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncalibrated: Option<Uncalibrated>,
    /// How many voxels were scored.
    pub support: u64,
    /// Scores by class, in code order.
    pub classes: ClassScores,
    /// Accuracy by confidence, in fifteen bins of equal width without the empty ones.
    #[serde(default)]
    pub reliability: Vec<ReliabilityBin>,
}

/// Scores of the probabilities before calibration; those that need classes alone are the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uncalibrated {
    /// Mean cross entropy.
    pub loss: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Expected calibration error.
    pub calibration_error: Option<f64>,
}

/// Scores of one class; a ratio whose denominator is 0 is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// Share of the voxels taken for this class that are of it; none where no voxel was.
    pub precision: Option<f64>,
    /// Share of the voxels of this class that were found; none where it does not occur.
    pub recall: Option<f64>,
    /// Harmonic mean of both; none where the class neither occurs nor is predicted.
    pub f1: Option<f64>,
    /// Intersection over union; none where the class neither occurs nor is predicted.
    pub iou: Option<f64>,
    /// Area under the receiver operating characteristic of this class against the rest; none where one of the two does not
    /// occur, or only codes were compared.
    pub roc_auc: Option<f64>,
    /// How many voxels are of this class.
    pub support: u64,
}

/// Name and scores of every class, in code order; a JSON object in that order.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScores(pub Vec<(String, ClassScore)>);

impl Serialize for ClassScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, score)| (name, score)))
    }
}

impl<'de> Deserialize<'de> for ClassScores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = ClassScores;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("scores by class name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClassScores, A::Error> {
                let mut classes = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    classes.push(entry);
                }
                Ok(ClassScores(classes))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::ClassTable;
    use crate::metrics::ConfusionMatrix;

    #[test]
    fn metrics_read_back_what_they_write_with_classes_in_code_order() {
        let classes = ClassTable::from_names(["salt", "else", "absent"]).unwrap();
        let mut matrix = ConfusionMatrix::new(3);
        [(0, 0), (0, 1), (1, 1)].iter().for_each(|&(truth, predicted)| matrix.add(truth, predicted));
        let split = SplitSummary { kind: "random".into(), leak: 7, context: None, test_voxels: 9, gap: None };
        let metrics = Metrics { train: matrix.scores(&classes), validation: None, test: None, split };
        let text = serde_json::to_string(&metrics).unwrap();
        assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
        let places = ["\"salt\"", "\"else\"", "\"absent\""].map(|name| text.find(name).unwrap());
        assert!(places.is_sorted(), "{text}");
        assert!(
            text.contains(
                r#""absent":{"precision":null,"recall":null,"f1":null,"iou":null,"roc_auc":null,"support":0}"#
            ),
            "{text}"
        );
        assert!(
            text.ends_with(
                r#""validation":null,"test":null,"split":{"kind":"random","leak":7,"test_voxels":9,"gap":null}}"#
            ),
            "{text}"
        );
    }
}
