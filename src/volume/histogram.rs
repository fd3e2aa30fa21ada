//! Exact order statistics of any number of samples in two passes and fixed memory.
//!
//! The bits of a float, rearranged so that they sort like the values, are counted by their upper half first; the second
//! pass counts the lower halves of those few buckets that hold a wanted rank. Counts add up, so neither the order of the
//! samples nor the number of threads matters.

const BUCKETS: usize = 1 << 16;
const SIGN: u32 = 1 << 31;

/// By what samples are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The values themselves.
    Value,
    /// Their magnitudes.
    Magnitude,
}

impl Order {
    /// Bits that sort as the finite `sample` does in this order.
    fn key(self, sample: f32) -> u32 {
        let bits = sample.to_bits();
        match self {
            Self::Value if bits & SIGN != 0 => !bits,
            Self::Value => bits | SIGN,
            Self::Magnitude => bits & !SIGN,
        }
    }

    /// The sample (or magnitude) that has this key.
    fn value(self, key: u32) -> f32 {
        match self {
            Self::Value if key & SIGN == 0 => f32::from_bits(!key),
            Self::Value => f32::from_bits(key & !SIGN),
            Self::Magnitude => f32::from_bits(key),
        }
    }
}

/// Place of a sample in ascending order, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) order: Order,
    pub(super) rank: u64,
}

/// First pass: how many finite samples share the upper 16 bits.
pub(super) struct CoarseHistogram {
    counts: Vec<u64>,
}

impl CoarseHistogram {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS] }
    }

    /// Counts one finite sample.
    pub(super) fn add(&mut self, sample: f32) {
        self.counts[(Order::Value.key(sample) >> 16) as usize] += 1;
    }

    pub(super) fn merge(mut self, other: &Self) -> Self {
        add_counts(&mut self.counts, &other.counts);
        self
    }

    /// The second pass for these ranks; those past the last sample are left out.
    pub(super) fn refine(&self, ranks: &[Rank]) -> FineHistogram {
        let magnitudes = self.magnitudes();
        let mut fine = FineHistogram::empty();
        for &Rank { order, rank } in ranks {
            let counts = match order {
                Order::Value => &self.counts,
                Order::Magnitude => &magnitudes,
            };
            let mut below = 0;
            for (bucket, count) in counts.iter().enumerate() {
                if rank < below + count {
                    fine.want(Rank { order, rank }, bucket, rank - below);
                    break;
                }
                below += count;
            }
        }
        fine
    }

    /// The same counts by magnitude: bucket `m` joins the samples with those upper bits and either sign.
    fn magnitudes(&self) -> Vec<u64> {
        let half = BUCKETS / 2;
        (0..half).map(|m| self.counts[half + m] + self.counts[half - 1 - m]).collect()
    }
}

/// Second pass: the lower 16 bits of the samples in the buckets that hold wanted ranks.
#[derive(Clone)]
pub(super) struct FineHistogram {
    slots: Vec<Slot>,
    /// For each order and upper half the slot that counts it, `NO_SLOT` where no rank is wanted.
    slot_of_bucket: [Vec<u16>; 2],
    /// Each wanted rank, its slot, and its place among the samples of that slot.
    places: Vec<(Rank, usize, u64)>,
}

/// One bucket of the first pass, taken apart.
#[derive(Clone)]
struct Slot {
    order: Order,
    bucket: u16,
    counts: Vec<u64>,
}

const NO_SLOT: u16 = u16::MAX;

impl FineHistogram {
    fn empty() -> Self {
        let table = || vec![NO_SLOT; BUCKETS];
        Self { slots: Vec::new(), slot_of_bucket: [table(), table()], places: Vec::new() }
    }

    fn want(&mut self, rank: Rank, bucket: usize, place: u64) {
        let entry = &mut self.slot_of_bucket[rank.order as usize][bucket];
        if *entry == NO_SLOT {
            *entry = self.slots.len() as u16;
            self.slots.push(Slot { order: rank.order, bucket: bucket as u16, counts: vec![0; BUCKETS] });
        }
        self.places.push((rank, usize::from(*entry), place));
    }

    /// Counts one finite sample.
    pub(super) fn add(&mut self, sample: f32) {
        for order in [Order::Value, Order::Magnitude] {
            let key = order.key(sample);
            let slot = self.slot_of_bucket[order as usize][(key >> 16) as usize];
            if slot != NO_SLOT {
                self.slots[usize::from(slot)].counts[(key & 0xFFFF) as usize] += 1;
            }
        }
    }

