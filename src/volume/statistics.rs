//! What the amplitudes of a cube look like, measured in two parallel passes over its sections.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::histogram::{CoarseHistogram, Order, Rank, interpolate, percentile_ranks};
use super::{LiveTraces, Volume, VolumeError, live_in_section};
use crate::grid::{Plane, Section};

/// Amplitudes of all existing traces. Everything but `nonfinite` and `samples` is over the finite samples, and not a
/// number where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AmplitudeStatistics {
    /// Smallest.
    pub min: f32,
    /// Largest.
    pub max: f32,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the whole population.
    pub std: f64,
    /// Percentile 1, exact; between two samples linearly interpolated, as numpy does by default. So are the next four.
    pub p01: f32,
    /// Percentile 5.
    pub p05: f32,
    /// Median.
    pub p50: f32,
    /// Percentile 95.
    pub p95: f32,
    /// Percentile 99.
    pub p99: f32,
    /// How many samples are exactly 0.
    pub zeros: u64,
    /// How many are infinite or not a number.
    pub nonfinite: u64,
    /// How many samples the existing traces hold.
    #[serde(skip)]
    pub samples: u64,
}

/// What one measurement of a cube tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Amplitude statistics of the existing traces.
    pub statistics: AmplitudeStatistics,
    /// Which traces carry signal.
    pub live_traces: LiveTraces,
}

/// Measures `volume`. Reads every section twice; the result depends neither on the number of threads nor on timing.
///
/// # Errors
/// When a section cannot be read.
pub fn measure(volume: &dyn Volume) -> Result<Measurement, VolumeError> {
    measure_with_magnitude(volume, None).map(|(measurement, _)| measurement)
}

/// Measures `volume`, and in the same passes a percentile (0 to 100) of |amplitude| over the finite samples of the live
/// traces. Dead traces stay out of it, so that padding a survey to a rectangle changes no clip bound.
///
/// The second value is `None` when no percentile is asked for or no trace is live.
///
/// # Errors
/// When a section cannot be read.
pub(super) fn measure_with_magnitude(
    volume: &dyn Volume,
    percentile: Option<f64>,
) -> Result<(Measurement, Option<f32>), VolumeError> {
    let first = first_pass(volume)?;
    let total = Moments::merged(first.sections.iter().map(|section| section.moments));
    let dead_zeros: u64 = first.sections.iter().map(|section| section.dead_zeros).sum();

    let ranks_of = |order, percentile, offset: u64| {
        let (lower, upper, fraction) = percentile_ranks(percentile, total.count - offset);
        (Rank { order, rank: lower + offset }, Rank { order, rank: upper + offset }, fraction)
    };
    let of_value = [1.0, 5.0, 50.0, 95.0, 99.0].map(|percentile| ranks_of(Order::Value, percentile, 0));
    let of_magnitude = percentile
        .filter(|_| total.count > dead_zeros)
        .map(|percentile| ranks_of(Order::Magnitude, percentile, dead_zeros));
    let wanted: Vec<Rank> =
        of_value.iter().chain(&of_magnitude).flat_map(|&(lower, upper, _)| [lower, upper]).collect();

    let fine = if total.count == 0 {
        first.histogram.refine(&[])
    } else {
        let empty = first.histogram.refine(&wanted);
        fold_sections(
            volume,
            || empty.clone(),
            |fine, section, samples| {
                for (_, trace) in existing_traces(volume, section, samples) {
                    finite_samples(trace).for_each(|sample| fine.add(sample));
                }
            },
            |left, right| left.merge(&right),
        )?
    };
    let value_at = |(lower, upper, fraction)| match (fine.sample(lower), fine.sample(upper)) {
        (Some(lower), Some(upper)) => interpolate(lower, upper, fraction),
        _ => f32::NAN,
    };

    let [p01, p05, p50, p95, p99] = of_value.map(value_at);
    let statistics = AmplitudeStatistics {
        min: total.min,
        max: total.max,
        mean: if total.count > 0 { total.mean } else { f64::NAN },
        std: (total.squared_deviations / total.count as f64).sqrt(),
        p01,
        p05,
        p50,
        p95,
        p99,
        zeros: total.zeros,
        nonfinite: total.nonfinite,
        samples: total.count + total.nonfinite,
    };
    let live_traces = LiveTraces::new(first.live_mask(volume));
    Ok((Measurement { statistics, live_traces }, of_magnitude.map(value_at)))
}

/// All that the first pass over the cube collects.
struct FirstPass {
    histogram: CoarseHistogram,
    /// In the order of the sections.
    sections: Vec<SectionRecord>,
}

struct SectionRecord {
    moments: Moments,
    live: Vec<bool>,
    /// Zero samples of existing traces that are not live.
    dead_zeros: u64,
}

impl FirstPass {
    fn live_mask(&self, volume: &dyn Volume) -> Array2<bool> {
        let [inlines, crosslines, _] = volume.geometry().shape();
        let plane = volume.storage_plane();
        Array2::from_shape_fn((inlines, crosslines), |(i, j)| match plane {
            Plane::Inline => self.sections[i].live[j],
            Plane::Crossline => self.sections[j].live[i],
        })
    }
}

