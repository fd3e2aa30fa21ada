//! What the validation share says.

use std::error::Error;
use std::sync::atomic::AtomicBool;

use crate::metrics::Scores;
use crate::network::Predictor;

/// What the validation share says; nothing where a value is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Validation {
    /// Mean cross entropy.
    pub loss: Option<f64>,
    /// Share of voxels classified rightly.
    pub accuracy: Option<f64>,
    /// Mean recall of the classes.
    pub balanced_accuracy: Option<f64>,
    /// Mean F1 of the classes.
    pub macro_f1: Option<f64>,
    /// Mean intersection over union of the classes.
    pub mean_iou: Option<f64>,
    /// Cohen's kappa.
    pub kappa: Option<f64>,
    /// Intersection over union, weighted by the frequency of the classes.
    pub fwiu: Option<f64>,
    /// Area under the ROC curve, mean of the classes against the rest.
    pub roc_auc: Option<f64>,
    /// Mean absolute error of the probabilities.
    pub mae: Option<f64>,
}

impl From<&Scores> for Validation {
    fn from(scores: &Scores) -> Self {
        Self {
            loss: scores.loss,
            accuracy: Some(scores.accuracy),
            balanced_accuracy: Some(scores.balanced_accuracy),
            macro_f1: Some(scores.macro_f1),
            mean_iou: Some(scores.mean_iou),
            // Like the ranking it takes two classes among the truths; with one it is 0 whatever was predicted.
            kappa: scores.roc_auc.and(scores.kappa),
            fwiu: Some(scores.fwiu),
            roc_auc: scores.roc_auc,
            mae: scores.mae,
        }
    }
}

/// Scores the network on voxels held out for validation.
pub trait Validator {
    /// Scores of `predictor`; none if `interrupted` is set before they are there.
    ///
    /// # Errors
    /// When the network cannot be applied.
    fn validate(
        &self,
        predictor: &Predictor,
        interrupted: &AtomicBool,
    ) -> Result<Option<Validation>, Box<dyn Error + Send + Sync>>;
}
