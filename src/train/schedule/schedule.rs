//! The learning rate of every step.

use super::{OneCycle, Plateau};
use crate::train::EpochRecord;

/// How the learning rate goes on from the optimiser's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// Not at all.
    #[default]
    Constant,
    /// Divided by `1 + decay * steps / every` (Keras' `decay`, with `every` 1).
    InverseTime {
        /// How fast.
        decay: f64,
        /// Steps of its unit.
        every: u64,
    },
    /// Multiplied by `factor` after every so many steps (PyTorch's `StepLR`).
    Step {
        /// Each time.
        factor: f64,
        /// Steps between two times.
        every: u64,
    },
    /// Multiplied by `factor` within so many steps, a little at each.
    Exponential {
        /// Over `every` steps.
        factor: f64,
        /// Steps in which the factor is reached.
        every: u64,
    },
    /// Up from a low rate to the optimiser's, and down to a lower one.
    OneCycle(OneCycle),
    /// Lower whenever validation gets no better.
    Plateau(Plateau),
}

/// Where a run stands when it asks for a rate. All counts are those of the phase.
#[derive(Clone, Copy, Debug)]
pub(in crate::train) struct Place<'a> {
    /// Updates done.
    pub(in crate::train) updates: u64,
    /// Updates planned.
    pub(in crate::train) of: u64,
    /// Epochs done.
    pub(in crate::train) history: &'a [EpochRecord],
}

/// How fast to learn in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::train) struct Rate {
    pub(in crate::train) learning_rate: f64,
    pub(in crate::train) momentum: Option<f64>,
}

impl Schedule {
    /// The rate of the next update, for an optimiser with this one.
    pub(in crate::train) fn rate(&self, learning_rate: f64, place: Place<'_>) -> Rate {
        let at = |rate| Rate { learning_rate: rate, momentum: None };
        let Place { updates, of, history } = place;
        let times = |every: u64| updates as f64 / every.max(1) as f64;
        match self {
            Self::Constant => at(learning_rate),
            Self::InverseTime { decay, every } => at(learning_rate / (1.0 + decay * times(*every))),
            Self::Step { factor, every } => at(learning_rate * factor.powf(times(*every).floor())),
            Self::Exponential { factor, every } => at(learning_rate * factor.powf(times(*every))),
            Self::OneCycle(cycle) => cycle.rate(learning_rate, updates, of),
            Self::Plateau(plateau) => at(plateau.learning_rate(learning_rate, history)),
        }
    }

    /// Whether it looks at validation scores.
    pub fn validates(&self) -> bool {
        matches!(self, Self::Plateau(_))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::super::Anneal;
    use super::*;
    use crate::train::Monitor;

    fn golden(name: &str) -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recipes.json");
        serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()["schedules"][name].clone()
    }

    fn numbers(value: &Value) -> Vec<f64> {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn rates(schedule: Schedule, learning_rate: f64, of: u64) -> Vec<Rate> {
        (0..of).map(|updates| schedule.rate(learning_rate, Place { updates, of, history: &[] })).collect()
    }

    fn assert_close(name: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(actual.len(), expected.len(), "{name}");
        let close = |(a, e): (&f64, &f64)| (a - e).abs() <= tolerance * e.abs();
        assert!(actual.iter().zip(expected).all(close), "{name}: {actual:?} is not {expected:?}");
    }

    #[test]
    fn one_cycle_has_pytorchs_rates_and_momenta() {
        let linear = OneCycle {
            rise: 0.4,
            start_divisor: 10.0,
            end_divisor: 100.0,
            anneal: Anneal::Linear,
            momentum: Some([0.7, 0.95]),
        };
        for (name, cycle) in [
            ("one_cycle", OneCycle::default()),
            ("one_cycle_linear", linear),
            ("one_cycle_short", OneCycle { rise: 0.25, ..OneCycle::default() }),
        ] {
            let golden = golden(name);
            let expected = numbers(&golden["rates"]);
            let rates = rates(Schedule::OneCycle(cycle), 7e-4, expected.len() as u64);
            let actual: Vec<f64> = rates.iter().map(|rate| rate.learning_rate).collect();
            assert_close(name, &actual, &expected, 1e-9);
            let momenta: Vec<f64> = rates.iter().map(|rate| rate.momentum.unwrap()).collect();
            assert_close(name, &momenta, &numbers(&golden["momenta"]), 1e-9);
        }
        let edges = [OneCycle { rise: 0.0, ..OneCycle::default() }, OneCycle { rise: 1.0, ..OneCycle::default() }];
        for (cycle, of) in edges.into_iter().flat_map(|cycle| [1, 2, 9].map(|of| (cycle, of))) {
            let rates = rates(Schedule::OneCycle(cycle), 0.1, of);
            assert!(rates.iter().all(|rate| rate.learning_rate > 0.0 && rate.learning_rate <= 0.1), "{rates:?}");
        }
    }

    #[test]
    fn declines_are_those_of_pytorch_and_keras() {
        for (name, schedule, tolerance) in [
            ("step", Schedule::Step { factor: 0.1, every: 4 }, 1e-12),
            ("exponential", Schedule::Step { factor: 0.9, every: 1 }, 1e-12),
            ("exponential", Schedule::Exponential { factor: 0.9, every: 1 }, 1e-12),
            // Keras computes in single precision.
            ("inverse_time", Schedule::InverseTime { decay: 1e-6, every: 1 }, 1e-6),
            ("inverse_time_of_epochs", Schedule::InverseTime { decay: 0.5, every: 4 }, 1e-6),
        ] {
            let actual: Vec<f64> = rates(schedule, 0.01, 12).iter().map(|rate| rate.learning_rate).collect();
            assert_close(name, &actual, &numbers(&golden(name)), tolerance);
        }
        let half = rates(Schedule::Exponential { factor: 0.25, every: 10 }, 1.0, 6)[5];
        assert!((half.learning_rate - 0.5).abs() < 1e-12);
    }

    #[test]
    fn plateaus_lower_the_rate_when_pytorch_does() {
        let golden = golden("plateau");
        let values = numbers(&golden["values"]);
        let history: Vec<EpochRecord> = values
            .iter()
            .map(|&value| EpochRecord {
                validation_loss: Some(value),
                validation_accuracy: Some(value),
                ..EpochRecord::default()
            })
            .collect();
        let start = Plateau::default();
        for (name, plateau) in [
            ("loss", Plateau { factor: 0.2, patience: 2, least: 1e-4, ..start }),
            ("cooldown", Plateau { factor: 0.5, patience: 0, cooldown: 2, threshold: 0.02, ..start }),
            ("accuracy", Plateau { monitor: Monitor::Accuracy, patience: 3, ..start }),
        ] {
            let rate = |epochs: usize| {
                let place = Place { updates: 0, of: 9, history: &history[..epochs] };
                Schedule::Plateau(plateau).rate(0.01, place).learning_rate
            };
            let actual: Vec<f64> = (1..=values.len()).map(rate).collect();
            assert_close(name, &actual, &numbers(&golden[name]), 1e-9);
            assert_eq!(rate(0), 0.01);
            assert!(actual[values.len() - 1] < 0.01, "{name}");
        }
    }
}
