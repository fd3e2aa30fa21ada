//! Dip and coherence.
//!
//! Eigenvectors of the structure tensor: van Vliet and Verbeek, Estimators for orientation and anisotropy in digitized images (1995).

use ndarray::{ArrayView2, s};

/// Dip (sine and cosine of its double angle, so that 89 and -89 degrees are neighbours) and coherence (0 disordered, 1 layered)
/// of the whole plane and of its centre, a third on each side.
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let (rows, columns) = plane.dim();
    let centre = plane.slice(s![rows / 3..rows - rows / 3, columns / 3..columns - columns / 3]);
    for part in [plane, centre] {
        let [mut along, mut across, mut mixed] = [0.0_f64; 3];
        for window in part.windows((3, 3)) {
            let x = f64::from(window[[2, 1]] - window[[0, 1]]) / 2.0;
            let y = f64::from(window[[1, 2]] - window[[1, 0]]) / 2.0;
            along += x * x;
            across += y * y;
            mixed += x * y;
        }
        let trace = along + across;
        let (double_cosine, double_sine) = (along - across, 2.0 * mixed);
        let spread = double_cosine.hypot(double_sine);
        let share = |value: f64, of: f64| if of > 1e-12 { (value / of) as f32 } else { 0.0 };
        values.extend([share(double_cosine, spread), share(double_sine, spread), share(spread, trace)]);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn layers_are_coherent_and_dip_as_they_are() {
        for degrees in [0.0_f32, 20.0, -45.0, 80.0] {
            let (sine, cosine) = degrees.to_radians().sin_cos();
            let layers = Array2::from_shape_fn((65, 65), |(x, y)| (0.3 * (cosine * y as f32 - sine * x as f32)).sin());
            let mut values = Vec::new();
            describe(layers.view(), &mut values);
            // The gradient stands at right angles to the layers.
            let found = 0.5 * (-values[1]).atan2(-values[0]).to_degrees();
            let away = (found - degrees).rem_euclid(180.0);
            assert!(!(2.0..=178.0).contains(&away), "{degrees}: {found}");
            assert!(values[2] > 0.95, "{values:?}");
        }
    }
}
