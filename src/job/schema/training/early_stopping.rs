//! When training ends before its last step.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ends training when validation gets no better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `monitor` and `patience`")]
pub struct EarlyStopping {
    /// What must get better.
    #[garde(skip)]
    pub monitor: Monitor,
    /// Epochs without improvement that are borne.
    #[garde(range(min = 1))]
    pub patience: u64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { monitor: Monitor::Loss, patience: 3 }
    }
}

/// What early stopping looks at, on the validation share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The loss.
    #[default]
    Loss,
    /// The accuracy.
    Accuracy,
    /// Either: training ends when one of the two got no better, as the published recipe has it.
    Both,
}
