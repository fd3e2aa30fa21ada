//! How weights follow gradients.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How weights follow gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Kingma and Ba (2014), with the constants 0.9, 0.999 and 1e-8.
    Adam(#[garde(dive)] Adam),
    /// Stochastic gradient descent as Keras has it.
    Sgd(#[garde(dive)] Sgd),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

/// Adam's constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `learning_rate`")]
pub struct Adam {
    /// Step size.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3 }
    }
}

/// Constants of gradient descent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `learning_rate`")]
pub struct Sgd {
    /// Step size of the first update.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
    /// Share of the last step that is kept.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 0.999_999))]
    pub momentum: f64,
    /// Whether the gradient is looked ahead along the momentum.
    #[serde(default)]
    #[garde(skip)]
    pub nesterov: bool,
    /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 1.0))]
    pub decay: f64,
}

fn is_rate(rate: &f64, _context: &()) -> garde::Result {
    if *rate > 0.0 && *rate <= 10.0 { Ok(()) } else { Err(garde::Error::new("lies above 0 and is at most 10")) }
}
