//! Folds of stripes: every trace is tested in one of them.

use super::{DatasetError, StripeSplit};

/// The line as a period of traces that repeats, each fold testing another part of every period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeFolds {
    /// How many folds.
    pub count: usize,
    /// Traces after which the stripes repeat; as many as the line has, or more, for one test stripe a fold.
    pub period: usize,
    /// Unused traces on each side of a test stripe.
    pub gap: usize,
    /// Traces of each train stripe that validate instead, as in [`StripeSplit`].
    pub validation: usize,
}

impl StripeFolds {
    /// The stripes of fold `fold`, counted from 0. Test stripes differ by one trace at most, and all folds together test
    /// every trace once.
    ///
    /// # Errors
    /// When there is no such fold, a fold would test nothing, or the gaps leave nothing to train on.
    pub fn fold(&self, fold: usize) -> Result<StripeSplit, DatasetError> {
        let &Self { count, period, gap, validation } = self;
        let refused = |reason: String| Err(DatasetError::Split { reason });
        if fold >= count {
            return refused(format!("there is no fold {} of {count}", fold + 1));
        }
        if count > period {
            return refused(format!("a period of {period} traces cannot be tested in {count} folds"));
        }
        let edge = |fold: usize| (fold as u128 * period as u128 / count as u128) as usize;
        let (first, end) = (edge(fold), edge(fold + 1));
        let test = end - first;
        let around = gap.checked_mul(2).and_then(|gaps| gaps.checked_add(test));
        let Some(train) = around.and_then(|around| period.checked_sub(around)).filter(|&train| train > 0) else {
            return refused(format!(
                "a period of {period} traces less a test stripe of {test} and two gaps of {gap} leaves nothing to train on"
            ));
        };
        // The test stripe of an unshifted split begins behind train stripe and gap.
        let offset = (train + gap + period - first) % period;
        Ok(StripeSplit { train, gap, test, offset, validation })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::dataset::{Split, Subset};
    use crate::grid::Plane;

    fn subsets(folds: &StripeFolds, fold: usize, traces: usize) -> Vec<Subset> {
        let split = Split::Stripes(folds.fold(fold).unwrap());
        let codes = Array2::zeros((traces, 1));
        split.assign(Plane::Inline, &[(0, codes.view())]).unwrap().remove(0).into_raw_vec_and_offset().0
    }

    #[test]
    fn every_trace_is_tested_once_and_never_nearer_than_the_gap_to_training() {
        for (count, period, gap, validation, traces) in
            [(6, 191, 33, 0, 951), (5, 180, 33, 20, 951), (4, 951, 33, 0, 951), (3, 1200, 10, 0, 951), (2, 7, 1, 0, 40)]
        {
            let folds = StripeFolds { count, period, gap, validation };
            let mut tested = vec![0; traces];
            for fold in 0..count {
                let line = subsets(&folds, fold, traces);
                for (trace, subset) in line.iter().enumerate().filter(|(_, subset)| **subset == Subset::Test) {
                    tested[trace] += 1;
                    let near = &line[trace.saturating_sub(gap)..(trace + gap + 1).min(traces)];
                    assert!(
                        near.iter().all(|other| [Subset::Test, Subset::Gap].contains(other)),
                        "{folds:?} {subset:?}"
                    );
                }
                assert!(line.contains(&Subset::Train), "{folds:?} {fold}");
                assert_eq!(line.contains(&Subset::Validation), validation > 0, "{folds:?} {fold}");
            }
            assert!(tested.iter().all(|&times| times == 1), "{folds:?}: {tested:?}");
        }
    }

    #[test]
    fn folds_that_leave_nothing_are_refused() {
        let folds = StripeFolds { count: 3, period: 60, gap: 20, validation: 0 };
        for (folds, fold) in [
            (folds.clone(), 0),
            (StripeFolds { gap: 5, ..folds.clone() }, 3),
            (StripeFolds { gap: usize::MAX, ..folds.clone() }, 0),
            (StripeFolds { count: 61, gap: 0, ..folds }, 0),
        ] {
            assert!(matches!(folds.fold(fold), Err(DatasetError::Split { .. })), "{folds:?}");
        }
    }
}
