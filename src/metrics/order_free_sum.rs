//! A sum of real numbers that does not depend on their order.

/// Sum of values from 0 up, kept in units of 2^-40, so that threads may merge their parts in any order.
///
/// One value that is not a number makes the whole sum undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OrderFreeSum {
    units: u128,
    undefined: bool,
}

const UNITS_PER_ONE: f64 = (1u64 << 40) as f64;

impl OrderFreeSum {
    pub(super) fn add(&mut self, value: f64) {
        if value.is_finite() && value >= 0.0 {
            // The cast saturates, and so does the sum: a value too large to count stays large.
            self.units = self.units.saturating_add((value * UNITS_PER_ONE).round() as u128);
        } else {
            self.undefined = true;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.units = self.units.saturating_add(other.units);
        self.undefined |= other.undefined;
    }

    /// The mean of `count` values, if every one was defined.
    pub(super) fn mean(self, count: u64) -> Option<f64> {
        (!self.undefined && count > 0).then(|| self.units as f64 / UNITS_PER_ONE / count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_the_same_sum() {
        let values: Vec<f64> = (1..2000).map(|k| 1e3 / f64::from(k)).collect();
        let (mut forward, mut backward) = (OrderFreeSum::default(), OrderFreeSum::default());
        values.iter().for_each(|&value| forward.add(value));
        values.iter().rev().for_each(|&value| backward.add(value));
        assert_ne!(values.iter().sum::<f64>(), values.iter().rev().sum::<f64>(), "the plain sum is a fair opponent");
        assert_eq!(forward, backward);
        let mean = values.iter().sum::<f64>() / 1999.0;
        assert!((forward.mean(1999).unwrap() - mean).abs() < 1e-11);
    }

    #[test]
    fn one_undefined_value_leaves_no_mean() {
        for wrong in [f64::NAN, f64::INFINITY, -1.0] {
            let mut sum = OrderFreeSum::default();
            sum.add(1.0);
            sum.add(wrong);
            assert_eq!(sum.mean(2), None);
        }
        assert_eq!(OrderFreeSum::default().mean(0), None);
    }
}
