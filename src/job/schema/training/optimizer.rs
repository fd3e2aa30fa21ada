//! How weights follow gradients.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How weights follow gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Kingma and Ba (2014), as PyTorch has it.
    Adam(#[garde(dive)] Adam),
    /// The same with weights that decay beside the gradient (Loshchilov and Hutter 2017).
    Adamw(#[garde(dive)] Adamw),
    /// Stochastic gradient descent.
    Sgd(#[garde(dive)] Sgd),
    /// Tieleman and Hinton (2012), as PyTorch has it.
    Rmsprop(#[garde(dive)] Rmsprop),
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
    /// Shares of the running mean and of the running square of gradients that are kept.
    #[garde(inner(range(min = 0.0, max = 0.999_999)))]
    pub betas: [f64; 2],
    /// Added to the root of the running square.
    #[garde(custom(is_above_0))]
    pub epsilon: f64,
    /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`, as Keras has it.
    #[garde(range(min = 0.0, max = 1.0))]
    pub decay: f64,
    /// This share of every weight is added to its gradient.
    #[garde(range(min = 0.0, max = 1.0))]
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.0, weight_decay: 0.0 }
    }
}

/// AdamW's constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `learning_rate`")]
pub struct Adamw {
    /// Step size.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
    /// Shares of the running mean and of the running square of gradients that are kept.
    #[garde(inner(range(min = 0.0, max = 0.999_999)))]
    pub betas: [f64; 2],
    /// Added to the root of the running square.
    #[garde(custom(is_above_0))]
    pub epsilon: f64,
    /// This share of every weight, times the learning rate, is taken off it at each update.
    #[garde(range(min = 0.0, max = 1.0))]
    pub weight_decay: f64,
}

impl Default for Adamw {
    fn default() -> Self {
        Self { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.01 }
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
    /// What the momentum carries on, which matters while the learning rate changes.
    #[serde(default)]
    #[garde(skip)]
    pub momentum_of: MomentumOf,
    /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`, as Keras has it.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 1.0))]
    pub decay: f64,
    /// This share of every weight is added to its gradient.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 1.0))]
    pub weight_decay: f64,
}

/// What momentum carries on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MomentumOf {
    /// Steps, each with the learning rate of its time: Keras.
    #[default]
    Steps,
    /// Gradients, all with the present learning rate: PyTorch.
    Gradients,
}

/// RMSprop's constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `learning_rate`")]
pub struct Rmsprop {
    /// Step size.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
    /// Share of the running square of gradients that is kept: PyTorch's alpha, Keras' rho (0.9 there).
    #[garde(range(min = 0.0, max = 0.999_999))]
    pub smoothing: f64,
    /// Added to the root of the running square.
    #[garde(custom(is_above_0))]
    pub epsilon: f64,
    /// Share of the last step that is kept.
    #[garde(range(min = 0.0, max = 0.999_999))]
    pub momentum: f64,
    /// Whether the square is taken about the running mean of gradients.
    #[garde(skip)]
    pub centered: bool,
    /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`, as Keras has it.
    #[garde(range(min = 0.0, max = 1.0))]
    pub decay: f64,
    /// This share of every weight is added to its gradient.
    #[garde(range(min = 0.0, max = 1.0))]
    pub weight_decay: f64,
}

impl Default for Rmsprop {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            smoothing: 0.99,
            epsilon: 1e-8,
            momentum: 0.0,
            centered: false,
            decay: 0.0,
            weight_decay: 0.0,
        }
    }
}

impl Optimizer {
    /// The key that tells the kinds apart.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Adam(_) => "adam",
            Self::Adamw(_) => "adamw",
            Self::Sgd(_) => "sgd",
            Self::Rmsprop(_) => "rmsprop",
        }
    }

    /// Step size of the first update, or of the fastest one.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Self::Adam(adam) => adam.learning_rate,
            Self::Adamw(adamw) => adamw.learning_rate,
            Self::Sgd(sgd) => sgd.learning_rate,
            Self::Rmsprop(rmsprop) => rmsprop.learning_rate,
        }
    }

    /// How fast the rate falls from update to update.
    pub fn decay(&self) -> f64 {
        match self {
            Self::Adam(adam) => adam.decay,
            Self::Adamw(_) => 0.0,
            Self::Sgd(sgd) => sgd.decay,
            Self::Rmsprop(rmsprop) => rmsprop.decay,
        }
    }
}

fn is_rate(rate: &f64, _context: &()) -> garde::Result {
    if *rate > 0.0 && *rate <= 10.0 { Ok(()) } else { Err(garde::Error::new("lies above 0 and is at most 10")) }
}

pub(super) fn is_above_0(value: &f64, _context: &()) -> garde::Result {
    if *value > 0.0 && value.is_finite() { Ok(()) } else { Err(garde::Error::new("lies above 0")) }
}
