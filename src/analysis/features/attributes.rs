//! Attributes of the complex trace.
//!
//! Taner, Koehler, Sheriff: Complex seismic trace analysis (1979).

use std::f32::consts::TAU;

use ndarray::ArrayView2;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// Mean and deviation of amplitude, envelope, cosine of phase and frequency (cycles a sample), the same of the centre trace, and
/// amplitude, envelope, cosine of phase and frequency at the centre.
pub(super) fn describe(patch: ArrayView2<'_, f32>, values: &mut Vec<f32>) {
    let (traces, samples) = patch.dim();
    let mut planner = FftPlanner::new();
    let (forward, backward) = (planner.plan_fft_forward(samples), planner.plan_fft_inverse(samples));
    let mut attributes = vec![Vec::new(); 4];
    let mut analytic = vec![Complex::new(0.0, 0.0); samples];
    for trace in patch.rows() {
        analytic.iter_mut().zip(trace).for_each(|(to, &amplitude)| *to = Complex::new(amplitude, 0.0));
        forward.process(&mut analytic);
        // Positive frequencies count double, negative ones not at all.
        for (frequency, value) in analytic.iter_mut().enumerate() {
            let once = frequency == 0 || 2 * frequency == samples;
            *value *= if once {
                1.0
            } else if 2 * frequency < samples {
                2.0
            } else {
                0.0
            } / samples as f32;
        }
        backward.process(&mut analytic);
        for (sample, value) in analytic.iter().enumerate() {
            let envelope = value.norm();
            let next = analytic[(sample + 1).min(samples - 1)];
            let last = analytic[sample.saturating_sub(1)];
            let turned = (next * last.conj()).arg() / if sample == 0 || sample + 1 == samples { 1.0 } else { 2.0 };
            // A quiet trace has a phase of rounding errors only.
            let heard = envelope > 1e-4;
            let cosine = if heard { value.re / envelope } else { 0.0 };
            let frequency = if heard { (turned / TAU).clamp(-0.5, 0.5) } else { 0.0 };
            attributes
                .iter_mut()
                .zip([value.re, envelope, cosine, frequency])
                .for_each(|(list, value)| list.push(value));
        }
    }
    let (centre, sample) = (traces / 2 * samples, samples / 2);
    for list in &attributes {
        for part in [&list[..], &list[centre..centre + samples]] {
            let [mean, deviation, ..] = super::moments::of(part.iter().copied());
            values.extend([mean, deviation]);
        }
    }
    values.extend(attributes.iter().map(|list| list[centre + sample]));
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;

    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_wave_has_its_amplitude_and_frequency() {
        // Whole waves in the window, which has no ends then.
        let wave =
            Array2::from_shape_fn((9, 64), |(_, sample)| 0.5 * (TAU * 8.0 * sample as f32 / 64.0 + PI / 3.0).cos());
        let mut values = Vec::new();
        describe(wave.view(), &mut values);
        // Order: amplitude, envelope, cosine, frequency, each mean, deviation, mean and deviation of the centre trace.
        let [envelope, deviation] = [values[4], values[5]];
        assert!((envelope - 0.5).abs() < 1e-4 && deviation < 1e-3, "{values:?}");
        let at_centre = &values[16..];
        assert!((at_centre[3] - 8.0 / 64.0).abs() < 1e-4 && (at_centre[1] - 0.5).abs() < 1e-4, "{at_centre:?}");
        assert!((at_centre[2] - (PI / 3.0).cos()).abs() < 1e-3, "{at_centre:?}");
    }
}
