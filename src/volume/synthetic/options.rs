//! What a synthetic cube is to be, and the frame that follows from it.

use super::SyntheticError;
use crate::grid::{Affine, Domain, Geometry, LineAxis, VerticalAxis};

/// Number of the first inline.
const FIRST_INLINE: i32 = 100;
/// Number of the first crossline.
const FIRST_CROSSLINE: i32 = 300;
/// Distance of neighbouring traces in metres, both ways.
const BIN_METRES: f64 = 25.0;
/// Map position of the first trace.
const ORIGIN: [f64; 2] = [605_835.5, 6_073_556.5];

/// Size and seed of a synthetic cube. The same options give the same bytes on every machine.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticOptions {
    /// Inlines; their numbers begin at 100.
    pub inlines: usize,
    /// Crosslines; their numbers begin at 300.
    pub crosslines: usize,
    /// Samples of a trace; the first lies at time 0.
    pub samples: usize,
    /// Distance of samples in ms; whole microseconds.
    pub interval_ms: f64,
    /// Decides about everything else.
    pub seed: u64,
    /// Number of the inline whose interpretation is written as a picture; the middle one where not given.
    pub label_inline: Option<i32>,
}

impl Default for SyntheticOptions {
    fn default() -> Self {
        Self { inlines: 50, crosslines: 128, samples: 128, interval_ms: 4.0, seed: 15, label_inline: None }
    }
}

impl SyntheticOptions {
    /// Checks the options.
    ///
    /// # Errors
    /// When a size, the interval or the labelled line is out of range.
    pub fn check(&self) -> Result<(), SyntheticError> {
        for (what, count, least, most) in [
            ("inlines", self.inlines, 8, 20_000),
            ("crosslines", self.crosslines, 64, 20_000),
            ("samples", self.samples, 64, 20_000),
        ] {
            if !(least..=most).contains(&count) {
                return Err(SyntheticError::Size { what, count, least, most });
            }
        }
        let interval_us = self.interval_ms * 1000.0;
        if !(500.0..=32_000.0).contains(&interval_us) || interval_us.fract() != 0.0 {
            return Err(SyntheticError::Interval { interval_ms: self.interval_ms });
        }
        let inline = self.geometry().inline;
        match self.label_inline {
            Some(number) if inline.index(number).is_none() => {
                Err(SyntheticError::LabelInline { number, first: inline.first, last: inline.last() })
            }
            _ => Ok(()),
        }
    }

    /// The frame of the cube: bins of 25 x 25 m, inlines run 37 degrees north of east.
    pub fn geometry(&self) -> Geometry {
        // Three to four to five: both steps are whole metres.
        let direction = [0.8 * BIN_METRES, 0.6 * BIN_METRES];
        Geometry {
            inline: LineAxis { first: FIRST_INLINE, step: 1, count: self.inlines },
            crossline: LineAxis { first: FIRST_CROSSLINE, step: 1, count: self.crosslines },
            vertical: VerticalAxis { domain: Domain::Time, start: 0.0, step: self.interval_ms, count: self.samples },
            xy_from_grid: Some(Affine {
                origin: ORIGIN,
                per_inline: [-direction[1], direction[0]],
                per_crossline: direction,
            }),
        }
    }

    /// Number of the inline whose interpretation is written.
    pub fn labelled_inline(&self) -> i32 {
        self.label_inline.unwrap_or_else(|| self.geometry().inline.number(self.inlines / 2))
    }

    /// Index of that inline; the last one where the number lies outside, which [`SyntheticOptions::check`] refuses.
    pub(super) fn label_index(&self) -> usize {
        self.geometry().inline.index(self.labelled_inline()).unwrap_or(self.inlines - 1)
    }

    /// Length of the cube in ms.
    pub(super) fn depth_ms(&self) -> f64 {
        self.samples as f64 * self.interval_ms
    }

    /// `[inlines, crosslines]`, in traces.
    pub(super) fn extent(&self) -> [f64; 2] {
        [self.inlines as f64, self.crosslines as f64]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused_with_the_range() {
        let good = SyntheticOptions::default();
        assert!(good.check().is_ok());
        assert_eq!(good.labelled_inline(), 125);
        for (bad, message) in [
            (SyntheticOptions { crosslines: 3, ..good.clone() }, "3 crosslines were asked for"),
            (SyntheticOptions { samples: 70_000, ..good.clone() }, "between 64 and 20000"),
            (SyntheticOptions { interval_ms: 0.0, ..good.clone() }, "of 0 ms"),
            (SyntheticOptions { interval_ms: 2.0001, ..good.clone() }, "whole microseconds"),
            (SyntheticOptions { interval_ms: f64::NAN, ..good.clone() }, "of NaN ms"),
            (SyntheticOptions { label_inline: Some(99), ..good.clone() }, "the cube has inlines 100 to 149"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
