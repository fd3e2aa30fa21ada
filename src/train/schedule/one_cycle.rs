//! One cycle up and down.

use super::Rate;

/// From a low rate up to the optimiser's and down to a lower one, over all updates of a phase (Smith and Topin 2017; the shape is
/// that of PyTorch's `OneCycleLR`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// Share of the updates in which the rate rises; PyTorch's `pct_start`.
    pub rise: f64,
    /// The first rate is the highest over this; `div_factor`.
    pub start_divisor: f64,
    /// The last rate is the first over this; `final_div_factor`.
    pub end_divisor: f64,
    /// How it goes from one to the next.
    pub anneal: Anneal,
    /// Momentum where the rate is highest, and at both ends; the optimiser's own where absent.
    pub momentum: Option<[f64; 2]>,
}

/// How a value goes from one bound to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anneal {
    /// Along half a cosine.
    #[default]
    Cosine,
    /// Straight.
    Linear,
}

impl Default for OneCycle {
    fn default() -> Self {
        let momentum = Some([0.85, 0.95]);
        Self { rise: 0.3, start_divisor: 25.0, end_divisor: 1e4, anneal: Anneal::Cosine, momentum }
    }
}

impl OneCycle {
    pub(super) fn rate(&self, highest: f64, updates: u64, of: u64) -> Rate {
        let first = highest / self.start_divisor;
        let (top, end) = (self.rise * of as f64 - 1.0, of as f64 - 1.0);
        let updates = updates as f64;
        let rising = updates <= top;
        let (start, end) = if rising { (0.0, top) } else { (top, end) };
        let share = if end > start { ((updates - start) / (end - start)).min(1.0) } else { 1.0 };
        let between = |from: f64, to: f64| match self.anneal {
            Anneal::Cosine => to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share).cos()),
            Anneal::Linear => from + (to - from) * share,
        };
        let last = first / self.end_divisor;
        let learning_rate = if rising { between(first, highest) } else { between(highest, last) };
        let momentum = self.momentum.map(|[low, high]| if rising { between(high, low) } else { between(low, high) });
        Rate { learning_rate, momentum }
    }
}
