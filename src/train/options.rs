//! How long to train, and when to stop.

use std::time::Duration;

use super::{EarlyStopping, Form};

/// How a training run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingOptions {
    /// Patches or crops.
    pub form: Form,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Steps in an epoch, after which the validation share is scored and a record is kept.
    pub steps_per_epoch: u64,
    /// Stops a run that no longer improves. Needs a validation share.
    pub early_stopping: Option<EarlyStopping>,
    /// Time between checkpoints within an epoch; one is written after every epoch anyway.
    pub checkpoint_every: Duration,
    /// Names the settings and data of the run; a checkpoint of another run is refused.
    pub fingerprint: String,
}
