//! What may be drawn.

use super::amount::{Amount, check_probability};
use super::band_limit::BandLimit;
use crate::dataset::DatasetError;

/// Random changes of every training patch or crop. The default changes nothing.
///
/// Angles and stretches are those of the grid, where one trace is as far as one sample: they do not depend on the
/// distance of traces or on velocities. What is drawn depends on seed, step and place in the batch alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// Probability that traces run backwards (mirrored along the line), 0 to 1.
    pub mirror: f64,
    /// Vertical stretch: layers are up to this share thicker or thinner.
    pub stretch: Amount,
    /// Rotation in degrees, to either side.
    pub rotation: Amount,
    /// Dip added to every layer, in degrees, to either side: traces are shifted up or down by tan(dip) samples a trace.
    pub tilt: Amount,
    /// All amplitudes of a patch are multiplied by one factor, drawn evenly from this range.
    pub amplitude_scale: [f32; 2],
    /// Probability that amplitudes change their sign, 0 to 1.
    pub polarity: f64,
    /// Random band-pass along the traces.
    pub band_limit: BandLimit,
    /// Standard deviation of Gaussian noise, as a share of the root mean square of the amplitudes seen. Padding and dead
    /// traces stay 0.
    pub noise: Amount,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            mirror: 0.0,
            stretch: Amount::default(),
            rotation: Amount::default(),
            tilt: Amount::default(),
            amplitude_scale: [1.0, 1.0],
            polarity: 0.0,
            band_limit: BandLimit::default(),
            noise: Amount::default(),
        }
    }
}

impl Augmentation {
    /// Largest stretch.
    pub const MOST_STRETCH: f64 = 0.5;
    /// Largest rotation, in degrees.
    pub const MOST_ROTATION: f64 = 180.0;
    /// Largest tilt, in degrees.
    pub const MOST_TILT: f64 = 60.0;
    /// Largest noise, as a share of the root mean square.
    pub const MOST_NOISE: f64 = 10.0;

    /// Checks that every value has a meaning.
    ///
    /// # Errors
    /// When a probability lies outside 0 to 1, an amount is negative or too large, or a range is not in order.
    pub fn check(&self) -> Result<(), DatasetError> {
        check_probability("mirror", self.mirror)?;
        self.stretch.check("stretch", Self::MOST_STRETCH)?;
        self.rotation.check("rotation", Self::MOST_ROTATION)?;
        self.tilt.check("tilt", Self::MOST_TILT)?;
        let [low, high] = self.amplitude_scale;
        if !(low > 0.0 && low <= high && high.is_finite()) {
            let reason = format!("is a range of positive factors, not [{low}, {high}]");
            return Err(DatasetError::Option { option: "amplitude_scale", reason });
        }
        check_probability("polarity", self.polarity)?;
        self.band_limit.check()?;
        self.noise.check("noise", Self::MOST_NOISE)
    }

    /// The steps along the traces that can be drawn, 1 and -1, when mirroring is the only change.
    pub(in crate::dataset) fn directions(&self) -> Option<&'static [i64]> {
        let Self { mirror, stretch, rotation, tilt, amplitude_scale, polarity, ref band_limit, noise } = *self;
        let only_mirrors = [stretch, rotation, tilt, noise].iter().all(Amount::is_none)
            && amplitude_scale == [1.0, 1.0]
            && polarity == 0.0
            && band_limit.is_none();
        only_mirrors.then_some(match mirror {
            0.0 => &[1],
            1.0 => &[-1],
            _ => &[1, -1],
        })
    }
}

#[cfg(test)]
impl Augmentation {
    /// All changes at once.
    pub(in crate::dataset) fn everything() -> Self {
        Self {
            mirror: 0.5,
            stretch: 0.2.into(),
            rotation: 10.0.into(),
            tilt: Amount { up_to: 15.0, probability: 0.7 },
            amplitude_scale: [0.8, 1.2],
            polarity: 0.5,
            band_limit: BandLimit { low: [0.0, 0.1], high: [0.5, 0.9], probability: 0.5 },
            noise: 0.1.into(),
        }
    }
}
