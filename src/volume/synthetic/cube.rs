//! Seismic sections of a synthetic earth, and what they show.

use ndarray::{Array2, Array3, ArrayViewMut1, Axis};
use rayon::prelude::*;

use super::earth::Earth;
use super::noise::inline_noise;
use super::wavelet::Ricker;
use super::{SyntheticError, SyntheticOptions};

/// Finest distance of samples, in ms, at which rocks are looked up. Beds are thinner than a seismic sample.
const ROCK_INTERVAL_MS: f64 = 1.0;
/// Peak frequencies of the wavelet at the top and at the foot of the cube: the earth swallows high frequencies.
const PEAK_HZ: [f64; 2] = [42.0, 27.0];
/// Recorded amplitude of a reflection coefficient of 1. Reflections reach a quarter of it and fit 16 bits.
const GAIN: f64 = 40_000.0;
/// Deviation of the noise, as a reflection coefficient.
const NOISE: f64 = 0.009;
/// Share of the neighbouring traces that migration leaves in each trace.
const SMEAR: f64 = 0.2;

/// A seeded synthetic survey: any of its inlines can be made at any time, alone.
pub struct SyntheticCube {
    options: SyntheticOptions,
    earth: Earth,
    wavelets: [Ricker; 2],
    /// Samples of rock to one sample of seismic.
    refinement: usize,
}

/// One inline of a synthetic survey, arrays `[crossline, sample]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticSection {
    /// Amplitudes, whole numbers that fit 16 bits.
    pub amplitudes: Array2<f32>,
    /// Class codes; see [`Facies`](super::Facies).
    pub codes: Array2<u8>,
}

impl SyntheticCube {
    /// Draws the earth that `options` ask for.
    ///
    /// # Errors
    /// When the options are out of range.
    pub fn new(options: SyntheticOptions) -> Result<Self, SyntheticError> {
        options.check()?;
        let refinement = (options.interval_ms / ROCK_INTERVAL_MS).ceil() as usize;
        let wavelets = PEAK_HZ.map(|peak| Ricker::new(peak, options.interval_ms / refinement as f64));
        Ok(Self { earth: Earth::draw(&options), options, wavelets, refinement })
    }

    /// The options that it was made from.
    pub fn options(&self) -> &SyntheticOptions {
        &self.options
    }

    /// The inline at `index`; the same whichever others were made before and whatever the number of threads.
    pub fn inline(&self, index: usize) -> SyntheticSection {
        let SyntheticOptions { crosslines, samples, seed, .. } = self.options;
        let mut echoes = Array2::<f64>::zeros((crosslines, samples));
        let mut codes = Array2::<u8>::zeros((crosslines, samples));
        let traces = echoes.axis_iter_mut(Axis(0)).into_par_iter().zip(codes.axis_iter_mut(Axis(0)));
        traces.enumerate().for_each(|(crossline, (echoes, codes))| self.trace(index, crossline, echoes, codes));

        let noise = inline_noise(seed, index, crosslines, samples);
        let amplitudes = Array2::from_shape_fn((crosslines, samples), |(crossline, sample)| {
            let neighbours = [crossline.saturating_sub(1), (crossline + 1).min(crosslines - 1)];
            let beside: f64 = neighbours.iter().map(|&trace| echoes[[trace, sample]]).sum();
            let echo = SMEAR * beside + (1.0 - 2.0 * SMEAR) * echoes[[crossline, sample]];
            let amplitude = GAIN * (echo + NOISE * noise[crossline][sample]);
            amplitude.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as f32
        });
        SyntheticSection { amplitudes, codes }
    }

