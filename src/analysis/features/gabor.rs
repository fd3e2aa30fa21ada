//! Gabor filters.
//!
//! A round Gaussian times a plane wave is a product of two one-dimensional complex kernels, one per axis, so every filter is two
//! passes over the plane (Daugman, Uncertainty relation for resolution in space, spatial frequency, and orientation, 1985).

use std::f32::consts::{PI, TAU};

use ndarray::ArrayView2;

/// Values of one wave.
const WAVELENGTHS: [f32; 3] = [4.0, 8.0, 16.0];
/// Directions of the half circle.
const DIRECTIONS: usize = 4;
/// Deviation of the Gaussian, in wavelengths: about one octave wide.
const WIDTH: f32 = 0.56;

/// Mean and deviation of the strength of every filter's answer; beyond the edge the edge goes on.
pub(super) fn describe(plane: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let mean = plane.iter().sum::<f32>() / plane.len() as f32;
    let plane: Vec<Vec<f32>> =
        plane.rows().into_iter().map(|row| row.iter().map(|value| value - mean).collect()).collect();
    for wavelength in WAVELENGTHS {
        for direction in 0..DIRECTIONS {
            let angle = PI * direction as f32 / DIRECTIONS as f32;
            let strengths = strengths(&plane, wavelength, angle);
            let [mean, deviation, ..] = super::moments::of(strengths.iter().copied());
            values.extend([mean, deviation]);
        }
    }
}

/// One axis of a kernel, real and imaginary parts from `-radius` to `radius`.
fn kernel(wavelength: f32, share: f32) -> Vec<[f32; 2]> {
    let deviation = WIDTH * wavelength;
    let radius = (2.5 * deviation).ceil() as i32;
    let at = |x: i32| {
        let x = x as f32;
        let (sine, cosine) = (TAU / wavelength * share * x).sin_cos();
        let weight = (-0.5 * (x / deviation).powi(2)).exp() / (deviation * TAU.sqrt());
        [weight * cosine, weight * sine]
    };
    (-radius..=radius).map(at).collect()
}

fn strengths(plane: &[Vec<f32>], wavelength: f32, angle: f32) -> Vec<f32> {
    let (columns, rows) = (kernel(wavelength, angle.sin()), kernel(wavelength, angle.cos()));
    let radius = columns.len() / 2;
    let along: Vec<Vec<[f32; 2]>> = plane
        .iter()
        .map(|row| {
            let padded: Vec<f32> =
                (0..row.len() + 2 * radius).map(|x| row[x.saturating_sub(radius).min(row.len() - 1)]).collect();
            let answer = |window: &[f32]| {
                window.iter().zip(&columns).fold([0.0; 2], |sum: [f32; 2], (value, kernel)| {
                    [sum[0] + value * kernel[0], sum[1] + value * kernel[1]]
                })
            };
            padded.windows(columns.len()).map(answer).collect()
        })
        .collect();
    let mut strengths = Vec::with_capacity(plane.len() * plane[0].len());
    let mut sums = vec![[0.0_f32; 2]; plane[0].len()];
    for row in 0..plane.len() {
        sums.fill([0.0; 2]);
        for (offset, kernel) in rows.iter().enumerate() {
            let from = &along[(row + offset).saturating_sub(radius).min(plane.len() - 1)];
            for (sum, value) in sums.iter_mut().zip(from) {
                sum[0] += value[0] * kernel[0] - value[1] * kernel[1];
                sum[1] += value[0] * kernel[1] + value[1] * kernel[0];
            }
        }
        strengths.extend(sums.iter().map(|sum| sum[0].hypot(sum[1])));
    }
    strengths
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_wave_answers_to_its_own_filter_most() {
        for (place, wavelength) in WAVELENGTHS.into_iter().enumerate() {
            for direction in 0..DIRECTIONS {
                let angle = PI * direction as f32 / DIRECTIONS as f32;
                let wave = Array2::from_shape_fn((65, 65), |(row, column)| {
                    (TAU / wavelength * (row as f32 * angle.cos() + column as f32 * angle.sin())).cos()
                });
                let mut values = Vec::new();
                describe(wave.view(), &mut values);
                let means: Vec<f32> = values.chunks(2).map(|pair| pair[0]).collect();
                let largest = (0..means.len()).max_by(|&a, &b| means[a].total_cmp(&means[b])).unwrap();
                assert_eq!(largest, place * DIRECTIONS + direction, "{means:?}");
            }
        }
    }
}
