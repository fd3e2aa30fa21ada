//! Which labelled voxels train, which stop the training, and which judge the result.

use ndarray::{Array2, ArrayView2};
use rand::RngExt;

use super::generator::{Purpose, generator};
use super::{BlockFolds, BlockSplit, DatasetError, SideSplit};
use crate::grid::{Plane, Section, UNLABELLED};

/// What a labelled voxel is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Subset {
    /// The network learns it.
    Train,
    /// Decides when to stop, and which epoch is best.
    Validation,
    /// Scored once, at the end.
    Test,
    /// Used for nothing: too close to another subset, or not labelled.
    Gap,
}

impl Subset {
    /// `train`, `validation`, `test` or `gap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Gap => "gap",
        }
    }
}

/// How labelled voxels are divided.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// Everything trains.
    None,
    /// Stripes of traces with gaps between them.
    Stripes(StripeSplit),
    /// Rectangular blocks with gaps round them.
    Blocks(BlockSplit),
    /// One fold of such blocks.
    BlockFolds(BlockFolds),
    /// Two sides of the line, with a boundary for each class.
    Sides(SideSplit),
    /// Voxel by voxel. Neighbours of test voxels are trained on, so scores say little about another line.
    Random(RandomSplit),
}

/// Stripes of traces: train, gap, test, gap, and again. All lengths in traces.
///
/// Trace t stands at `(t + offset) mod (train + gap + test + gap)` of its period.
#[derive(Clone, Debug, PartialEq)]
pub struct StripeSplit {
    /// Traces that train, the validation part included.
    pub train: usize,
    /// Unused traces on each side of a test stripe.
    pub gap: usize,
    /// Traces that test.
    pub test: usize,
    /// Shifts the stripes to lower traces.
    pub offset: usize,
    /// Traces at the end of each train stripe that validate instead. `gap` traces before them go unused; the gap behind
    /// them is that of the test stripe.
    pub validation: usize,
}

/// Shares of voxels drawn one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSplit {
    /// Share that tests, 0 to 1.
    pub test: f64,
    /// Share that validates, 0 to 1.
    pub validation: f64,
    /// Seed of the draw.
    pub seed: u64,
}

impl Split {
    /// `none`, `stripes`, `blocks`, `sides` or `random`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Stripes(_) => "stripes",
            Self::Blocks(_) | Self::BlockFolds(_) => "blocks",
            Self::Sides(_) => "sides",
            Self::Random(_) => "random",
        }
    }

    /// Whether a part of the labels is held out as `subset`.
    pub fn holds_out(&self, subset: Subset) -> bool {
        let (validation, test) = match self {
            Self::None => (false, false),
            Self::Stripes(stripes) => (stripes.validation > 0, stripes.test > 0),
            Self::Blocks(blocks) => (blocks.validation > 0.0, blocks.test > 0.0),
            Self::BlockFolds(folds) => (folds.validates, true),
            Self::Sides(sides) => (sides.validation > 0, true),
            Self::Random(random) => (random.validation > 0.0, random.test > 0.0),
        };
        match subset {
            Subset::Train => true,
            Subset::Validation => validation,
            Subset::Test => test,
            Subset::Gap => false,
        }
    }

    /// The subset of every voxel, `[trace, sample]`, of the labelled sections of one plane; [`Subset::Gap`] where
    /// unlabelled.
    ///
    /// # Errors
    /// When the lengths or shares of the split have no meaning.
    pub fn assign(
        &self,
        plane: Plane,
        sections: &[(usize, ArrayView2<'_, u8>)],
    ) -> Result<Vec<Array2<Subset>>, DatasetError> {
        match self {
            Self::None => Ok(sections.iter().map(|(_, codes)| labelled(codes, |_| Subset::Train)).collect()),
            Self::Stripes(stripes) => {
                let of_trace = stripes.checked()?;
                Ok(sections.iter().map(|(_, codes)| labelled(codes, |[trace, _]| of_trace(trace))).collect())
            }
            Self::Blocks(blocks) => blocks.assign(plane, &views(sections)),
            Self::BlockFolds(folds) => folds.assign(plane, &views(sections)),
            Self::Sides(sides) => sections.iter().map(|&(index, codes)| sides.assign(plane, index, codes)).collect(),
            Self::Random(random) => {
                check_shares(random.test, random.validation)?;
                Ok(sections.iter().map(|&(index, codes)| random.assign(Section { plane, index }, codes)).collect())
            }
        }
    }
}

impl StripeSplit {
    /// The subset of a trace, once the lengths are known to make sense.
    fn checked(&self) -> Result<impl Fn(usize) -> Subset, DatasetError> {
        let &Self { train, gap, test, offset, validation } = self;
        let total = [train, gap, test, gap].into_iter().try_fold(0usize, usize::checked_add);
        let Some(period) = total.filter(|_| train > 0) else {
            return Err(DatasetError::Split {
                reason: format!("stripes of {train} train, {gap} gap and {test} test traces have no usable period"),
            });
        };
        let held_out = if validation > 0 { validation.saturating_add(gap) } else { 0 };
        let Some(learned) = train.checked_sub(held_out).filter(|&learned| learned > 0) else {
            return Err(DatasetError::Split {
                reason: format!(
                    "train stripes of {train} traces leave nothing to train on beside {validation} \
                     validation traces and their gap of {gap}"
                ),
            });
        };
        Ok(move |trace: usize| {
            let position = (trace % period + offset % period) % period;
            if position < learned {
                Subset::Train
            } else if (train - validation..train).contains(&position) {
                Subset::Validation
            } else if position >= train && (gap..gap + test).contains(&(position - train)) {
                Subset::Test
            } else {
                Subset::Gap
            }
        })
    }
}

impl RandomSplit {
    fn assign(&self, section: Section, codes: ArrayView2<'_, u8>) -> Array2<Subset> {
        let stream = section.index as u64 * 2 + u64::from(section.plane == Plane::Crossline);
        let mut random = generator(self.seed, Purpose::RandomSplit, 0, stream);
        labelled(&codes, |_| match random.random::<f64>() {
            draw if draw < self.test => Subset::Test,
            draw if draw < self.test + self.validation => Subset::Validation,
            _ => Subset::Train,
        })
    }
}

fn views<'a>(sections: &[(usize, ArrayView2<'a, u8>)]) -> Vec<ArrayView2<'a, u8>> {
    sections.iter().map(|&(_, codes)| codes).collect()
}

