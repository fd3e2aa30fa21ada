//! From recorded amplitudes to what a network sees.

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

use super::VolumeError;

/// How the clip bounds of a cube are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClipBounds {
    /// Symmetric about zero, at this percentile (0 to 100) of |amplitude| over the whole cube.
    Percentile(f64),
    /// These two amplitudes.
    Absolute {
        /// Smaller values become this one.
        low: f32,
        /// Larger values become this one.
        high: f32,
    },
}

/// Clip bounds fitted to one cube; stored with the model and applied to every cube that it interprets.
///
/// Clipped values are divided by the larger bound's magnitude, so that they lie in [-1, 1] and amplitude zero stays 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AmplitudeScaling {
    low: f32,
    high: f32,
}

impl AmplitudeScaling {
    /// Clips at `low` and `high`.
    ///
    /// # Errors
    /// When the bounds are not finite or not in order.
    pub fn new(low: f32, high: f32) -> Result<Self, VolumeError> {
        if low.is_finite() && high.is_finite() && low < high {
            Ok(Self { low, high })
        } else {
            Err(VolumeError::ClipBounds { low, high })
        }
    }

    /// `(low, high)` in recorded amplitudes.
    pub fn bounds(&self) -> (f32, f32) {
        (self.low, self.high)
    }

    /// The scaled value of one amplitude; non-finite ones become 0.
    pub fn scaled(&self, amplitude: f32) -> f32 {
        if amplitude.is_finite() {
            amplitude.clamp(self.low, self.high) / self.low.abs().max(self.high.abs())
        } else {
            0.0
        }
    }

    /// Scales a section in place.
    pub fn apply(&self, mut section: ArrayViewMut2<'_, f32>) {
        section.mapv_inplace(|amplitude| self.scaled(amplitude));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_stays_zero_and_the_larger_bound_becomes_one() {
        let scaling = AmplitudeScaling::new(-50.0, 200.0).unwrap();
        assert_eq!(scaling.scaled(0.0), 0.0);
        assert_eq!(scaling.scaled(1e9), 1.0);
        assert_eq!(scaling.scaled(-1e9), -0.25);
        assert_eq!(scaling.scaled(f32::NAN), 0.0);
        assert_eq!(scaling.scaled(f32::INFINITY), 0.0);
        assert!(AmplitudeScaling::new(1.0, 1.0).is_err());
        assert!(AmplitudeScaling::new(f32::NAN, 1.0).is_err());
    }
}
