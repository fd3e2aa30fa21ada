//! What no wavelet explains: coloured noise.

use super::random::Draws;

/// Band-limits white noise to about the band of the seismic: a Ricker-like operator with a deviation near 1.
const BAND: [f64; 9] = [-0.1, -0.25, 0.1, 0.5, 0.75, 0.5, 0.1, -0.25, -0.1];
/// Share of the neighbouring traces' noise in each trace.
const NEIGHBOUR: f64 = 0.35;
const OWN: f64 = 0.6;

/// Noise of the traces of one inline, `[crossline][sample]`, alike in neighbouring traces.
pub(super) fn inline_noise(seed: u64, inline: usize, crosslines: usize, samples: usize) -> Vec<Vec<f64>> {
    let rough: Vec<Vec<f64>> = (0..crosslines + 2)
        .map(|trace| band_limited(&mut Draws::new(seed, (inline * (crosslines + 2) + trace) as u64), samples))
        .collect();
    let mix = |traces: &[Vec<f64>]| {
        let sample = |k: usize| NEIGHBOUR * (traces[0][k] + traces[2][k]) + OWN * traces[1][k];
        (0..samples).map(sample).collect()
    };
    rough.windows(3).map(mix).collect()
}

fn band_limited(draws: &mut Draws, samples: usize) -> Vec<f64> {
    let white: Vec<f64> = (0..samples + BAND.len() - 1).map(|_| draws.normal()).collect();
    let filtered = |window: &[f64]| window.iter().zip(BAND).map(|(value, weight)| value * weight).sum();
    white.windows(BAND.len()).map(filtered).collect()
}
