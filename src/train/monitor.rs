//! Values of validation that decide something.

use serde::{Deserialize, Serialize};

use super::EpochRecord;

/// A validation value to watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Cross entropy; smaller is better, of all others larger is.
    #[default]
    Loss,
    /// Share of voxels classified rightly.
    Accuracy,
    /// Mean recall of the classes.
    BalancedAccuracy,
    /// Mean F1 of the classes.
    MacroF1,
    /// Mean intersection over union of the classes.
    MeanIou,
    /// Cohen's kappa.
    Kappa,
}

impl Monitor {
    /// What it was after an epoch; none where it is undefined or nothing was validated.
    pub fn value(self, record: &EpochRecord) -> Option<f64> {
        match self {
            Self::Loss => record.validation_loss,
            Self::Accuracy => record.validation_accuracy,
            Self::BalancedAccuracy => record.validation_balanced_accuracy,
            Self::MacroF1 => record.validation_macro_f1,
            Self::MeanIou => record.validation_mean_iou,
            Self::Kappa => record.validation_kappa,
        }
    }

    /// Whether a larger value is the better one.
    pub fn larger_is_better(self) -> bool {
        self != Self::Loss
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced accuracy",
            Self::MacroF1 => "F1",
            Self::MeanIou => "mean IoU",
            Self::Kappa => "kappa",
        }
    }

    /// The value turned so that smaller is better; what is undefined is worse than anything.
    pub(super) fn cost(self, record: &EpochRecord) -> f64 {
        let worst = f64::INFINITY;
        match self.value(record) {
            Some(value) if self.larger_is_better() => -value,
            Some(value) => value,
            None => worst,
        }
    }
}
