//! Folds of blocks: every labelled voxel is tested in one of them.

use ndarray::{Array2, ArrayView2};

use super::blocks::Blocks;
use super::{DatasetError, Subset};
use crate::grid::Plane;

/// One fold of a division into blocks of traces x samples, which are dealt out so that every class comes as evenly as can
/// be into every fold. All sections of a plane share one pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFolds {
    /// How many folds.
    pub count: usize,
    /// Which one tests, counted from 0.
    pub fold: usize,
    /// Whether the blocks of the next fold validate.
    pub validates: bool,
    /// Traces of a block.
    pub traces: usize,
    /// Samples of a block.
    pub samples: usize,
    /// Unused voxels between different subsets, along traces and samples. Held-out voxels stay, their surroundings give
    /// way.
    pub gap: usize,
    /// Seed of the order in which blocks are dealt out; the same for all folds.
    pub seed: u64,
}

impl BlockFolds {
    pub(super) fn assign(
        &self,
        plane: Plane,
        sections: &[ArrayView2<'_, u8>],
    ) -> Result<Vec<Array2<Subset>>, DatasetError> {
        let &Self { count, fold, validates, traces, samples, gap, seed } = self;
        if fold >= count || count < 2 + usize::from(validates) {
            let reason = format!("fold {} of {count} leaves nothing to train on or is none of them", fold + 1);
            return Err(DatasetError::Split { reason });
        }
        let blocks = Blocks { traces, samples, gap, seed };
        let use_of = |part: usize| match (part + count - fold) % count {
            0 => Subset::Test,
            1 if validates => Subset::Validation,
            _ => Subset::Train,
        };
        blocks.assign(plane, sections, &vec![1.0 / count as f64; count], use_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::UNLABELLED;

    fn codes() -> Array2<u8> {
        Array2::from_shape_fn((160, 96), |(trace, sample)| match sample / 40 {
            _ if trace + sample < 30 => UNLABELLED,
            layer => layer as u8,
        })
    }

    fn folds(fold: usize) -> BlockFolds {
        BlockFolds { count: 4, fold, validates: true, traces: 16, samples: 12, gap: 3, seed: 4 }
    }

    #[test]
    fn every_labelled_voxel_is_tested_once_and_every_class_in_every_fold() {
        let codes = codes();
        let mut tested = Array2::from_elem(codes.dim(), 0);
        for fold in 0..4 {
            let subsets = folds(fold).assign(Plane::Inline, &[codes.view()]).unwrap().remove(0);
            for ((at, &subset), &code) in subsets.indexed_iter().zip(&codes) {
                assert!(code != UNLABELLED || subset == Subset::Gap);
                tested[at] += u32::from(subset == Subset::Test);
            }
            for subset in [Subset::Train, Subset::Validation, Subset::Test] {
                for class in 0..3 {
                    let found = codes.iter().zip(&subsets).any(|(&code, &other)| code == class && other == subset);
                    assert!(found, "fold {fold} class {class} {subset:?}");
                }
            }
        }
        assert!(tested.iter().zip(&codes).all(|(&times, &code)| times == u32::from(code != UNLABELLED)));
    }

    #[test]
    fn the_gap_holds_in_every_fold() {
        let codes = codes();
        for fold in 0..4 {
            let subsets = folds(fold).assign(Plane::Inline, &[codes.view()]).unwrap().remove(0);
            for ((t, s), &subset) in subsets.indexed_iter().filter(|(_, subset)| **subset != Subset::Gap) {
                for (trace, sample) in [(t + 3, s), (t, s + 3), (t + 3, s + 3), (t + 1, s + 2)] {
                    let near = subsets.get((trace, sample)).copied().unwrap_or(Subset::Gap);
                    assert!(near == subset || near == Subset::Gap, "fold {fold}: {subset:?} near {near:?}");
                }
            }
        }
    }

    #[test]
    fn folds_that_are_none_are_refused() {
        let codes = codes();
        for wrong in [folds(4), BlockFolds { count: 2, ..folds(0) }, BlockFolds { traces: 0, ..folds(0) }] {
            assert!(wrong.assign(Plane::Inline, &[codes.view()]).is_err(), "{wrong:?}");
        }
    }
}
