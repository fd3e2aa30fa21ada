//! What training makes small.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What training makes small, over the labelled voxels of a batch. `class_weights` count in each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Cross entropy.
    CrossEntropy(#[garde(dive)] CrossEntropy),
    /// Cross entropy that makes little of what is certain already (Lin et al. 2017); `class_weights` are its alpha.
    Focal(#[garde(dive)] Focal),
    /// One minus the Dice coefficient, averaged over the classes of the batch.
    Dice(#[garde(dive)] Dice),
    /// Cross entropy and Dice together.
    CrossEntropyDice(#[garde(dive)] CrossEntropyDice),
}

impl Default for Loss {
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropy::default())
    }
}

/// Cross entropy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `label_smoothing`")]
pub struct CrossEntropy {
    /// Share of the certainty that is spread over all classes.
    #[garde(range(min = 0.0, max = 0.999))]
    pub label_smoothing: f64,
}

/// Focal loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `gamma`")]
pub struct Focal {
    /// How little it makes of what is certain; 0 is cross entropy.
    #[garde(range(min = 0.0, max = 10.0))]
    pub gamma: f64,
}

impl Default for Focal {
    fn default() -> Self {
        Self { gamma: 2.0 }
    }
}

/// Dice loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `smooth`")]
pub struct Dice {
    /// Added above and below, for classes of few voxels.
    #[garde(range(min = 0.0, max = 1000.0))]
    pub smooth: f64,
}

impl Default for Dice {
    fn default() -> Self {
        Self { smooth: 1.0 }
    }
}

/// Cross entropy and Dice together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `dice_weight`")]
pub struct CrossEntropyDice {
    /// What the Dice loss is multiplied by.
    #[garde(range(min = 0.0, max = 1000.0))]
    pub dice_weight: f64,
    /// Share of the certainty that the cross entropy spreads over all classes.
    #[garde(range(min = 0.0, max = 0.999))]
    pub label_smoothing: f64,
    /// Added above and below in the Dice coefficient.
    #[garde(range(min = 0.0, max = 1000.0))]
    pub smooth: f64,
}

impl Default for CrossEntropyDice {
    fn default() -> Self {
        Self { dice_weight: 1.0, label_smoothing: 0.0, smooth: 1.0 }
    }
}
