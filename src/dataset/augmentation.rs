//! Changes of a patch or crop that leave its class as it is.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::DatasetError;

/// Random changes of every training patch or crop. The default changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// Probability that traces run backwards (mirrored along the line), 0 to 1.
    pub mirror: f64,
    /// All amplitudes of a patch are multiplied by one factor, drawn evenly from this range.
    pub amplitude_scale: [f32; 2],
    /// Standard deviation of Gaussian noise, in units of scaled amplitude. Padding stays 0.
    pub noise: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { mirror: 0.0, amplitude_scale: [1.0, 1.0], noise: 0.0 }
    }
}

/// The changes drawn for one patch.
pub(super) struct Change {
    pub(super) mirrored: bool,
    scale: f32,
    noise: f32,
}

impl Augmentation {
    /// Checks that every value has a meaning.
    ///
    /// # Errors
    /// When a probability lies outside 0 to 1, the scale range is not positive and in order, or the noise is negative.
    pub fn check(&self) -> Result<(), DatasetError> {
        let wrong = |option, reason: String| Err(DatasetError::Option { option, reason });
        let [low, high] = self.amplitude_scale;
        if !(0.0..=1.0).contains(&self.mirror) {
            return wrong("mirror", format!("is a probability from 0 to 1, not {}", self.mirror));
        }
        if !(low > 0.0 && low <= high && high.is_finite()) {
            return wrong("amplitude_scale", format!("is a range of positive factors, not [{low}, {high}]"));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return wrong("noise", format!("is a standard deviation of 0 or more, not {}", self.noise));
        }
        Ok(())
    }

    /// The steps along the traces that can be drawn, 1 and -1, when mirroring is the only change.
    pub(super) fn directions(&self) -> Option<&'static [i64]> {
        let only_mirrors = self.amplitude_scale == [1.0, 1.0] && self.noise == 0.0;
        only_mirrors.then_some(match self.mirror {
            0.0 => &[1],
            1.0 => &[-1],
            _ => &[1, -1],
        })
    }

    pub(super) fn draw(&self, random: &mut impl Rng) -> Change {
        let mirrored = random.random_bool(self.mirror);
        let [low, high] = self.amplitude_scale;
        Change { mirrored, scale: random.random_range(low..=high), noise: self.noise }
    }
}

impl Change {
    /// The changed value of one amplitude.
    pub(super) fn applied(&self, amplitude: f32, random: &mut impl Rng) -> f32 {
        let scaled = amplitude * self.scale;
        if self.noise > 0.0 {
            let deviate: f32 = StandardNormal.sample(random);
            scaled + self.noise * deviate
        } else {
            scaled
        }
    }
}
