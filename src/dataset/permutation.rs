//! Random order without a table.

use rand::RngExt;

use super::generator::{Purpose, generator};

/// A pseudo-random permutation of `0..count` whose elements are computed one by one.
///
/// A Feistel network over the next even number of bits, walked until it lands below `count` (Black and Rogaway 2002).
pub(super) struct Permutation {
    count: u64,
    half_bits: u32,
    keys: [u64; 6],
}

impl Permutation {
    /// The order of round `epoch` of `stream`; `count` is positive.
    pub(super) fn new(count: u64, seed: u64, stream: u64, epoch: u64) -> Self {
        let bits = u64::BITS - (count - 1).leading_zeros();
        let mut random = generator(seed, Purpose::Permutation, epoch, stream);
        Self { count, half_bits: bits.div_ceil(2).max(1), keys: random.random() }
    }

    /// Where `index` goes.
    pub(super) fn at(&self, index: u64) -> u64 {
        let mut value = index;
        loop {
            value = self.scrambled(value);
            if value < self.count {
                return value;
            }
        }
    }

    fn scrambled(&self, value: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & mask));
        }
        left << self.half_bits | right
    }
}

/// Finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mixed(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_comes_once() {
        for count in [1, 2, 3, 4, 5, 64, 65, 1000, 4097] {
            let permutation = Permutation::new(count, 7, 0, 3);
            let mut order: Vec<_> = (0..count).map(|index| permutation.at(index)).collect();
            if count == 1000 {
                let in_place = order.iter().zip(0..).filter(|&(&value, index)| value == index).count();
                assert!(in_place < 10, "{in_place} of 1000 stayed in place");
            }
            order.sort_unstable();
            assert!(order.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn seed_stream_and_epoch_each_change_the_order() {
        let order = |seed, stream, epoch| {
            let permutation = Permutation::new(500, seed, stream, epoch);
            (0..500).map(|index| permutation.at(index)).collect::<Vec<_>>()
        };
        assert_eq!(order(1, 2, 3), order(1, 2, 3));
        for other in [order(2, 2, 3), order(1, 3, 3), order(1, 2, 4)] {
            assert_ne!(order(1, 2, 3), other);
        }
    }

    #[test]
    fn values_of_a_neighbourhood_spread_evenly() {
        // 64 bins over 100 epochs of the first 640 of 10,000: chi-square with 63 degrees of freedom stays below 110 (p
        // > 0.9997).
        let mut bins = [0f64; 64];
        for epoch in 0..100 {
            let permutation = Permutation::new(10_000, 1, 0, epoch);
            for index in 0..640 {
                bins[(permutation.at(index) * 64 / 10_000) as usize] += 1.0;
            }
        }
        let expected = 1000.0;
        let chi_square: f64 = bins.iter().map(|bin| (bin - expected).powi(2) / expected).sum();
        assert!(chi_square < 110.0, "{chi_square}");
    }
}
