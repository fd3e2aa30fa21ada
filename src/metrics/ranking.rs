//! How well the probability of one class ranks its voxels before the others.

use std::collections::BTreeMap;

/// Key of a probability of 1; that of 0 is 0.
const HIGHEST: u32 = 2 * HALF;
/// Key of a probability of one half.
const HALF: u32 = 0.5f32.to_bits();

/// Counts of voxels by the probability of one class, from which the area under the receiver operating characteristic
/// follows.
///
/// Exact up to `most_values` different probabilities. With more of them, probabilities are rounded to as many bits as keep
/// their number below that, near 1 as finely as near 0; how many bits depends on the values alone and not on their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranking {
    /// Voxels of other classes and of this one, by probability.
    counts: BTreeMap<u32, [u64; 2]>,
    /// Bits of each key that are rounded away.
    rounded: u32,
    most_values: usize,
    undefined: bool,
}

impl Ranking {
    pub(super) fn new(most_values: usize) -> Self {
        Self { counts: BTreeMap::new(), rounded: 0, most_values: most_values.max(1), undefined: false }
    }

    pub(super) fn add(&mut self, probability: f32, is_member: bool) {
        if probability.is_nan() {
            self.undefined = true;
            return;
        }
        self.counts.entry(key(probability) >> self.rounded).or_default()[usize::from(is_member)] += 1;
        self.round();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.undefined |= other.undefined;
        self.round_to(other.rounded);
        for (&key, counts) in &other.counts {
            let ours = self.counts.entry(key >> (self.rounded - other.rounded)).or_default();
            ours[0] += counts[0];
            ours[1] += counts[1];
        }
        self.round();
    }

    /// Share of pairs of a voxel of this class and one of another in which the former is more probable, ties counting half;
    /// none where there is no such pair.
    pub(super) fn area(&self) -> Option<f64> {
        let [mut below, mut members, mut won_twice] = [0u128; 3];
        for &[others, of_class] in self.counts.values() {
            let (others, of_class) = (u128::from(others), u128::from(of_class));
            won_twice += of_class * (2 * below + others);
            below += others;
            members += of_class;
        }
        let pairs = below * members;
        (pairs > 0 && !self.undefined).then(|| won_twice as f64 / (2 * pairs) as f64)
    }

    fn round(&mut self) {
        while self.counts.len() > self.most_values {
            self.round_to(self.rounded + 1);
        }
    }

    fn round_to(&mut self, rounded: u32) {
        if rounded <= self.rounded {
            return;
        }
        let mut coarser: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
        for (key, counts) in std::mem::take(&mut self.counts) {
            let sum = coarser.entry(key >> (rounded - self.rounded)).or_default();
            sum[0] += counts[0];
            sum[1] += counts[1];
        }
        (self.counts, self.rounded) = (coarser, rounded);
    }
}

/// A number that grows with the probability, in steps that are as fine near 1 as single precision is there, and finer
/// near 0.
fn key(probability: f32) -> u32 {
    let probability = probability.clamp(0.0, 1.0);
    // Subtracting from 1 is exact from one half on.
    if probability < 0.5 { probability.to_bits() } else { HIGHEST - (1.0 - probability).to_bits() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: u64) -> Vec<(f32, bool)> {
        let value = |k: u64| {
            let draw = (k.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / (1u64 << 24) as f32;
            let is_member = k.is_multiple_of(3);
            (if is_member { draw.powf(0.4) } else { draw }, is_member)
        };
        (0..count).map(value).collect()
    }

    fn ranking(values: &[(f32, bool)], most: usize) -> Ranking {
        let mut ranking = Ranking::new(most);
        values.iter().for_each(|&(probability, is_member)| ranking.add(probability, is_member));
        ranking
    }

    #[test]
    fn keys_grow_with_the_probability() {
        let probabilities = [0.0, f32::MIN_POSITIVE, 1e-9, 0.49999997, 0.5, 0.50000006, 0.75, 0.99999994, 1.0];
        assert!(probabilities.map(key).is_sorted_by(|one, other| one < other));
        assert_eq!(key(1.0 + f32::EPSILON), HIGHEST);
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order() {
        let values = values(400);
        let of = |member: bool| values.iter().filter(move |value| value.1 == member).map(|value| value.0);
        let pairs = of(true).flat_map(|member| of(false).map(move |other| (member, other)));
        let won: f64 = pairs.clone().map(|(member, other)| f64::from(u8::from(member > other))).sum();
        let exact = won / pairs.count() as f64;
        assert!((0.6..0.8).contains(&exact), "{exact}");
        assert!((ranking(&values, 1000).area().unwrap() - exact).abs() < 1e-12);
        assert_eq!(ranking(&[(0.5, true), (0.5, false), (0.5, false)], 9).area(), Some(0.5));
        assert_eq!(ranking(&[(0.1, true), (0.5, false)], 9).area(), Some(0.0));
    }

    #[test]
    fn rounding_bounds_the_memory_and_hardly_changes_the_area() {
        let values = values(60_000);
        let (exact, rounded) = (ranking(&values, 1 << 20), ranking(&values, 4096));
        assert_eq!(exact.rounded, 0);
        assert!(rounded.counts.len() <= 4096 && rounded.rounded > 0);
        let difference = (exact.area().unwrap() - rounded.area().unwrap()).abs();
        assert!(difference < 1e-5, "{difference}");
    }

    #[test]
    fn order_and_parts_change_nothing() {
        let mut values = values(9000);
        let forward = ranking(&values, 512);
        let mut merged = ranking(&values[..100], 512);
        merged.merge(&ranking(&values[100..], 512));
        assert_eq!(merged, forward);
        let mut merged = ranking(&values[100..], 512);
        merged.merge(&ranking(&values[..100], 512));
        assert_eq!(merged, forward);
        values.reverse();
        assert_eq!(ranking(&values, 512), forward);
    }

    #[test]
    fn one_class_alone_or_an_undefined_probability_has_no_area() {
        assert_eq!(ranking(&[(0.5, true), (0.7, true)], 9).area(), None);
        assert_eq!(ranking(&[(0.5, true), (0.7, false), (f32::NAN, false)], 9).area(), None);
    }
}
