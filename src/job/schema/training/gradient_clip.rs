//! Bounds for gradients.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::optimizer::is_above_0;

/// How gradients are kept small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum GradientClip {
    /// The length of all gradients together is at most this: PyTorch's `clip_grad_norm_`.
    Norm(#[garde(custom(is_above_0))] f64),
    /// The length of each tensor's gradient is at most this: Keras' `clipnorm`.
    NormEach(#[garde(custom(is_above_0))] f64),
    /// No value lies farther from zero: PyTorch's `clip_grad_value_`.
    Value(#[garde(custom(is_above_0))] f64),
}
