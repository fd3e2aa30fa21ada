//! Round numbers along the edge of a picture.

use crate::grid::{LineAxis, VerticalAxis};

/// A row of `count` cells whose centres run evenly from `first` to `last`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) count: usize,
    pub(super) title: String,
}

/// A number beside an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// From 0 at the outer edge of the first cell to 1 at that of the last.
    pub(super) place: f64,
    pub(super) label: String,
}

impl Axis {
    /// Line numbers.
    pub(super) fn lines(axis: &LineAxis, title: &str) -> Self {
        Self { first: axis.first.into(), last: axis.last().into(), count: axis.count, title: title.to_owned() }
    }

    /// Two-way time or depth.
    pub(super) fn vertical(axis: &VerticalAxis) -> Self {
        let title = format!("{} ({})", axis.domain.title(), axis.domain.unit());
        Self { first: axis.start, last: axis.end(), count: axis.count, title }
    }

    /// The same cells in the opposite order.
    pub(super) fn reversed(self) -> Self {
        Self { first: self.last, last: self.first, ..self }
    }

    /// At most `most` round numbers, in the order of the cells.
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        let span = self.last - self.first;
        let place = |value: f64| {
            let cells = if span == 0.0 { 0.0 } else { (value - self.first) / span * (self.count - 1) as f64 };
            (cells + 0.5) / self.count as f64
        };
        let numbers = round_numbers(self.first.min(self.last), self.first.max(self.last), most);
        let mut ticks: Vec<_> = numbers.into_iter().map(|(value, label)| Tick { place: place(value), label }).collect();
        if span < 0.0 {
            ticks.reverse();
        }
        ticks
    }
}

/// At most `most` (but at least one) multiples of 1, 2 or 5 times a power of ten from `low` to `high`, and how they are
/// written; `low` itself where there is no such multiple or no range.
pub(super) fn round_numbers(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let written = |value: f64, decimals: usize| (value, format!("{value:.decimals$}"));
    let least_step = (high - low) / most.max(1) as f64;
    if !(least_step.is_finite() && least_step > 0.0) {
        let decimals = if low.fract() == 0.0 { 0 } else { 2 };
        return vec![written(low, decimals)];
    }
    let mut exponent = least_step.log10().floor() as i32;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            let step = factor * 10f64.powi(exponent);
            let (from, to) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
            if step >= least_step * 0.999 && ((to - from + 1) as usize) <= most.max(1) {
                let decimals = usize::try_from(-exponent).unwrap_or(0);
                let ticks: Vec<_> = (from..=to).map(|multiple| written(multiple as f64 * step, decimals)).collect();
                return if ticks.is_empty() { vec![written(low, decimals)] } else { ticks };
            }
        }
        exponent += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Domain;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn numbers_are_round_and_stand_on_their_cells() {
        let lines = Axis::lines(&LineAxis { first: 300, step: 1, count: 951 }, "crossline");
        assert_eq!(labels(&lines, 9), ["400", "600", "800", "1000", "1200"]);
        let ticks = lines.ticks(9);
        assert!((ticks[0].place - 100.5 / 951.0).abs() < 1e-12);
        let time = Axis::vertical(&VerticalAxis { domain: Domain::Time, start: 4.0, step: 4.0, count: 462 });
        assert_eq!(time.title, "two-way time (ms)");
        assert_eq!(labels(&time, 4), ["500", "1000", "1500"]);
    }

    #[test]
    fn falling_numbers_keep_the_order_of_the_cells() {
        let lines = Axis::lines(&LineAxis { first: 1110, step: -5, count: 8 }, "inline");
        assert_eq!(labels(&lines, 5), ["1110", "1100", "1090", "1080"]);
        assert!(lines.ticks(5).is_sorted_by(|a, b| a.place < b.place));
        assert_eq!(labels(&lines.clone().reversed(), 5), ["1080", "1090", "1100", "1110"]);
    }

    #[test]
    fn single_cells_and_odd_ranges_have_at_least_one_number() {
        let one = Axis { first: 339.0, last: 339.0, count: 1, title: String::new() };
        assert_eq!(one.ticks(5), [Tick { place: 0.5, label: "339".into() }]);
        assert_eq!(labels(&Axis { first: 1.0, last: 3.0, count: 3, title: String::new() }, 0), ["2"]);
        let fine = round_numbers(0.4, 0.56, 5);
        assert_eq!(fine.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), ["0.40", "0.45", "0.50", "0.55"]);
        assert_eq!(round_numbers(f64::NAN, 1.0, 5).len(), 1);
        assert_eq!(round_numbers(i32::MIN.into(), i32::MAX.into(), 4).len(), 3);
    }
}