fn first_pass(volume: &dyn Volume) -> Result<FirstPass, VolumeError> {
    fold_sections(
        volume,
        || FirstPass { histogram: CoarseHistogram::new(), sections: Vec::new() },
        |pass, section, samples| {
            let live = live_in_section(volume, section, samples);
            let mut dead_zeros = 0;
            for (trace, samples) in existing_traces(volume, section, samples) {
                finite_samples(samples).for_each(|sample| pass.histogram.add(sample));
                if !live[trace] {
                    dead_zeros += finite_samples(samples).count() as u64;
                }
            }
            pass.sections.push(SectionRecord { moments: Moments::of(volume, section, samples), live, dead_zeros });
        },
        |mut left, right| {
            left.sections.extend(right.sections);
            FirstPass { histogram: left.histogram.merge(&right.histogram), sections: left.sections }
        },
    )
}

/// Running sums of one section, or of several merged in their order.
#[derive(Clone, Copy)]
struct Moments {
    count: u64,
    mean: f64,
    /// Sum of the squared distances from the mean: free of the cancellation that a plain sum of squares suffers.
    squared_deviations: f64,
    min: f32,
    max: f32,
    zeros: u64,
    nonfinite: u64,
}

impl Moments {
    const NONE: Self =
        Self { count: 0, mean: 0.0, squared_deviations: 0.0, min: f32::NAN, max: f32::NAN, zeros: 0, nonfinite: 0 };

    fn of(volume: &dyn Volume, section: Section, samples: ArrayView2<'_, f32>) -> Self {
        let mut moments = Self::NONE;
        let mut sum = 0.0;
        for (_, trace) in existing_traces(volume, section, samples) {
            for &sample in trace {
                if !sample.is_finite() {
                    moments.nonfinite += 1;
                    continue;
                }
                moments.count += 1;
                moments.zeros += u64::from(sample == 0.0);
                moments.min = moments.min.min(sample);
                moments.max = moments.max.max(sample);
                sum += f64::from(sample);
            }
        }
        if moments.count > 0 {
            moments.mean = sum / moments.count as f64;
        }
        for (_, trace) in existing_traces(volume, section, samples) {
            let squares = finite_samples(trace).map(|sample| (f64::from(sample) - moments.mean).powi(2));
            moments.squared_deviations += squares.sum::<f64>();
        }
        moments
    }

    /// Pairwise update of Chan, Golub and LeVeque (1979), from the first section to the last.
    fn merged(sections: impl Iterator<Item = Self>) -> Self {
        sections.fold(Self::NONE, |total, section| {
            let count = total.count + section.count;
            let share = if count == 0 { 0.0 } else { section.count as f64 / count as f64 };
            let distance = section.mean - total.mean;
            Self {
                count,
                mean: total.mean + distance * share,
                squared_deviations: total.squared_deviations
                    + section.squared_deviations
                    + distance * distance * share * total.count as f64,
                min: total.min.min(section.min),
                max: total.max.max(section.max),
                zeros: total.zeros + section.zeros,
                nonfinite: total.nonfinite + section.nonfinite,
            }
        })
    }
}

/// Reads every section of the cube once, in parallel, and folds each into an accumulator; accumulators are joined in the
/// order of the sections.
fn fold_sections<A: Send>(
    volume: &dyn Volume,
    start: impl Fn() -> A + Sync + Send,
    add: impl Fn(&mut A, Section, ArrayView2<'_, f32>) + Sync + Send,
    join: impl Fn(A, A) -> A + Sync + Send,
) -> Result<A, VolumeError> {
    let plane = volume.storage_plane();
    let geometry = volume.geometry();
    let shape = geometry.section_shape(plane);
    let folded = (0..geometry.section_axis(plane).count)
        .into_par_iter()
        .try_fold(
            || None,
            |accumulator, index| {
                let (mut accumulator, mut samples) = accumulator.unwrap_or_else(|| (start(), Array2::zeros(shape)));
                let section = Section { plane, index };
                volume.read_section(section, samples.view_mut())?;
                add(&mut accumulator, section, samples.view());
                Ok::<_, VolumeError>(Some((accumulator, samples)))
            },
        )
        .map(|folded| folded.map(|folded| folded.map(|(accumulator, _)| accumulator)))
        .try_reduce(
            || None,
            |left, right| {
                Ok::<_, VolumeError>(match (left, right) {
                    (Some(left), Some(right)) => Some(join(left, right)),
                    (one, other) => one.or(other),
                })
            },
        )?;
    Ok(folded.unwrap_or_else(start))
}

fn existing_traces<'a>(
    volume: &'a dyn Volume,
    section: Section,
    samples: ArrayView2<'a, f32>,
) -> impl Iterator<Item = (usize, ArrayView1<'a, f32>)> {
    (0..samples.nrows()).filter_map(move |trace| {
        let [inline_index, crossline_index] = section.cell(trace);
        volume.has_trace(inline_index, crossline_index).then(|| (trace, samples.index_axis_move(Axis(0), trace)))
    })
}

