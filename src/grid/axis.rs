//! The three axes of a survey: inline numbers, crossline numbers and the vertical axis.

use serde::{Deserialize, Serialize};

/// Regular line numbering: line `index` carries the number `first + index * step`. The step may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineAxis {
    /// Number of the first line.
    pub first: i32,
    /// Difference between the numbers of neighbouring lines; never 0.
    pub step: i32,
    /// How many lines there are.
    pub count: usize,
}

impl LineAxis {
    /// Number of the line at `index`.
    pub fn number(&self, index: usize) -> i32 {
        self.first + index as i32 * self.step
    }

    /// Index of the line that carries `number`, if the axis holds it.
    pub fn index(&self, number: i32) -> Option<usize> {
        let distance = i64::from(number) - i64::from(self.first);
        let step = i64::from(self.step);
        if distance % step != 0 {
            return None;
        }
        usize::try_from(distance / step).ok().filter(|&index| index < self.count)
    }

    /// Number of the last line.
    pub fn last(&self) -> i32 {
        self.number(self.count.saturating_sub(1))
    }

    /// All line numbers in order.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = i32> + use<> {
        let axis = *self;
        (0..axis.count).map(move |index| axis.number(index))
    }
}

/// What the vertical axis measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Two-way time in milliseconds.
    Time,
    /// Depth in metres.
    Depth,
}

impl Domain {
    /// Unit of the axis: `ms` or `m`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Time => "ms",
            Self::Depth => "m",
        }
    }

    /// Name of the axis in files: `twt` or `depth`.
    pub fn axis_name(self) -> &'static str {
        match self {
            Self::Time => "twt",
            Self::Depth => "depth",
        }
    }

    /// Name of the axis for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Time => "two-way time",
            Self::Depth => "depth",
        }
    }
}

/// The vertical axis: sample `index` lies at `start + index * step`, in the unit of its domain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerticalAxis {
    /// Two-way time or depth.
    pub domain: Domain,
    /// Position of the first sample, in ms or m.
    pub start: f64,
    /// Distance of neighbouring samples, in ms or m; positive.
    pub step: f64,
    /// How many samples a trace holds.
    pub count: usize,
}

impl VerticalAxis {
    /// Position of sample `index`, in ms or m.
    pub fn position(&self, index: usize) -> f64 {
        self.start + index as f64 * self.step
    }

    /// Index of the sample at `position` (ms or m), where one lies within a hundredth of a step of it.
    pub fn index(&self, position: f64) -> Option<usize> {
        let index = (position - self.start) / self.step;
        let nearest = index.round();
        ((index - nearest).abs() <= 0.01 && nearest >= 0.0 && nearest < self.count as f64).then_some(nearest as usize)
    }

    /// Position of the last sample, in ms or m.
    pub fn end(&self) -> f64 {
        self.position(self.count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_numbers_and_indices_are_inverse() {
        for axis in [
            LineAxis { first: 100, step: 1, count: 651 },
            LineAxis { first: 1110, step: -2, count: 7 },
            LineAxis { first: i32::MIN, step: 5, count: 3 },
        ] {
            for (index, number) in axis.numbers().enumerate() {
                assert_eq!(axis.index(number), Some(index));
            }
            assert_eq!(axis.index(axis.first - axis.step.signum()), None);
        }
    }

    #[test]
    fn numbers_between_lines_or_past_the_end_have_no_index() {
        let axis = LineAxis { first: 10, step: 4, count: 3 };
        assert_eq!(axis.index(12), None);
        assert_eq!(axis.index(22), None);
        assert_eq!(axis.index(18), Some(2));
    }

    #[test]
    fn samples_are_found_by_position() {
        let axis = VerticalAxis { domain: Domain::Time, start: 4.0, step: 4.0, count: 462 };
        assert_eq!(axis.index(4.0), Some(0));
        assert_eq!(axis.index(1848.0), Some(461));
        assert_eq!(axis.index(1852.0), None);
        assert_eq!(axis.index(6.0), None);
    }
}