/// The subsets that `subset` gives to the labelled voxels `[trace, sample]`.
pub(super) fn labelled(codes: &ArrayView2<'_, u8>, mut subset: impl FnMut([usize; 2]) -> Subset) -> Array2<Subset> {
    Array2::from_shape_fn(codes.dim(), |(trace, sample)| {
        if codes[[trace, sample]] == UNLABELLED { Subset::Gap } else { subset([trace, sample]) }
    })
}

/// Refuses shares that leave nothing to train on.
pub(super) fn check_shares(test: f64, validation: f64) -> Result<(), DatasetError> {
    if test >= 0.0 && validation >= 0.0 && test + validation < 1.0 {
        return Ok(());
    }
    Err(DatasetError::Split {
        reason: format!("shares of {test} for test and {validation} for validation leave nothing to train on"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(train: usize, gap: usize, test: usize, offset: usize, validation: usize) -> Split {
        Split::Stripes(StripeSplit { train, gap, test, offset, validation })
    }

    fn subsets(split: &Split, codes: &Array2<u8>) -> Array2<Subset> {
        split.assign(Plane::Inline, &[(0, codes.view())]).unwrap().remove(0)
    }

    /// One letter per trace of a fully labelled section.
    fn letters(split: &Split, traces: usize) -> String {
        let subsets = subsets(split, &Array2::zeros((traces, 1)));
        subsets.iter().map(|subset| ['T', 'v', 'x', '.'][*subset as usize]).collect()
    }

    #[test]
    fn stripes_follow_each_other_and_shift_with_the_offset() {
        assert_eq!(letters(&stripes(4, 2, 3, 0, 0), 16), "TTTT..xxx..TTTT.");
        assert_eq!(letters(&stripes(4, 2, 3, 5, 0), 16), ".xxx..TTTT..xxx.");
        assert_eq!(letters(&stripes(4, 2, 3, 11 + 5, 0), 16), letters(&stripes(4, 2, 3, 5, 0), 16));
        assert_eq!(letters(&stripes(4, 0, 0, 0, 0), 6), "TTTTTT");
    }

    #[test]
    fn a_validation_share_has_a_gap_on_either_side() {
        assert_eq!(letters(&stripes(8, 2, 3, 0, 3), 20), "TTT..vvv..xxx..TTT..");
        for (train, gap, test, validation) in [(95, 33, 30, 20), (50, 7, 0, 10)] {
            let line = letters(&stripes(train, gap, test, 0, validation), 600);
            let line = line.as_bytes();
            for (a, &first) in line.iter().enumerate() {
                for &second in line.iter().skip(a).take(gap + 1) {
                    assert!(first == second || first == b'.' || second == b'.', "{} too close to {}", first, second);
                }
            }
        }
    }

    #[test]
    fn the_published_stripes_of_f3_are_those_of_the_formula() {
        let split = letters(&stripes(95, 33, 30, 0, 0), 951);
        for (trace, letter) in split.chars().enumerate() {
            let expected = match trace % 191 {
                0..95 => 'T',
                128..158 => 'x',
                _ => '.',
            };
            assert_eq!(letter, expected, "trace {trace}");
        }
    }

    #[test]
    fn random_shares_come_out_and_the_seed_decides() {
        let random = |seed| Split::Random(RandomSplit { test: 0.3, validation: 0.1, seed });
        let mut codes = Array2::from_elem((100, 100), 1);
        codes[[3, 4]] = UNLABELLED;
        let drawn = subsets(&random(1), &codes);
        for (subset, share) in [(Subset::Test, 0.3), (Subset::Validation, 0.1), (Subset::Train, 0.6)] {
            let found = drawn.iter().filter(|&&other| other == subset).count() as f64 / 1e4;
            assert!((found - share).abs() < 0.02, "{subset:?}: {found}");
        }
        assert_eq!(drawn[[3, 4]], Subset::Gap);
        assert_eq!(drawn, subsets(&random(1), &codes));
        assert_ne!(drawn, subsets(&random(2), &codes));
    }

    #[test]
    fn splits_that_leave_nothing_to_train_on_are_refused() {
        for split in [
            stripes(0, 3, 5, 0, 0),
            stripes(10, 3, 5, 0, 7),
            stripes(10, usize::MAX, 5, 0, 0),
            Split::Random(RandomSplit { test: 0.7, validation: 0.3, seed: 0 }),
            Split::Random(RandomSplit { test: -0.1, validation: 0.3, seed: 0 }),
            Split::Random(RandomSplit { test: f64::NAN, validation: 0.3, seed: 0 }),
        ] {
            let codes = Array2::zeros((4, 4));
            let refused = split.assign(Plane::Inline, &[(0, codes.view())]);
            assert!(matches!(refused, Err(DatasetError::Split { .. })), "{split:?}");
        }
    }
}
