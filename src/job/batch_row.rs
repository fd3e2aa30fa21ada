//! What became of one run of a batch, as a row of its table.

use std::path::Path;

use serde::Serialize;

use super::RunError;
use super::run_folder::{RunFolder, RunRecord};
use crate::metrics::{Metrics, Scores};
use crate::report::{read_history, read_metrics};

/// What became of one run of a batch. One row of `summary.csv`, which holds no times, so that equal batches leave equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchRow {
    /// Name of the run.
    pub run: String,
    /// `finished`, `failed` or `waiting`.
    pub status: BatchStatus,
    /// The network.
    pub network: String,
    /// Values that it holds, running statistics included.
    pub parameters: usize,
    /// Optimiser steps that were done.
    pub steps: Option<u64>,
    /// Its seed.
    pub seed: u64,
    /// The subset that the scores are of: `test`, else `validation`, else `train`.
    pub subset: Option<&'static str>,
    /// Share of voxels classified rightly.
    pub accuracy: Option<f64>,
    /// Mean recall over the classes.
    pub balanced_accuracy: Option<f64>,
    /// Mean F1 over the classes.
    pub macro_f1: Option<f64>,
    /// Mean intersection over union over the classes.
    pub mean_iou: Option<f64>,
    /// Mean area under the receiver operating characteristic over the classes.
    pub roc_auc: Option<f64>,
    /// Expected calibration error.
    pub calibration_error: Option<f64>,
    /// Cross entropy of the training share.
    pub train_loss: Option<f64>,
    /// Mean absolute error of the training share.
    pub train_mae: Option<f64>,
    /// Accuracy of the training share.
    pub train_accuracy: Option<f64>,
    /// Cross entropy of the test share.
    pub test_loss: Option<f64>,
    /// Mean absolute error of the test share.
    pub test_mae: Option<f64>,
    /// Accuracy of the test share.
    pub test_accuracy: Option<f64>,
    /// Test voxels whose patch holds a training voxel.
    pub leak: Option<u64>,
    /// Test voxels.
    pub test_voxels: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// Time that training took; not in `summary.csv`.
    #[serde(skip)]
    pub seconds: Option<f64>,
    /// Loss and accuracy over the last epoch of training, batch by batch with dropout; not in `summary.csv`.
    #[serde(skip)]
    pub last_epoch: Option<[f64; 2]>,
}

/// Where a run of a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// Done, now or before.
    Finished,
    /// It could not be carried out.
    Failed,
    /// Not begun, or interrupted.
    Waiting,
}

impl BatchRow {
    pub(super) fn new(run: &str, network: String, parameters: usize, seed: u64) -> Self {
        Self {
            run: run.to_owned(),
            status: BatchStatus::Waiting,
            network,
            parameters,
            steps: None,
            seed,
            subset: None,
            accuracy: None,
            balanced_accuracy: None,
            macro_f1: None,
            mean_iou: None,
            roc_auc: None,
            calibration_error: None,
            train_loss: None,
            train_mae: None,
            train_accuracy: None,
            test_loss: None,
            test_mae: None,
            test_accuracy: None,
            leak: None,
            test_voxels: None,
            error: None,
            seconds: None,
            last_epoch: None,
        }
    }

    pub(super) fn fail(&mut self, error: &RunError) {
        self.status = BatchStatus::Failed;
        self.error = Some(error.to_string());
    }

    /// Fills the row from what the run left in its folder, and returns its record.
    pub(super) fn finish(&mut self, output: &Path) -> Result<RunRecord, RunError> {
        self.status = BatchStatus::Finished;
        let folder = RunFolder::find(output, &self.run)?;
        let metrics = read_metrics(&folder.file("metrics.json"))?;
        if let Some((subset, scores)) = metrics.subsets().into_iter().next_back() {
            self.subset = Some(subset);
            self.accuracy = Some(scores.accuracy);
            self.balanced_accuracy = Some(scores.balanced_accuracy);
            self.macro_f1 = Some(scores.macro_f1);
            self.mean_iou = Some(scores.mean_iou);
            self.roc_auc = scores.roc_auc;
            self.calibration_error = scores.calibration_error;
        }
        let Metrics { train, test, split, .. } = &metrics;
        let published = |scores: &Option<Scores>| {
            let scores = scores.as_ref();
            [scores.and_then(|s| s.loss), scores.and_then(|s| s.mae), scores.map(|s| s.accuracy)]
        };
        [self.train_loss, self.train_mae, self.train_accuracy] = published(train);
        [self.test_loss, self.test_mae, self.test_accuracy] = published(test);
        self.leak = test.is_some().then_some(split.leak);
        self.test_voxels = test.is_some().then_some(split.test_voxels);
        let history = read_history(&folder.file("history.csv"))?;
        self.steps = history.last().map(|record| record.step);
        self.last_epoch = history.last().map(|record| [record.train_loss, record.train_accuracy]);
        let record = folder.record()?.unwrap_or_default();
        self.seconds = record.stages.training.as_ref().map(|stage| stage.seconds);
        Ok(record)
    }
}
