//! What a training run tells those who watch it.

use std::time::Duration;

/// Loss and accuracy over one stretch of training, and on the validation share if there is one.
///
/// One row of `history.csv`. Holds no time, so that equal runs leave equal bytes.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EpochRecord {
    /// Counts from 1.
    pub epoch: u64,
    /// Optimiser steps done since the start.
    pub step: u64,
    /// Phase of the training, counted from 1.
    pub phase: u64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Mean loss over the epoch's training batches.
    pub train_loss: f64,
    /// Share of training voxels classified rightly, dropout active.
    pub train_accuracy: f64,
    /// Mean cross entropy over the validation voxels.
    pub validation_loss: Option<f64>,
    /// Share of validation voxels classified rightly.
    pub validation_accuracy: Option<f64>,
    /// Mean recall of the classes.
    pub validation_balanced_accuracy: Option<f64>,
    /// Mean F1 of the classes.
    pub validation_macro_f1: Option<f64>,
    /// Mean intersection over union of the classes.
    pub validation_mean_iou: Option<f64>,
    /// Cohen's kappa.
    pub validation_kappa: Option<f64>,
    /// Intersection over union, weighted by the frequency of the classes.
    #[serde(default)]
    pub validation_fwiu: Option<f64>,
    /// Area under the ROC curve, mean of the classes against the rest.
    #[serde(default)]
    pub validation_roc_auc: Option<f64>,
    /// Mean absolute error of the probabilities.
    #[serde(default)]
    pub validation_mae: Option<f64>,
}

/// Whether the features of frozen layers are computed once and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptFeatures {
    /// They are.
    Yes {
        /// Bytes that they take.
        bytes: u64,
        /// Of what: `1 section`, `1200 patches`.
        words: String,
    },
    /// They are computed anew at every step.
    No {
        /// Why.
        reason: String,
    },
    /// No layers are frozen.
    NothingFrozen,
}

/// Something happened in training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TrainingEvent<'a> {
    /// Training starts, or continues from a checkpoint at `step`.
    Started {
        /// Steps already done.
        step: u64,
        /// Steps in all.
        steps: u64,
        /// Epochs finished before, from a checkpoint.
        history: &'a [EpochRecord],
    },
    /// A phase of the training begins, or goes on; told only where there are several.
    Phase {
        /// Counts from 1.
        phase: usize,
        /// Phases in all.
        phases: usize,
        /// Optimiser steps of this one, if nothing ends it early.
        steps: u64,
    },
    /// What was decided about the features of frozen layers, before the first step of a phase.
    Features(&'a KeptFeatures),
    /// One optimiser step is done.
    Step {
        /// Steps done.
        step: u64,
        /// Steps in all.
        steps: u64,
        /// Loss of the batch.
        loss: f64,
        /// Learning rate of the step.
        learning_rate: f64,
        /// Share of the batch's labelled voxels classified rightly.
        accuracy: f64,
        /// Labelled voxels in the batch.
        voxels: u64,
        /// Time this step took.
        elapsed: Duration,
    },
    /// One epoch is done.
    Epoch {
        /// Its figures.
        record: &'a EpochRecord,
        /// Whether it is the best so far.
        best: bool,
    },
    /// Training, or a phase of it, ended before its last step, and why.
    StoppedEarly {
        /// `validation loss has not improved for 3 epochs`.
        reason: String,
    },
    /// Training is over; the weights of `best_epoch` are kept.
    Finished {
        /// Epoch whose weights the model holds.
        best_epoch: u64,
    },
}

/// Watches a training run.
pub trait Observer {
    /// Takes note of an event.
    ///
    /// # Errors
    /// When a record cannot be written; training stops then.
    fn observe(&mut self, event: &TrainingEvent<'_>) -> std::io::Result<()>;
}
