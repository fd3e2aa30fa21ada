//! Disorder.

use ndarray::ArrayView2;

use super::color::histogram;

/// Entropy of the grey values in bits, mean and largest entropy of quarters, and the deviation of the noise after Immerkær (Fast
/// noise variance estimation, 1996).
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let (rows, columns) = (plane.nrows() / 2, plane.ncols() / 2);
    let quarters: Vec<f32> =
        plane.exact_chunks((rows, columns)).into_iter().map(|quarter| entropy(quarter.iter().copied())).collect();
    let mean = quarters.iter().sum::<f32>() / quarters.len() as f32;
    let largest = quarters.iter().copied().fold(0.0, f32::max);
    let mut sum = 0.0_f64;
    for window in plane.windows((3, 3)) {
        let cross = window[[0, 1]] + window[[1, 0]] + window[[1, 2]] + window[[2, 1]];
        let corners = window[[0, 0]] + window[[0, 2]] + window[[2, 0]] + window[[2, 2]];
        sum += f64::from((corners - 2.0 * cross + 4.0 * window[[1, 1]]).abs());
    }
    let windows = ((plane.nrows() - 2) * (plane.ncols() - 2)) as f64;
    let noise = (std::f64::consts::FRAC_PI_2.sqrt() * sum / (6.0 * windows)) as f32;
    values.extend([entropy(plane.iter().copied()), mean, largest, noise]);
}

fn entropy(values: impl Iterator<Item = f32>) -> f32 {
    histogram::<32>(values).iter().filter(|&&share| share > 0.0).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    use super::super::super::shallow::stream;
    use super::*;

    #[test]
    fn the_level_of_noise_is_found_beneath_a_slope() {
        let mut random = stream(1, 0);
        let noisy = Array2::from_shape_fn((65, 65), |(x, y)| {
            let noise: f32 = StandardNormal.sample(&mut random);
            0.005 * (x + y) as f32 + 0.05 * noise
        });
        let mut values = Vec::new();
        describe(noisy.view(), &mut values);
        assert!((values[3] - 0.05).abs() < 0.005, "{values:?}");
    }
}
