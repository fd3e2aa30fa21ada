//! Edges.

use std::f32::consts::PI;

use ndarray::ArrayView2;

/// Directions that are counted.
const DIRECTIONS: usize = 8;

/// Mean and deviation of the strength of edges (Sobel), and the share of strength in each direction of the half circle.
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let mut strengths = Vec::with_capacity(plane.len());
    let mut directions = [0.0_f32; DIRECTIONS];
    for window in plane.windows((3, 3)) {
        let along =
            window[[2, 0]] - window[[0, 0]] + 2.0 * (window[[2, 1]] - window[[0, 1]]) + window[[2, 2]] - window[[0, 2]];
        let across =
            window[[0, 2]] - window[[0, 0]] + 2.0 * (window[[1, 2]] - window[[1, 0]]) + window[[2, 2]] - window[[2, 0]];
        let strength = along.hypot(across);
        strengths.push(strength);
        if strength > 0.0 {
            let turn = across.atan2(along).rem_euclid(PI) / PI;
            // Half a direction on, so that small errors about 0 do not jump to the other end.
            let direction = (turn * DIRECTIONS as f32 + 0.5) as usize % DIRECTIONS;
            directions[direction] += strength;
        }
    }
    let [mean, deviation, ..] = super::moments::of(strengths.iter().copied());
    let all: f32 = directions.iter().sum();
    values.extend([mean, deviation]);
    values.extend(directions.map(|share| if all > 0.0 { share / all } else { 0.0 }));
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_ramp_has_one_direction() {
        for (slope, direction) in
            [((1.0, 0.0), 0), ((0.0, 1.0), 4), ((-1.0, 0.0), 0), ((1.0, 1.0), 2), ((1.0, -1.0), 6)]
        {
            let ramp = Array2::from_shape_fn((9, 9), |(x, y)| slope.0 * x as f32 + slope.1 * y as f32);
            let mut values = Vec::new();
            describe(ramp.view(), &mut values);
            assert!((values[2 + direction] - 1.0).abs() < 1e-5, "{slope:?}: {values:?}");
            assert!(values[1] < 1e-4);
        }
    }
}
