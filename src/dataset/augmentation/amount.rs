//! How much of a change, and how often.

use rand::{Rng, RngExt};

use crate::dataset::DatasetError;

/// How far a change may go, and how often it is made. The default is never.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// The amount is drawn evenly up to this; to both sides where it has a sign.
    pub up_to: f64,
    /// Probability that the change is made at all, 0 to 1.
    pub probability: f64,
}

impl Default for Amount {
    fn default() -> Self {
        Self { up_to: 0.0, probability: 1.0 }
    }
}

impl From<f64> for Amount {
    fn from(up_to: f64) -> Self {
        Self { up_to, ..Self::default() }
    }
}

impl Amount {
    /// Whether it is never made.
    pub(in crate::dataset) fn is_none(&self) -> bool {
        self.up_to == 0.0 || self.probability == 0.0
    }

    /// Refuses amounts over `most` and probabilities outside 0 to 1.
    pub(in crate::dataset) fn check(&self, option: &'static str, most: f64) -> Result<(), DatasetError> {
        if !(0.0..=most).contains(&self.up_to) {
            return Err(DatasetError::Option {
                option,
                reason: format!("goes from 0 to {most}, not to {}", self.up_to),
            });
        }
        check_probability(option, self.probability)
    }

    /// From -`up_to` to `up_to`; 0 where the change is not made.
    pub(in crate::dataset) fn draw_signed(&self, random: &mut impl Rng) -> f64 {
        let made = random.random_bool(self.probability);
        let part: f64 = random.random_range(-1.0..=1.0);
        if made { part * self.up_to } else { 0.0 }
    }

    /// From 0 to `up_to`; 0 where the change is not made.
    pub(in crate::dataset) fn draw(&self, random: &mut impl Rng) -> f64 {
        self.draw_signed(random).abs()
    }
}

/// Refuses what is no probability.
pub(in crate::dataset) fn check_probability(option: &'static str, probability: f64) -> Result<(), DatasetError> {
    if (0.0..=1.0).contains(&probability) {
        return Ok(());
    }
    Err(DatasetError::Option { option, reason: format!("is a probability from 0 to 1, not {probability}") })
}
