//! How well a share of few examples is known.

/// The normal distribution's 97.5 % quantile.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// The interval that holds the true share in 95 of 100 cases, of examples that are drawn one by one: pictures, not neighbouring
/// voxels. `share` (0 to 1) of `examples` was seen; Wilson (1927), "Probable inference, the law of succession, and statistical
/// inference", JASA 22. All of 0 to 1 where there are none.
pub fn share_interval(share: f64, examples: u64) -> [f64; 2] {
    if examples == 0 {
        return [0.0, 1.0];
    }
    let examples = examples as f64;
    let over = QUANTILE * QUANTILE / examples;
    let middle = (share + over / 2.0) / (1.0 + over);
    let half = QUANTILE / (1.0 + over) * (share * (1.0 - share) / examples + over / (4.0 * examples)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against scipy: `binomtest(right, examples).proportion_ci(0.95, "wilson")`.
    #[test]
    fn intervals_are_those_of_scipy() {
        for (right, examples, expected) in [
            (9, 15, [0.357_468_301_206_246, 0.801_755_038_586_584_3]),
            (0, 10, [0.0, 0.277_532_799_862_889_26]),
            (15, 15, [0.796_116_698_964_151_4, 1.0]),
            (700, 1000, [0.670_876_139_082_782_8, 0.727_593_157_522_995_1]),
        ] {
            let [low, high] = share_interval(f64::from(right) / examples as f64, examples);
            assert!((low - expected[0]).abs() < 1e-12 && (high - expected[1]).abs() < 1e-12, "{right} of {examples}");
        }
        assert_eq!(share_interval(0.0, 0), [0.0, 1.0]);
    }
}
