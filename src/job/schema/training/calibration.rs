//! Whether probabilities are made to mean what they say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done after training so that probabilities mean what they say: of voxels called something with 80 %, 80 % are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// Nothing. Networks are often too sure of themselves.
    #[default]
    None,
    /// Class scores are divided by one number, fitted on the validation share and kept in the model (Guo et al. 2017). It
    /// changes no class but where probabilities are averaged or interpolated (`plane: both`, `stride`); needs a validation share
    /// in `split`.
    Temperature,
}
