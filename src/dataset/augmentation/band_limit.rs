//! Another frequency content.

use std::f64::consts::PI;

use ndarray::{ArrayView2, ArrayViewMut2};
use rand::{Rng, RngExt};

use super::amount::check_probability;
use crate::dataset::DatasetError;

/// A random band-pass along the traces. Frequencies are parts of the highest that the sampling holds (1 is 125 Hz at
/// 4 ms). The default is never.
#[derive(Clone, Debug, PartialEq)]
pub struct BandLimit {
    /// What lies below is removed; drawn evenly from this range.
    pub low: [f64; 2],
    /// What lies above is removed; drawn evenly from this range.
    pub high: [f64; 2],
    /// Probability that a patch is filtered at all, 0 to 1.
    pub probability: f64,
}

impl Default for BandLimit {
    fn default() -> Self {
        Self { low: [0.0, 0.0], high: [1.0, 1.0], probability: 1.0 }
    }
}

impl BandLimit {
    /// Whether it never removes anything.
    pub(super) fn is_none(&self) -> bool {
        self.probability == 0.0 || (self.low == [0.0, 0.0] && self.high == [1.0, 1.0])
    }

    pub(super) fn check(&self) -> Result<(), DatasetError> {
        check_probability("band_limit", self.probability)?;
        let ([low, low_end], [high, high_end]) = (self.low, self.high);
        if 0.0 <= low && low <= low_end && low_end < high && high <= high_end && high_end <= 1.0 {
            return Ok(());
        }
        let reason = format!(
            "has the ranges `low` and `high` in order within 0 to 1, not [{low}, {low_end}] and [{high}, {high_end}]"
        );
        Err(DatasetError::Option { option: "band_limit", reason })
    }

    /// The filter of one example.
    pub(super) fn draw(&self, random: &mut impl Rng) -> Option<BandPass> {
        let made = random.random_bool(self.probability);
        let [low, high] = [self.low, self.high].map(|[from, to]| random.random_range(from..=to));
        (made && (low > 0.0 || high < 1.0)).then(|| BandPass::new(low, high))
    }
}

/// A filter without delay: the ideal band-pass under a Hamming window.
pub(super) struct BandPass {
    taps: [f32; 2 * BandPass::REACH + 1],
}

impl BandPass {
    /// Samples that are looked at before and behind. An edge of the band is a tenth of the frequencies wide with so many.
    pub(super) const REACH: usize = 32;

    fn new(low: f64, high: f64) -> Self {
        let reach = Self::REACH as f64;
        let taps = std::array::from_fn(|place| {
            let t = place as f64 - reach;
            let ideal =
                if t == 0.0 { high - low } else { (libm::sin(PI * high * t) - libm::sin(PI * low * t)) / (PI * t) };
            let window = 0.54 + 0.46 * libm::cos(PI * t / (reach + 1.0));
            (ideal * window) as f32
        });
        Self { taps }
    }

    /// Filters down the columns of `tall`, `[sample, trace]`, which begins `REACH` samples before `image` and ends as many
    /// behind it.
    pub(super) fn filter(&self, tall: ArrayView2<'_, f32>, mut image: ArrayViewMut2<'_, f32>) {
        for (first, mut row) in image.rows_mut().into_iter().enumerate() {
            row.fill(0.0);
            for (place, &tap) in self.taps.iter().enumerate() {
                row.scaled_add(tap, &tall.row(first + place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;

    #[test]
    fn frequencies_inside_the_band_stay_and_those_outside_go() {
        let filter = BandPass::new(0.2, 0.6);
        for (frequency, gain) in [(0.02, 0.0), (0.1, 0.0), (0.3, 1.0), (0.4, 1.0), (0.5, 1.0), (0.7, 0.0), (0.9, 0.0)] {
            let margin = BandPass::REACH;
            let tall = Array2::from_shape_fn((200 + 2 * margin, 3), |(row, column)| {
                libm::sin(PI * frequency * row as f64 + column as f64) as f32
            });
            let mut image = Array2::from_elem((200, 3), 9.0);
            filter.filter(tall.view(), image.view_mut());
            let expected = gain * &tall.slice(s![margin..margin + 200, ..]);
            let worst = (&image - &expected).iter().fold(0.0f32, |worst, error| worst.max(error.abs()));
            assert!(worst < 0.01, "{frequency}: {worst}");
        }
    }
}
