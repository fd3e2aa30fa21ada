//! How the learning rate goes on.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Monitor;
use super::optimizer::is_above_0;

/// How the learning rate goes on from the optimiser's `learning_rate`. Counts begin anew in every phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Divided by `1 + decay * t`, t being counted in `every`.
    InverseTime(#[garde(dive)] InverseTime),
    /// Multiplied by `factor` after `every` so many steps or epochs: PyTorch's StepLR, or ExponentialLR with every epoch.
    Step(#[garde(dive)] Decline),
    /// Multiplied by `factor` within `every` so many steps or epochs, a little at each step.
    Exponential(#[garde(dive)] Decline),
    /// Up from a low rate to `learning_rate`, and down to a lower one: PyTorch's OneCycleLR, whose `max_lr` is `learning_rate`.
    OneCycle(#[garde(dive)] OneCycle),
    /// Lower whenever validation gets no better: PyTorch's ReduceLROnPlateau. Needs a validation share in `split`.
    Plateau(#[garde(dive)] Plateau),
}

/// A stretch of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Optimiser steps.
    Steps(#[garde(range(min = 1))] u64),
    /// Epochs.
    Epochs(#[garde(range(min = 1))] u64),
}

/// Over one more than a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `decay` and `every`")]
pub struct InverseTime {
    /// How much a unit of time adds to the divisor.
    #[garde(range(min = 0.0, max = 1000.0))]
    pub decay: f64,
    /// The unit of time: `{steps: 1}` if left out, as in Keras.
    #[serde(default = "one_step")]
    #[garde(dive)]
    pub every: Span,
}

/// By a factor each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `factor` and `every`")]
pub struct Decline {
    /// What the rate is multiplied by.
    #[garde(custom(is_share))]
    pub factor: f64,
    /// How often: `{epochs: 10}` or `{steps: 200}`.
    #[garde(dive)]
    pub every: Span,
}

/// One cycle over all steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `rise`")]
pub struct OneCycle {
    /// Share of the steps in which the rate rises: PyTorch's `pct_start`.
    #[garde(range(min = 0.0, max = 1.0))]
    pub rise: f64,
    /// The first rate is the highest over this: `div_factor`.
    #[garde(range(min = 1.0, max = 1.0e9))]
    pub start_divisor: f64,
    /// The last rate is the first over this: `final_div_factor`.
    #[garde(range(min = 1.0, max = 1.0e12))]
    pub end_divisor: f64,
    /// The way from one to the next.
    #[garde(skip)]
    pub anneal: Anneal,
    /// Whether momentum (Adam's first beta) falls and rises against the rate; where the optimiser has none, none comes.
    #[garde(skip)]
    pub cycle_momentum: bool,
    /// Momentum where the rate is highest, and at both ends.
    #[garde(inner(range(min = 0.0, max = 0.999_999)), custom(is_rising))]
    pub momentum: [f64; 2],
}

impl Default for OneCycle {
    fn default() -> Self {
        Self {
            rise: 0.3,
            start_divisor: 25.0,
            end_divisor: 1e4,
            anneal: Anneal::Cosine,
            cycle_momentum: true,
            momentum: [0.85, 0.95],
        }
    }
}

fn is_rising([low, high]: &[f64; 2], _context: &()) -> garde::Result {
    if low <= high { Ok(()) } else { Err(garde::Error::new("is a range, the smaller one first")) }
}

/// The way from one rate to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anneal {
    /// Along half a cosine.
    #[default]
    Cosine,
    /// Straight.
    Linear,
}

/// Lower whenever validation gets no better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `factor` and `patience`")]
pub struct Plateau {
    /// What must get better.
    #[garde(skip)]
    pub monitor: Monitor,
    /// What the rate is multiplied by.
    #[garde(custom(is_share))]
    pub factor: f64,
    /// Epochs without improvement that are borne before the rate falls.
    #[garde(skip)]
    pub patience: u64,
    /// Share of the best value by which a better one must differ.
    #[garde(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Epochs after a fall in which none is counted.
    #[garde(skip)]
    pub cooldown: u64,
    /// The rate goes no lower.
    #[garde(range(min = 0.0, max = 10.0))]
    pub least: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { monitor: Monitor::Loss, factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, least: 0.0 }
    }
}

fn one_step() -> Span {
    Span::Steps(1)
}

fn is_share(factor: &f64, context: &()) -> garde::Result {
    is_above_0(factor, context)?;
    if *factor <= 1.0 { Ok(()) } else { Err(garde::Error::new("is at most 1")) }
}
