//! From recorded amplitudes to what a network sees.

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

use super::statistics::measure_with_magnitude;
use super::{Measurement, Volume, VolumeError, measure};

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
/// Clipped values are divided by the larger bound's magnitude, so that they lie in [-1, 1] and amplitude zero stays 0;
/// unless they are left [as recorded](AmplitudeScaling::as_recorded).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct AmplitudeScaling {
    low: f32,
    high: f32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    as_recorded: bool,
}

impl AmplitudeScaling {
    /// Clips at `low` and `high`.
    ///
    /// # Errors
    /// When the bounds are not finite or not in order.
    pub fn new(low: f32, high: f32) -> Result<Self, VolumeError> {
        if low.is_finite() && high.is_finite() && low < high {
            Ok(Self { low, high, as_recorded: false })
        } else {
            Err(VolumeError::ClipBounds { low, high })
        }
    }

    /// The same bounds, for pictures alone: a network sees amplitudes as they were recorded, neither clipped nor scaled.
    pub fn as_recorded(self) -> Self {
        Self { as_recorded: true, ..self }
    }

    /// Whether a network sees amplitudes as they were recorded.
    pub fn is_as_recorded(&self) -> bool {
        self.as_recorded
    }

    /// Chooses the bounds for `volume`, and returns what was measured on the way: one measurement serves the clip bounds,
    /// the statistics of the report and the mask of live traces.
    ///
    /// # Errors
    /// When the cube cannot be read or holds no signal, when the percentile is none or would clip everything away, or when
    /// absolute bounds enclose nothing.
    pub fn fit(volume: &dyn Volume, clip: ClipBounds) -> Result<(Self, Measurement), VolumeError> {
        match clip {
            ClipBounds::Absolute { low, high } => {
                let scaling = Self::new(low, high)?;
                let measurement = measure(volume)?;
                check_signal(volume, &measurement)?;
                Ok((scaling, measurement))
            }
            ClipBounds::Percentile(percentile) => {
                if !(percentile > 0.0 && percentile <= 100.0) {
                    return Err(VolumeError::Percentile { percentile });
                }
                let (measurement, magnitude) = measure_with_magnitude(volume, Some(percentile))?;
                check_signal(volume, &measurement)?;
                match magnitude {
                    Some(magnitude) if magnitude > 0.0 => Ok((Self::new(-magnitude, magnitude)?, measurement)),
                    _ => Err(VolumeError::ClippedAway { volume: volume.name(), percentile }),
                }
            }
        }
    }

    /// `(low, high)` in recorded amplitudes.
    pub fn bounds(&self) -> (f32, f32) {
        (self.low, self.high)
    }

    /// The scaled value of one amplitude; non-finite ones become 0.
    pub fn scaled(&self, amplitude: f32) -> f32 {
        if amplitude.is_finite() && self.as_recorded {
            amplitude
        } else if amplitude.is_finite() {
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

/// The fields of [`AmplitudeScaling`] before they are checked.
#[derive(Deserialize)]
struct Bounds {
    low: f32,
    high: f32,
    #[serde(default)]
    as_recorded: bool,
}

impl TryFrom<Bounds> for AmplitudeScaling {
    type Error = VolumeError;

    fn try_from(bounds: Bounds) -> Result<Self, VolumeError> {
        Ok(Self { as_recorded: bounds.as_recorded, ..Self::new(bounds.low, bounds.high)? })
    }
}

fn check_signal(volume: &dyn Volume, measurement: &Measurement) -> Result<(), VolumeError> {
    let statistics = measurement.statistics;
    if statistics.min < statistics.max {
        return Ok(());
    }
    let value = if statistics.min.is_nan() { "not a number".to_owned() } else { statistics.min.to_string() };
    Err(VolumeError::NoSignal { volume: volume.name(), value })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::grid::{Domain, Geometry, LineAxis, VerticalAxis};
    use crate::volume::MemoryVolume;

    /// One trace with these samples.
    fn trace(samples: &[f32]) -> MemoryVolume {
        let line = LineAxis { first: 1, step: 1, count: 1 };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: samples.len() };
        let geometry = Geometry { inline: line, crossline: line, vertical, xy_from_grid: None };
        let samples = Array3::from_shape_vec((1, 1, samples.len()), samples.to_vec()).unwrap();
        MemoryVolume::new(geometry, samples).unwrap()
    }

    #[test]
    fn percentile_bounds_are_symmetric() {
        let cube = trace(&[-8.0, 1.0, 0.0, 4.0, 2.0]);
        let (scaling, measurement) = AmplitudeScaling::fit(&cube, ClipBounds::Percentile(75.0)).unwrap();
        assert_eq!(scaling.bounds(), (-4.0, 4.0));
        assert_eq!(measurement.statistics.min, -8.0);
        let absolute = ClipBounds::Absolute { low: -1.0, high: 3.0 };
        assert_eq!(AmplitudeScaling::fit(&cube, absolute).unwrap().0.bounds(), (-1.0, 3.0));
    }

    #[test]
    fn cubes_and_percentiles_that_give_no_bounds_are_refused() {
        let message = |samples: &[f32], percentile| {
            AmplitudeScaling::fit(&trace(samples), ClipBounds::Percentile(percentile)).unwrap_err().to_string()
        };
        assert_eq!(message(&[0.0, 0.0], 99.0), "memory holds no signal: every sample is 0");
        assert_eq!(message(&[7.0, f32::NAN], 99.0), "memory holds no signal: every sample is 7");
        assert_eq!(message(&[f32::NAN], 99.0), "memory holds no signal: every sample is not a number");
        assert!(message(&[0.0, 0.0, 0.0, 1.0], 50.0).starts_with("percentile 50 of |amplitude| in memory is zero"));
        for percentile in [0.0, -1.0, 100.5, f64::NAN] {
            assert!(message(&[1.0, 2.0], percentile).ends_with("is no percentile of |amplitude|"));
        }
        let constant = ClipBounds::Absolute { low: -1.0, high: 1.0 };
        assert!(matches!(AmplitudeScaling::fit(&trace(&[3.0]), constant), Err(VolumeError::NoSignal { .. })));
    }

    #[test]
    fn stored_bounds_are_checked_when_read() {
        let scaling = AmplitudeScaling::new(-1.5, 2.25).unwrap();
        let text = serde_json::to_string(&scaling).unwrap();
        assert_eq!(text, r#"{"low":-1.5,"high":2.25}"#);
        assert_eq!(serde_json::from_str::<AmplitudeScaling>(&text).unwrap(), scaling);
        assert!(serde_json::from_str::<AmplitudeScaling>(r#"{"low":1,"high":0}"#).is_err());
    }

    #[test]
    fn amplitudes_as_recorded_are_neither_clipped_nor_scaled() {
        let scaling = AmplitudeScaling::new(-50.0, 200.0).unwrap().as_recorded();
        assert_eq!([-1e9, 0.0, 123.5].map(|amplitude| scaling.scaled(amplitude)), [-1e9, 0.0, 123.5]);
        assert_eq!(scaling.scaled(f32::NAN), 0.0);
        let text = serde_json::to_string(&scaling).unwrap();
        assert_eq!(serde_json::from_str::<AmplitudeScaling>(&text).unwrap(), scaling);
    }

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
