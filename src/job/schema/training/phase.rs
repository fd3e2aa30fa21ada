//! Stretches of training in which other weights learn, or in another way.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::DeepFreeze;
use super::{Optimizer, Schedule};

/// One of several stretches of training. Its length is given in `steps` or in `epochs`, not both. It begins with the weights that
/// the one before it left, and with a fresh optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `steps` or `epochs`")]
pub struct Phase {
    /// Its optimiser steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub steps: Option<u64>,
    /// Its epochs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub epochs: Option<u64>,
    /// What keeps its weights; the network's `freeze` if left out. `{all_but_last: 0}` trains the head alone, `{layers: 0}` all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub freeze: Option<DeepFreeze>,
    /// How weights follow gradients; the training's `optimizer` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub optimizer: Option<Optimizer>,
    /// How the learning rate goes on; the training's `schedule` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub schedule: Option<Schedule>,
}