    pub(super) fn merge(mut self, other: &Self) -> Self {
        for (slot, more) in self.slots.iter_mut().zip(&other.slots) {
            add_counts(&mut slot.counts, &more.counts);
        }
        self
    }

    /// The sample of this rank, after every sample of the first pass has been added again.
    pub(super) fn sample(&self, rank: Rank) -> Option<f32> {
        let &(_, slot, place) = self.places.iter().find(|(wanted, ..)| *wanted == rank)?;
        let Slot { order, bucket, counts } = &self.slots[slot];
        let mut below = 0;
        let low = counts.iter().position(|count| {
            below += count;
            place < below
        })?;
        Some(order.value(u32::from(*bucket) << 16 | low as u32))
    }
}

/// The two neighbouring ranks that percentile `percentile` of `count` samples lies between, and how far from the first.
///
/// This is the definition numpy uses by default (method 7 of Hyndman and Fan, 1996).
pub(super) fn percentile_ranks(percentile: f64, count: u64) -> (u64, u64, f64) {
    let last = count.saturating_sub(1);
    let position = last as f64 * (percentile / 100.0);
    let lower = (position.floor() as u64).min(last);
    (lower, (lower + 1).min(last), position - lower as f64)
}

/// The value a `fraction` of the way from `lower` to `upper`; exact at both ends.
pub(super) fn interpolate(lower: f32, upper: f32, fraction: f64) -> f32 {
    let (lower, upper) = (f64::from(lower), f64::from(upper));
    let value =
        if fraction < 0.5 { lower + (upper - lower) * fraction } else { upper - (upper - lower) * (1.0 - fraction) };
    value as f32
}

fn add_counts(counts: &mut [u64], more: &[u64]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_the_samples_and_lead_back_to_them() {
        let samples = [f32::MIN, -1.5, -1.0, -f32::from_bits(1), -0.0, 0.0, f32::from_bits(1), 0.5, f32::MAX];
        for pair in samples.windows(2) {
            assert!(Order::Value.key(pair[0]) < Order::Value.key(pair[1]), "{pair:?}");
        }
        for sample in samples {
            assert_eq!(Order::Value.value(Order::Value.key(sample)).to_bits(), sample.to_bits());
            assert_eq!(Order::Magnitude.value(Order::Magnitude.key(sample)), sample.abs());
        }
    }

    #[test]
    fn every_rank_is_the_one_that_sorting_finds() {
        let mut samples: Vec<f32> = (0..997u32).map(|n| (n * 7919 % 997) as f32 * 0.013 - 6.0).collect();
        samples.extend([0.0, -0.0, 1e-40, -1e-40, 3.0e38, -3.0e38, 5.0, 5.0, 5.0]);
        let mut coarse = CoarseHistogram::new();
        samples.iter().for_each(|&sample| coarse.add(sample));
        let mut magnitudes: Vec<f32> = samples.iter().map(|sample| sample.abs()).collect();
        let orders = [(Order::Value, &mut samples.clone()), (Order::Magnitude, &mut magnitudes)];
        for (order, sorted) in orders {
            sorted.sort_by(f32::total_cmp);
            let ranks: Vec<_> = (0..sorted.len() as u64).step_by(31).map(|rank| Rank { order, rank }).collect();
            let mut fine = coarse.refine(&ranks);
            samples.iter().for_each(|&sample| fine.add(sample));
            for &rank in &ranks {
                assert_eq!(fine.sample(rank), Some(sorted[rank.rank as usize]), "{rank:?}");
            }
            assert_eq!(fine.sample(Rank { order, rank: samples.len() as u64 }), None);
        }
    }

    #[test]
    fn percentiles_interpolate_as_numpy_does() {
        // numpy.percentile([1, 2, 4, 8], p)
        for (percentile, expected) in [(0.0, 1.0), (1.0, 1.03), (50.0, 3.0), (70.0, 4.4), (99.0, 7.88), (100.0, 8.0)] {
            let sorted = [1.0, 2.0, 4.0, 8.0];
            let (lower, upper, fraction) = percentile_ranks(percentile, 4);
            assert_eq!(interpolate(sorted[lower as usize], sorted[upper as usize], fraction), expected as f32);
        }
        assert_eq!(percentile_ranks(99.0, 1), (0, 0, 0.0));
    }
}
