//! Values of validation that decide something.

use serde::{Deserialize, Serialize};

use super::EpochRecord;

/// A validation value to watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Cross entropy; smaller is better, as of `Mae`; of all others larger is.
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
    /// Intersection over union, weighted by the frequency of the classes.
    Fwiu,
    /// Area under the ROC curve, mean of the classes against the rest.
    RocAuc,
    /// Mean absolute error of the probabilities.
    Mae,
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
            Self::Fwiu => record.validation_fwiu,
            Self::RocAuc => record.validation_roc_auc,
            Self::Mae => record.validation_mae,
        }
    }

    /// Whether a larger value is the better one.
    pub fn larger_is_better(self) -> bool {
        !matches!(self, Self::Loss | Self::Mae)
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
            Self::Fwiu => "FWIU",
            Self::RocAuc => "ROC AUC",
            Self::Mae => "MAE",
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
