//! How many digits training computes with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Numbers that convolutions and dense layers compute in while training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrainingPrecision {
    /// 32-bit floats.
    #[default]
    F32,
    /// Factors of convolutions rounded to 11 bits, sums in 32: CUDA devices since Ampere.
    Tf32,
    /// 16-bit floats, sums in 32: CUDA devices since Ampere. A CPU imitates it by rounding, at no gain.
    Bf16,
}
