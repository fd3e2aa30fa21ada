//! How a network learns.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Augmentation;
use super::{ClassWeights, EarlyStopping, FeatureCache, Optimizer, TrainingForm};

/// How a network learns. Its length is given in `steps` or in `epochs`, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `form` and `steps` or `epochs`")]
pub struct Training {
    /// What one step looks at: crops of sections, or patches.
    #[garde(dive)]
    pub form: TrainingForm,
    /// Optimiser steps in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub steps: Option<u64>,
    /// Epochs in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub epochs: Option<u64>,
    /// Steps of one epoch, after which the network is validated and a row of `history.csv` is written. If left out: as
    /// many as show every training voxel once (patches), or twenty (crops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub steps_per_epoch: Option<u64>,
    /// How weights follow gradients.
    #[serde(default)]
    #[garde(dive)]
    pub optimizer: Optimizer,
    /// Weight of each class in the loss: `none`, `inverse`, `inverse_sqrt`, or one number per class.
    #[serde(default)]
    #[garde(skip)]
    pub class_weights: ClassWeights,
    /// Random changes to what is seen.
    #[serde(default)]
    #[garde(dive)]
    pub augmentation: Augmentation,
    /// Memory for the features of frozen layers, which are then computed once for all steps: `auto` (a quarter of what is
    /// free on the device), `off`, or an amount such as `2 GiB`. They are kept where they fit, come again, and no
    /// `augmentation` but mirroring changes them. A U-Net's are never kept: they depend on where a crop is cut.
    #[serde(default)]
    #[garde(skip)]
    pub feature_cache: FeatureCache,
    /// Ends training when validation gets no better; needs a validation share in `split`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub early_stopping: Option<EarlyStopping>,
}
