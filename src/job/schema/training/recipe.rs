//! How a network learns.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Augmentation;
use super::early_stopping::{one_or_many, one_or_many_schema};
use super::{
    Calibration, ClassWeights, EarlyStopping, FeatureCache, GradientClip, Keep, Loss, Monitor, Optimizer, Phase,
    Schedule, StartFrom, TrainingForm, TrainingPrecision,
};

/// How a network learns. Its length is given in `steps`, in `epochs`, or in those of `phases`.
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
    /// Stretches of training one after the other, each with its own length, and with its own frozen layers, optimiser and
    /// schedule where it names them: the head first, then more at a lower rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 100), dive)]
    pub phases: Vec<Phase>,
    /// Weights to start from: the folder of a finished run or its model file, whose network and classes must be those of this
    /// job, or `{path: ..., head: fresh}` for other classes. Takes the place of the network's `weights`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub start_from: Option<StartFrom>,
    /// How weights follow gradients.
    #[serde(default)]
    #[garde(dive)]
    pub optimizer: Optimizer,
    /// How the learning rate goes on.
    #[serde(default)]
    #[garde(dive)]
    pub schedule: Schedule,
    /// How gradients are kept small; as they are if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub gradient_clip: Option<GradientClip>,
    /// What is made small.
    #[serde(default)]
    #[garde(dive)]
    pub loss: Loss,
    /// Weight of each class in the loss: `none`, `inverse`, `inverse_sqrt`, or one number per class.
    #[serde(default)]
    #[garde(skip)]
    pub class_weights: ClassWeights,
    /// Random changes to what is seen.
    #[serde(default)]
    #[garde(dive)]
    pub augmentation: Augmentation,
    /// Numbers that convolutions and dense layers compute in; weights, their updates and the loss are `f32` in any case.
    #[serde(default)]
    #[garde(skip)]
    pub precision: TrainingPrecision,
    /// Memory for the features of frozen layers, which are then computed once for all steps: `auto` (a quarter of what is
    /// free on the device), `off`, or an amount such as `2 GiB`. They are kept where they fit, come again, and no
    /// `augmentation` but mirroring changes them. A U-Net's are never kept: they depend on where a crop is cut.
    #[serde(default)]
    #[garde(skip)]
    pub feature_cache: FeatureCache,
    /// Ends training, or a phase of it, when validation gets no better: one watch, or a list of which the first to see no
    /// improvement ends it. Needs a validation share in `split`.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema")]
    #[garde(length(max = 16), dive)]
    pub early_stopping: Vec<EarlyStopping>,
    /// The validation score whose best epoch is kept; what `early_stopping` watches first, or the loss, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub best_by: Option<Monitor>,
    /// Whose weights are kept.
    #[serde(default)]
    #[garde(skip)]
    pub keep: Keep,
    /// What is done after training so that probabilities mean what they say: `none` or `temperature`, which needs a
    /// validation share in `split`.
    #[serde(default)]
    #[garde(skip)]
    pub calibration: Calibration,
}
