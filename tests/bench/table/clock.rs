//! Measuring two things in turn, so that a change of the machine's mood meets both.

use std::time::Instant;

use crate::Failure;
use crate::row::{Better, Figure};

/// Seconds that `work` takes.
pub(crate) fn seconds<E>(work: impl FnOnce() -> Result<(), E>) -> Result<f64, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// A measurement that can be repeated: given the number of the round, it says what it measured.
pub(crate) type Measurement<'a> = Box<dyn FnMut(usize) -> Result<f64, Failure> + 'a>;

/// Takes the measurements in turn, `rounds` times after one round that does not count.
///
/// # Errors
/// The first error of a measurement.
pub(crate) fn in_turn(
    rounds: usize,
    better: Better,
    measurements: &mut [Measurement<'_>],
) -> Result<Vec<Figure>, Failure> {
    let mut values = vec![Vec::with_capacity(rounds); measurements.len()];
    for round in 0..=rounds {
        for (measurement, values) in measurements.iter_mut().zip(&mut values) {
            let value = measurement(round)?;
            if round > 0 {
                values.push(value);
            }
        }
    }
    Ok(values.into_iter().map(|values| Figure::of(values, better)).collect())
}
