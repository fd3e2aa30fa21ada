//! How long to train, and when to stop.

use std::time::Duration;

use super::{EarlyStopping, Form, Monitor, Schedule};
use crate::network::Learning;

/// How a training run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingOptions {
    /// Patches or crops.
    pub form: Form,
    /// What is done one after the other, at least one. Each begins with the weights that the last one left, and with a fresh
    /// optimiser.
    pub phases: Vec<Phase>,
    /// Steps in an epoch, after which the validation share is scored and a record is kept.
    pub steps_per_epoch: u64,
    /// Each ends a phase that no longer improves. They need a validation share.
    pub early_stopping: Vec<EarlyStopping>,
    /// What finds the best epoch; without a validation share, that is the last.
    pub best_by: Monitor,
    /// Whose weights the model gets.
    pub keep: Keep,
    /// Time between checkpoints within an epoch; one is written after every epoch anyway.
    pub checkpoint_every: Duration,
    /// Memory for the features of frozen layers.
    pub feature_cache: FeatureCache,
    /// Batches that are made ahead of the device.
    pub batches_ahead: usize,
    /// Names the settings and data of the run; a checkpoint of another run is refused.
    pub fingerprint: String,
}

/// A stretch of training in which the same weights learn in the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Optimiser steps.
    pub steps: u64,
    /// What learns, and how.
    pub learning: Learning,
    /// The optimiser's step size.
    pub learning_rate: f64,
    /// How that goes on.
    pub schedule: Schedule,
}

/// Whose weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those of the best epoch.
    #[default]
    Best,
    /// Those of the last.
    Last,
}

impl TrainingOptions {
    /// Optimiser steps of all phases from this one on.
    pub(super) fn steps_from(&self, phase: usize) -> u64 {
        self.phases.iter().skip(phase).fold(0, |sum, phase| sum.saturating_add(phase.steps))
    }
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
