//! Features in at most 256 steps, which is what trees look at.

use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// Steps of one feature, at most.
pub(super) const STEPS: usize = 256;

/// Training rows with every feature as the number of its step.
pub(super) struct Binned {
    /// One column a feature.
    pub(super) features: Vec<BinnedFeature>,
    /// Number of rows.
    pub(super) rows: usize,
}

/// One feature.
pub(super) struct BinnedFeature {
    /// Step of every row: how many of `cuts` lie below its value.
    pub(super) steps: Vec<u8>,
    /// Values between one step and the next, rising.
    pub(super) cuts: Vec<f32>,
}

impl Binned {
    /// Steps of equally many rows, or of one value each where a feature has few.
    pub(super) fn of(features: ArrayView2<'_, f32>) -> Self {
        let columns: Vec<_> = features.axis_iter(Axis(1)).collect();
        Self { features: columns.into_par_iter().map(BinnedFeature::of).collect(), rows: features.nrows() }
    }
}

impl BinnedFeature {
    fn of(column: ArrayView1<'_, f32>) -> Self {
        let mut sorted = column.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let mut cuts: Vec<f32> = if distinct.len() <= STEPS {
            distinct.windows(2).map(|pair| between(pair[0], pair[1])).collect()
        } else {
            let at = |step: usize| step * sorted.len() / STEPS;
            (1..STEPS).map(|step| between(sorted[at(step) - 1], sorted[at(step)])).collect()
        };
        cuts.dedup();
        let steps = column.iter().map(|value| cuts.partition_point(|cut| cut < value) as u8).collect();
        Self { steps, cuts }
    }
}

/// A value that `low` does not exceed and `high` does, where they differ.
fn between(low: f32, high: f32) -> f32 {
    let middle = low + (high - low) / 2.0;
    if middle.is_finite() && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn steps_agree_with_cuts() {
        let many = Array2::from_shape_fn((1000, 2), |(row, feature)| match feature {
            0 => ((row * 37) % 1000) as f32,
            _ => (row % 3) as f32,
        });
        let binned = Binned::of(many.view());
        assert_eq!(binned.features[1].cuts, [0.5, 1.5]);
        assert_eq!(binned.features[0].cuts.len(), STEPS - 1);
        for (feature, column) in binned.features.iter().zip(many.columns()) {
            for (&step, &value) in feature.steps.iter().zip(column) {
                let step = usize::from(step);
                assert!(step == 0 || feature.cuts[step - 1] < value);
                assert!(step == feature.cuts.len() || value <= feature.cuts[step]);
            }
        }
    }

    #[test]
    fn neighbouring_and_huge_values_are_told_apart() {
        for (low, high) in [(1.0, 1.0_f32.next_up()), (-f32::MAX, f32::MAX), (0.0, f32::MIN_POSITIVE)] {
            let cut = between(low, high);
            assert!(low <= cut && cut < high, "{low} {cut} {high}");
        }
    }
}