fn finite_samples(trace: ArrayView1<'_, f32>) -> impl Iterator<Item = f32> {
    trace.into_iter().copied().filter(|sample| sample.is_finite())
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::grid::{Domain, Geometry, LineAxis, VerticalAxis};
    use crate::volume::MemoryVolume;

    fn cube(shape: [usize; 3], value: impl Fn(usize) -> f32) -> MemoryVolume {
        let geometry = Geometry {
            inline: LineAxis { first: 1, step: 1, count: shape[0] },
            crossline: LineAxis { first: 1, step: 1, count: shape[1] },
            vertical: VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: shape[2] },
            xy_from_grid: None,
        };
        let mut n = 0;
        let next = |_| {
            n += 1;
            value(n - 1)
        };
        MemoryVolume::new(geometry, Array3::from_shape_fn(shape, next)).unwrap()
    }

    /// Repeatable values that look random: a multiplicative congruential sequence, made skew.
    fn irregular(n: usize) -> f32 {
        let uniform = (n as u64 * 48_271 % 2_147_483_647 * 69_621 % 2_147_483_647) as f64 / 2_147_483_647.0;
        ((uniform - 0.4).powi(3) * 1e4) as f32
    }

    #[test]
    fn the_numbers_are_those_of_the_sorted_samples() {
        let cube = cube([7, 11, 130], irregular);
        let (measurement, p99) = measure_with_magnitude(&cube, Some(99.0)).unwrap();
        let statistics = measurement.statistics;
        let mut sorted: Vec<f32> = cube.samples().iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let percentile = |sorted: &[f32], p: f64| {
            let position = (sorted.len() - 1) as f64 * p / 100.0;
            let (lower, upper) = (sorted[position as usize], sorted[(position as usize + 1).min(sorted.len() - 1)]);
            f64::from(lower) + (f64::from(upper) - f64::from(lower)) * position.fract()
        };
        let of_values = [statistics.p01, statistics.p05, statistics.p50, statistics.p95, statistics.p99];
        for (p, actual) in [1.0, 5.0, 50.0, 95.0, 99.0].into_iter().zip(of_values) {
            assert_eq!(actual, percentile(&sorted, p) as f32, "percentile {p}");
        }
        assert_eq!((statistics.min, statistics.max), (sorted[0], sorted[sorted.len() - 1]));
        let mean = sorted.iter().map(|&sample| f64::from(sample)).sum::<f64>() / sorted.len() as f64;
        let variance = sorted.iter().map(|&s| (f64::from(s) - mean).powi(2)).sum::<f64>() / sorted.len() as f64;
        assert!((statistics.mean - mean).abs() < 1e-10 && (statistics.std - variance.sqrt()).abs() < 1e-10);
        let mut magnitudes: Vec<f32> = sorted.iter().map(|sample| sample.abs()).collect();
        magnitudes.sort_by(f32::total_cmp);
        assert_eq!(p99, Some(percentile(&magnitudes, 99.0) as f32));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let cube = cube([33, 20, 40], |n| irregular(n) + 1e6);
        let measured = [1, 2, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| measure_with_magnitude(&cube, Some(98.5)).unwrap())
        });
        assert_eq!(measured[0], measured[1]);
        assert_eq!(measured[0], measured[2]);
    }

    #[test]
    fn missing_dead_and_broken_samples_are_told_apart() {
        // Trace 0 is missing, trace 1 dead, trace 2 dead with a NaN, trace 3 holds 1 2 3 and an infinity.
        let values = [9.0, 9.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0, 1.0, -2.0, 3.0, f32::INFINITY];
        let missing = Array2::from_shape_fn((1, 4), |(_, crossline)| crossline == 0);
        let cube = cube([1, 4, 4], |n| values[n]).without_traces(missing).unwrap();
        let (Measurement { statistics, live_traces }, median) = measure_with_magnitude(&cube, Some(50.0)).unwrap();
        assert_eq!((statistics.samples, statistics.nonfinite, statistics.zeros), (12, 2, 7));
        assert_eq!((statistics.min, statistics.max), (-2.0, 3.0));
        assert!((statistics.mean - 0.2).abs() < 1e-12);
        assert_eq!(median, Some(2.0), "dead traces must not dilute the clip percentile");
        assert_eq!(live_traces.of_section(Section::inline(0)).to_vec(), [false, false, false, true]);
        assert_eq!(live_traces.count(), 1);
    }

    #[test]
    fn a_cube_without_one_finite_sample_has_no_numbers_but_is_measured() {
        let cube = cube([2, 2, 3], |_| f32::NAN);
        let (measurement, magnitude) = measure_with_magnitude(&cube, Some(99.0)).unwrap();
        let statistics = measurement.statistics;
        assert!(statistics.mean.is_nan() && statistics.p50.is_nan() && statistics.min.is_nan());
        assert_eq!((statistics.samples, statistics.nonfinite, magnitude), (12, 12, None));
    }
}
