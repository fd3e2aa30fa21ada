//! Moments of a distribution.

/// Mean, deviation, skewness and excess kurtosis.
pub(super) fn of(values: impl Iterator<Item = f32> + Clone) -> [f32; 4] {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let [mut second, mut third, mut fourth] = [0.0_f64; 3];
    for value in values {
        let from_mean = f64::from(value) - mean;
        second += from_mean.powi(2);
        third += from_mean.powi(3);
        fourth += from_mean.powi(4);
    }
    let [second, third, fourth] = [second / count, third / count, fourth / count];
    if second < 1e-12 {
        return [mean as f32, 0.0, 0.0, 0.0];
    }
    [mean as f32, second.sqrt() as f32, (third / second.powf(1.5)) as f32, (fourth / second.powi(2) - 3.0) as f32]
}

#[cfg(test)]
mod tests {
    #[test]
    fn they_are_those_of_the_textbook() {
        // One in four: mean 1/4, variance 3/16, skewness 2/sqrt(3), excess kurtosis -2/3.
        let [mean, deviation, skewness, kurtosis] = super::of([1.0, 0.0, 0.0, 0.0].into_iter());
        let close = |a: f32, b: f64| assert!((f64::from(a) - b).abs() < 1e-6, "{a} {b}");
        close(mean, 0.25);
        close(deviation, (3.0_f64 / 16.0).sqrt());
        close(skewness, 2.0 / 3.0_f64.sqrt());
        close(kurtosis, -2.0 / 3.0);
    }
}
