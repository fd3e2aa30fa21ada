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
    /// Memory for the features of frozen layers.
    pub feature_cache: FeatureCache,
    /// Batches that are made ahead of the device.
    pub batches_ahead: usize,
    /// Names the settings and data of the run; a checkpoint of another run is refused.
    pub fingerprint: String,
}

/// Memory for the features of frozen layers, on the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureCache {
    /// A quarter of what is free.
    #[default]
    Auto,
    /// None: they are computed anew at every step.
    Off,
    /// So many bytes.
    Bytes(u64),
}
