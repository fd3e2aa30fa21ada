//! Splits by rectangular blocks.

use ndarray::{Array2, ArrayView2};
use rand::seq::SliceRandom;

use super::box_count::BoxCount;
use super::generator::{Purpose, generator};
use super::split::{check_shares, labelled};
use super::{DatasetError, Subset};
use crate::grid::{Plane, UNLABELLED};

/// Blocks of traces x samples, each wholly one subset, with gaps between different subsets.
///
/// The blocks are dealt out so that every class comes close to its shares (iterative stratification, Sechidis et al.
/// 2011). All sections of a plane share one pattern, so that no line trains on what its neighbour is tested on.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSplit {
    /// Traces of a block.
    pub traces: usize,
    /// Samples of a block.
    pub samples: usize,
    /// Unused voxels between different subsets, along traces and samples. Held-out voxels stay, their surroundings give
    /// way.
    pub gap: usize,
    /// Share of the labelled voxels that tests, 0 to 1.
    pub test: f64,
    /// Share of the labelled voxels that validates, 0 to 1.
    pub validation: f64,
    /// Seed of the order in which blocks are dealt out.
    pub seed: u64,
}

impl BlockSplit {
    pub(super) fn assign(
        &self,
        plane: Plane,
        sections: &[ArrayView2<'_, u8>],
    ) -> Result<Vec<Array2<Subset>>, DatasetError> {
        const SUBSETS: [Subset; 3] = [Subset::Train, Subset::Validation, Subset::Test];
        let &Self { traces, samples, gap, test, validation, seed } = self;
        check_shares(test, validation)?;
        let blocks = Blocks { traces, samples, gap, seed };
        blocks.assign(plane, sections, &[1.0 - validation - test, validation, test], |part| SUBSETS[part])
    }
}

/// Blocks that are dealt out to any number of parts.
pub(super) struct Blocks {
    pub(super) traces: usize,
    pub(super) samples: usize,
    pub(super) gap: usize,
    pub(super) seed: u64,
}

impl Blocks {
    /// Deals the blocks out to parts with these shares of the labelled voxels, whose voxels get the subset `use_of` them.
    pub(super) fn assign(
        &self,
        plane: Plane,
        sections: &[ArrayView2<'_, u8>],
        shares: &[f64],
        use_of: impl Fn(usize) -> Subset,
    ) -> Result<Vec<Array2<Subset>>, DatasetError> {
        if self.traces == 0 || self.samples == 0 {
            return Err(DatasetError::Split {
                reason: format!("blocks of {} traces x {} samples are empty", self.traces, self.samples),
            });
        }
        let parts = self.deal(&self.count(sections), plane, shares);
        let block = |[trace, sample]: [usize; 2]| parts[[trace / self.traces, sample / self.samples]];
        let subset = |place| block(place).map_or(Subset::Gap, &use_of);
        let mut assigned: Vec<_> = sections.iter().map(|codes| labelled(codes, subset)).collect();
        self.clear_round(&mut assigned, Subset::Test, &[Subset::Train, Subset::Validation]);
        self.clear_round(&mut assigned, Subset::Validation, &[Subset::Train]);
        Ok(assigned)
    }

    /// Labelled voxels per class in every block, over all sections.
    fn count(&self, sections: &[ArrayView2<'_, u8>]) -> Array2<Vec<u64>> {
        let (traces, samples) = sections.first().map_or((0, 0), |codes| codes.dim());
        let grid = (traces.div_ceil(self.traces), samples.div_ceil(self.samples));
        let codes = sections.iter().flatten().filter(|&&code| code != UNLABELLED);
        let classes = codes.max().map_or(0, |&code| usize::from(code) + 1);
        let mut counts = Array2::from_elem(grid, vec![0; classes]);
        for codes in sections {
            for ((trace, sample), &code) in codes.indexed_iter() {
                if code != UNLABELLED {
                    counts[[trace / self.traces, sample / self.samples]][usize::from(code)] += 1;
                }
            }
        }
        counts
    }

    /// Deals the blocks out several times and keeps the deal whose classes come closest to their shares; no part for blocks
    /// without labels.
    ///
    /// One deal alone now and then leaves a class that fills a few blocks without any held-out voxel.
    fn deal(&self, counts: &Array2<Vec<u64>>, plane: Plane, shares: &[f64]) -> Array2<Option<usize>> {
        const DEALS: u64 = 16;
        let mut totals = vec![0; counts.first().map_or(0, Vec::len)];
        for block in counts {
            totals.iter_mut().zip(block).for_each(|(sum, count)| *sum += count);
        }
        let of_share = |share: &f64| totals.iter().map(|&count| count as f64 * share).collect::<Vec<_>>();
        let wanted: Vec<Vec<f64>> = shares.iter().map(of_share).collect();
        let deals = (0..DEALS).map(|attempt| {
            let mut order: Vec<_> = counts.indexed_iter().map(|(place, _)| place).collect();
            order.shuffle(&mut generator(self.seed, Purpose::BlockSplit, attempt, plane as u64));
            deal_once(counts, order, totals.clone(), wanted.clone())
        });
        let missed = |lacking: &[Vec<f64>]| -> f64 {
            let of_class = |(lack, &total): (&f64, &u64)| (lack / total.max(1) as f64).powi(2);
            lacking.iter().flat_map(|of_part| of_part.iter().zip(&totals)).map(of_class).sum()
        };
        let best = deals.min_by(|(_, one), (_, other)| missed(one).total_cmp(&missed(other)));
        best.map(|(dealt, _)| dealt).unwrap_or_else(|| Array2::from_elem(counts.dim(), None))
    }

    /// Takes voxels of the subsets `giving_way` out of use where one of `kept` lies within the gap on any section.
    fn clear_round(&self, sections: &mut [Array2<Subset>], kept: Subset, giving_way: &[Subset]) {
        let Some(first) = sections.first() else { return };
        let mut anywhere = Array2::from_elem(first.dim(), false);
        for subsets in sections.iter() {
            anywhere.zip_mut_with(subsets, |any, &subset| *any |= subset == kept);
        }
        let kept_voxels = BoxCount::new(anywhere.view(), |&any| any);
        let reach = i64::try_from(self.gap).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        for subsets in sections {
            for ((trace, sample), subset) in subsets.indexed_iter_mut() {
                let around = |index: usize| index as i64 - reach..index as i64 + reach + 1;
                if giving_way.contains(subset) && kept_voxels.within(around(trace), around(sample)) > 0 {
                    *subset = Subset::Gap;
                }
            }
        }
    }
}

/// Deals the blocks out in the given order, the rarest class first, each to the part that lacks most of this class.
/// Returns the deal and what every part still lacks of every class.
fn deal_once(
    counts: &Array2<Vec<u64>>,
    mut order: Vec<(usize, usize)>,
    mut left: Vec<u64>,
    mut lacking: Vec<Vec<f64>>,
) -> (Array2<Option<usize>>, Vec<Vec<f64>>) {
    let mut dealt = Array2::from_elem(counts.dim(), None);
    while let Some(rarest) = (0..left.len()).filter(|&class| left[class] > 0).min_by_key(|&class| left[class]) {
        order.retain(|&place| {
            let block = &counts[place];
            if block[rarest] == 0 {
                return true;
            }
            // The first of equals wins: in a split training, then validation.
            let lack = |k: usize| (lacking[k][rarest], lacking[k].iter().sum::<f64>());
            let neediest = (1..lacking.len()).fold(0, |best, k| if lack(k) > lack(best) { k } else { best });
            dealt[place] = Some(neediest);
            for (class, &count) in block.iter().enumerate() {
                lacking[neediest][class] -= count as f64;
                left[class] -= count;
            }
            false
        });
    }
    (dealt, lacking)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> BlockSplit {
        BlockSplit { traces: 16, samples: 12, gap: 3, test: 0.25, validation: 0.15, seed: 4 }
    }

    /// Two sections in three classes that lie in layers; a corner is not labelled.
    fn layered() -> [Array2<u8>; 2] {
        [0, 5].map(|shift| {
            Array2::from_shape_fn((160, 96), |(trace, sample)| match (sample + shift) / 40 {
                _ if trace + sample < 30 => UNLABELLED,
                layer => layer as u8,
            })
        })
    }

    #[test]
    fn every_class_comes_close_to_its_shares() {
        let sections = layered();
        for seed in 0..5 {
            let split = BlockSplit { gap: 0, seed, ..options() };
            let assigned = split.assign(Plane::Inline, &[sections[0].view(), sections[1].view()]).unwrap();
            for class in 0..3 {
                let voxels =
                    || sections.iter().flatten().zip(assigned.iter().flatten()).filter(|&(&code, _)| code == class);
                let total = voxels().count() as f64;
                for (subset, share) in [(Subset::Train, 0.6), (Subset::Validation, 0.15), (Subset::Test, 0.25)] {
                    let found = voxels().filter(|&(_, &other)| other == subset).count() as f64 / total;
                    assert!((found - share).abs() < 0.08, "seed {seed} class {class} {subset:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn different_subsets_are_never_closer_than_the_gap_on_any_pair_of_sections() {
        let sections = layered();
        let assigned = options().assign(Plane::Inline, &[sections[0].view(), sections[1].view()]).unwrap();
        for subset in [Subset::Train, Subset::Validation, Subset::Test] {
            assert!(assigned.iter().all(|subsets| subsets.iter().any(|&other| other == subset)), "no {subset:?}");
        }
        for ((t, s), &subset) in assigned[0].indexed_iter().filter(|(_, subset)| **subset != Subset::Gap) {
            for other in &assigned {
                for trace in t.saturating_sub(3)..(t + 4).min(160) {
                    for sample in s.saturating_sub(3)..(s + 4).min(96) {
                        let near = other[[trace, sample]];
                        assert!(
                            near == subset || near == Subset::Gap,
                            "{subset:?} at {t},{s}: {near:?} at {trace},{sample}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn test_blocks_are_whole_and_the_seed_moves_them() {
        let sections = layered();
        let codes = [sections[0].view()];
        let assigned = options().assign(Plane::Inline, &codes).unwrap().remove(0);
        let without_gap = BlockSplit { gap: 0, ..options() }.assign(Plane::Inline, &codes).unwrap().remove(0);
        for (with, without) in assigned.iter().zip(&without_gap) {
            assert_eq!(*with == Subset::Test, *without == Subset::Test);
        }
        assert_eq!(assigned, options().assign(Plane::Inline, &codes).unwrap()[0]);
        assert_ne!(assigned, BlockSplit { seed: 5, ..options() }.assign(Plane::Inline, &codes).unwrap()[0]);
    }

    #[test]
    fn huge_blocks_and_gaps_do_not_overflow() {
        let sections = layered();
        let split = BlockSplit { traces: usize::MAX, samples: usize::MAX, gap: usize::MAX, ..options() };
        let assigned = split.assign(Plane::Crossline, &[sections[0].view()]).unwrap();
        assert_eq!(assigned[0][[100, 50]], Subset::Train);
        assert!(BlockSplit { traces: 0, ..options() }.assign(Plane::Inline, &[]).is_err());
    }
}
