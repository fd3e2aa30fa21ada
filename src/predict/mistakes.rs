//! The voxels that a network is most sure of and wrong about, and those it is least sure of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ndarray::ArrayView1;

use super::score::each_labelled;
use super::{PredictError, ScoreOptions, Uncertainty};
use crate::dataset::{SeismicDataset, Subset};
use crate::grid::Section;
use crate::network::Predictor;

/// A labelled voxel and what a network says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JudgedVoxel {
    /// Its section.
    pub section: Section,
    /// Its trace.
    pub trace: usize,
    /// Its sample.
    pub sample: usize,
    /// Its label.
    pub truth: u8,
    /// The most probable class.
    pub predicted: u8,
    /// Its probability.
    pub confidence: f32,
    /// Entropy of the probabilities over ln K.
    pub entropy: f32,
}

/// Which voxels are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// The wrong ones with the highest probability of their wrong class.
    ConfidentlyWrong,
    /// Those with the highest entropy, right or wrong.
    Uncertain,
}

/// The `most` voxels of `subset` that a search ranks first, and no two of a square of `spacing` voxels: neighbours share their
/// fate. Of equals the first in the order of sections, traces and samples is taken, so that the answer is one.
///
/// # Errors
/// When the engine does not fit the network or memory runs out.
pub fn search_voxels(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subset: Subset,
    search: Search,
    [most, spacing]: [usize; 2],
) -> Result<Vec<JudgedVoxel>, PredictError> {
    let mut best = Best { most, spacing: spacing.max(1), of_square: BTreeMap::new() };
    each_labelled(dataset, predictor, options, subset, |[section, trace, sample], truth, probabilities| {
        let judged = judged(dataset.sections()[section].section, [trace, sample], truth, probabilities);
        match search {
            Search::ConfidentlyWrong if judged.predicted != truth => best.offer(judged.confidence, judged),
            Search::ConfidentlyWrong => {}
            Search::Uncertain => best.offer(judged.entropy, judged),
        }
    })?;
    Ok(best.into_sorted())
}

fn judged(section: Section, [trace, sample]: [usize; 2], truth: u8, probabilities: &[f32]) -> JudgedVoxel {
    let first = |best: usize, other: usize| if probabilities[other] > probabilities[best] { other } else { best };
    let predicted = (1..probabilities.len()).fold(0, first);
    let entropy = Uncertainty::Entropy.of(ArrayView1::from(probabilities), None);
    JudgedVoxel {
        section,
        trace,
        sample,
        truth,
        predicted: predicted as u8,
        confidence: probabilities[predicted],
        entropy,
    }
}

/// Section and square of a voxel.
type Square = (Section, usize, usize);

/// The best voxel of each of the best squares: what falls out was worse than `most` others, which only get better.
struct Best {
    most: usize,
    spacing: usize,
    of_square: BTreeMap<Square, (f32, JudgedVoxel)>,
}

impl Best {
    fn offer(&mut self, value: f32, voxel: JudgedVoxel) {
        let square = (voxel.section, voxel.trace / self.spacing, voxel.sample / self.spacing);
        match self.of_square.get(&square) {
            Some((known, other)) if rank(*known, other) <= rank(value, &voxel) => return,
            _ => self.of_square.insert(square, (value, voxel)),
        };
        if self.of_square.len() > self.most {
            let worst = self.of_square.iter().max_by_key(|(_, (value, voxel))| rank(*value, voxel));
            if let Some(square) = worst.map(|(square, _)| *square) {
                self.of_square.remove(&square);
            }
        }
    }

    fn into_sorted(self) -> Vec<JudgedVoxel> {
        let mut voxels: Vec<_> = self.of_square.into_values().collect();
        voxels.sort_by_key(|(value, voxel)| rank(*value, voxel));
        voxels.into_iter().map(|(_, voxel)| voxel).collect()
    }
}

/// Smallest for the best; values are at least 0, whose bits have the order of the numbers.
fn rank(value: f32, voxel: &JudgedVoxel) -> (Reverse<u32>, Section, usize, usize) {
    (Reverse(value.max(0.0).to_bits()), voxel.section, voxel.trace, voxel.sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voxel(index: usize, trace: usize, sample: usize) -> JudgedVoxel {
        let section = Section::inline(index);
        JudgedVoxel { section, trace, sample, truth: 0, predicted: 1, confidence: 0.0, entropy: 0.0 }
    }

    #[test]
    fn the_best_of_every_square_are_found_in_any_order_with_equals_in_theirs() {
        let value = |trace: usize, sample: usize| ((trace * 37 + sample * 61) % 23) as f32 / 23.0;
        let mut all: Vec<_> =
            (0..40).flat_map(|trace| (0..30).map(move |sample| voxel(trace % 2, trace, sample))).collect();
        let find = |voxels: &[JudgedVoxel], most| {
            let mut best = Best { most, spacing: 8, of_square: BTreeMap::new() };
            voxels.iter().for_each(|voxel| best.offer(value(voxel.trace, voxel.sample), *voxel));
            best.into_sorted()
        };
        // By hand: all squares, then the first few.
        let whole = find(&all, usize::MAX);
        assert_eq!(whole.len(), 2 * 5 * 4);
        assert!(whole.is_sorted_by_key(|voxel| rank(value(voxel.trace, voxel.sample), voxel)));
        let expected = &whole[..7];
        assert_eq!(find(&all, 7), expected);
        all.reverse();
        assert_eq!(find(&all, 7), expected);
        let odd: Vec<_> = all.iter().copied().filter(|voxel| voxel.sample % 2 == 1).collect();
        let even: Vec<_> = all.iter().copied().filter(|voxel| voxel.sample % 2 == 0).collect();
        assert_eq!(find(&[odd, even].concat(), 7), expected);
        assert!(find(&all, 0).is_empty());
    }

    #[test]
    fn a_voxel_is_judged_by_the_first_of_its_largest_probabilities() {
        let voxel = judged(Section::inline(3), [4, 5], 2, &[0.1, 0.4, 0.1, 0.4]);
        assert_eq!((voxel.truth, voxel.predicted, voxel.confidence), (2, 1, 0.4));
        assert!((voxel.entropy - 0.860_96).abs() < 1e-4, "{}", voxel.entropy);
    }
}