    /// Amplitudes and class codes of the whole cube, `[inline, crossline, sample]`.
    pub fn whole(&self) -> (Array3<f32>, Array3<u8>) {
        let shape = self.options.geometry().shape();
        let (mut amplitudes, mut codes) = (Array3::zeros(shape), Array3::zeros(shape));
        let sections = amplitudes.axis_iter_mut(Axis(0)).into_par_iter().zip(codes.axis_iter_mut(Axis(0)));
        sections.enumerate().for_each(|(index, (mut amplitudes, mut codes))| {
            let section = self.inline(index);
            amplitudes.assign(&section.amplitudes);
            codes.assign(&section.codes);
        });
        (amplitudes, codes)
    }

    fn trace(&self, inline: usize, crossline: usize, echoes: ArrayViewMut1<'_, f64>, codes: ArrayViewMut1<'_, u8>) {
        let samples = self.options.samples;
        let interval_ms = self.options.interval_ms / self.refinement as f64;
        let margin = self.wavelets.iter().map(Ricker::reach).max().unwrap_or(0);
        let times = (0..samples * self.refinement + 2 * margin).map(|n| (n as f64 - margin as f64) * interval_ms);
        let rocks = self.earth.column(crossline as f64, inline as f64, times);
        // Half the step of the logarithm of impedance is the reflection coefficient, for small ones.
        let mut reflectivity = vec![0.0];
        reflectivity.extend(rocks.windows(2).map(|pair| 0.5 * (pair[1].impedance - pair[0].impedance)));

        for (sample, (echo, code)) in echoes.into_iter().zip(codes).enumerate() {
            let center = margin + sample * self.refinement;
            let [shallow, deep] = [0, 1].map(|n: usize| self.wavelets[n].echo(&reflectivity, center));
            let depth = sample as f64 / samples as f64;
            *echo = shallow * (1.0 - depth) + deep * depth;
            *code = rocks[center].facies.code();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::synthetic::Facies;

    #[test]
    fn an_inline_is_the_same_alone_and_in_the_cube_whatever_the_threads() {
        let options = SyntheticOptions { inlines: 9, crosslines: 64, samples: 64, ..SyntheticOptions::default() };
        let made = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| SyntheticCube::new(options.clone()).unwrap().whole())
        });
        assert!(made[0] == made[1]);
        let alone = SyntheticCube::new(options.clone()).unwrap().inline(7);
        assert_eq!(alone.amplitudes, made[0].0.index_axis(Axis(0), 7));
        assert_eq!(alone.codes, made[0].1.index_axis(Axis(0), 7));
        let other = SyntheticCube::new(SyntheticOptions { seed: 2, ..options }).unwrap().inline(7);
        assert!(other.codes != alone.codes);
    }

    #[test]
    fn every_class_shows_on_the_labelled_line_for_any_seed() {
        for seed in 0..24 {
            let options = SyntheticOptions { seed, ..SyntheticOptions::default() };
            let index = options.geometry().inline.index(options.labelled_inline()).unwrap();
            let section = SyntheticCube::new(options).unwrap().inline(index);
            for facies in Facies::ALL {
                let share = section.codes.iter().filter(|code| **code == facies.code()).count() as f64
                    / section.codes.len() as f64;
                assert!(share > 0.015, "seed {seed}: {} covers {share}", facies.name());
            }
        }
    }

    #[test]
    fn amplitudes_fit_sixteen_bits_and_differ_between_facies() {
        let options = SyntheticOptions::default();
        let section = SyntheticCube::new(options).unwrap().inline(25);
        assert!(section.amplitudes.iter().all(|a| a.fract() == 0.0 && a.abs() < 20_000.0));
        let deviation = |facies: Facies| {
            let of_facies = section.amplitudes.iter().zip(&section.codes).filter(|(_, code)| **code == facies.code());
            let (count, squares) = of_facies.fold((0.0, 0.0), |(n, s), (a, _)| (n + 1.0, s + f64::from(a * a)));
            (squares / count).sqrt()
        };
        assert!(deviation(Facies::HighAmplitude) > 1.5 * deviation(Facies::Clinoforms));
        assert!(deviation(Facies::Clinoforms) > 1.3 * deviation(Facies::LowAmplitude));
    }
}
