//! Slower when nothing gets better.

use crate::train::{EpochRecord, Monitor};

/// The smallest change of a learning rate that is made, as PyTorch has it.
const LEAST_CHANGE: f64 = 1e-8;

/// Lowers the rate when a validation value has not got better for some epochs (PyTorch's `ReduceLROnPlateau`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// What must get better.
    pub monitor: Monitor,
    /// The rate is multiplied by this each time.
    pub factor: f64,
    /// Epochs without improvement that are borne.
    pub patience: u64,
    /// Share of the best value by which a better one must differ.
    pub threshold: f64,
    /// Epochs after a change in which none is counted.
    pub cooldown: u64,
    /// The rate goes no lower.
    pub least: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        let monitor = Monitor::Loss;
        Self { monitor, factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, least: 0.0 }
    }
}

impl Plateau {
    /// The rate after the epochs of `history`. It is a function of them alone, so that a continued run has the same.
    pub(super) fn learning_rate(&self, start: f64, history: &[EpochRecord]) -> f64 {
        let (mut rate, mut best, mut bad, mut cooling) = (start, None::<f64>, 0, 0);
        // What is never defined is no lack of progress.
        let is_defined = history.iter().any(|record| self.monitor.value(record).is_some());
        let monitor = if is_defined { self.monitor } else { Monitor::Loss };
        for value in history.iter().map(|record| monitor.value(record)) {
            // What cannot be scored is not better.
            if value.is_some_and(|value| best.is_none_or(|best| self.is_better(monitor, value, best))) {
                best = value;
                bad = 0;
            } else {
                bad += 1;
            }
            if cooling > 0 {
                cooling -= 1;
                bad = 0;
            }
            if bad > self.patience {
                let lower = (rate * self.factor).max(self.least);
                if rate - lower > LEAST_CHANGE {
                    rate = lower;
                }
                cooling = self.cooldown;
                bad = 0;
            }
        }
        rate
    }

    fn is_better(&self, monitor: Monitor, value: f64, best: f64) -> bool {
        if monitor.larger_is_better() {
            value > best * (1.0 + self.threshold)
        } else {
            value < best * (1.0 - self.threshold)
        }
    }
}
