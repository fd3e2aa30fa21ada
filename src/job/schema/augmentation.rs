//! Random changes to what a network sees while it learns.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Random changes to what is seen, anew each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `mirror`, `amplitude_scale` and `noise`")]
pub struct Augmentation {
    /// Probability of mirroring along the line.
    #[garde(range(min = 0.0, max = 1.0))]
    pub mirror: f64,
    /// All amplitudes are multiplied by one factor, drawn from this range.
    #[garde(custom(is_factor_range))]
    pub amplitude_scale: [f32; 2],
    /// Standard deviation of added noise, where the clip bound is 1.
    #[garde(range(min = 0.0, max = 10.0))]
    pub noise: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { mirror: 0.0, amplitude_scale: [1.0, 1.0], noise: 0.0 }
    }
}

fn is_factor_range([low, high]: &[f32; 2], _context: &()) -> garde::Result {
    if *low > 0.0 && low <= high && *high <= 100.0 {
        Ok(())
    } else {
        Err(garde::Error::new("is a range of factors above 0, the smaller one first"))
    }
}
