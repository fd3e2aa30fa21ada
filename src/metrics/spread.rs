//! How far equal runs lie apart.

use serde::{Deserialize, Serialize};

/// Mean and spread of one number over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// Standard deviation of a sample (over n - 1); none of a single run.
    pub deviation: Option<f64>,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// How many runs there are.
    pub count: usize,
}

impl Spread {
    /// The spread of some values; none where there is no value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        let (&first, rest) = values.split_first()?;
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            mean,
            deviation: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()),
            least: rest.iter().copied().fold(first, f64::min),
            most: rest.iter().copied().fold(first, f64::max),
            count,
        })
    }

    /// `0.872 ± 0.013` with so many decimals, or the mean alone of a single run.
    pub fn text(&self, decimals: usize) -> String {
        match self.deviation {
            None => format!("{:.decimals$}", self.mean),
            Some(deviation) => format!("{:.decimals$} ± {deviation:.decimals$}", self.mean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!((spread.mean, spread.least, spread.most, spread.count), (5.0, 2.0, 9.0, 8));
        assert!((spread.deviation.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(spread.text(2), "5.00 ± 2.14");
        assert_eq!(Spread::of(&[0.25]).unwrap().text(3), "0.250");
        assert_eq!(Spread::of(&[]), None);
    }
}
