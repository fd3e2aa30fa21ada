//! How often predictions of a given confidence are right.

use serde::{Deserialize, Serialize};

use super::order_free_sum::OrderFreeSum;

/// Bins of confidence, equally wide, as in Guo et al. (2017).
pub const RELIABILITY_BINS: usize = 15;

/// Voxels whose confidence, the probability of the predicted class, lies above `from` and is at most `to`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Their mean confidence.
    pub confidence: f64,
    /// Share of them that is classified rightly.
    pub accuracy: f64,
    /// How many there are.
    pub support: u64,
}

/// Running sums from which [`ReliabilityBin`]s are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReliabilitySums {
    bins: [BinSums; RELIABILITY_BINS],
    undefined: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BinSums {
    support: u64,
    right: u64,
    confidence: OrderFreeSum,
}

impl ReliabilitySums {
    pub(super) fn add(&mut self, confidence: f64, is_right: bool) {
        if confidence.is_nan() {
            self.undefined = true;
            return;
        }
        // A softmax in single precision may exceed 1 by a rounding.
        let confidence = confidence.clamp(0.0, 1.0);
        let place = (confidence * RELIABILITY_BINS as f64).ceil() as usize;
        let bin = &mut self.bins[place.saturating_sub(1)];
        bin.support += 1;
        bin.right += u64::from(is_right);
        bin.confidence.add(confidence);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.undefined |= other.undefined;
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.support += other.support;
            bin.right += other.right;
            bin.confidence.merge(other.confidence);
        }
    }

    /// The bins that hold a voxel, from the least confidence up.
    pub(super) fn bins(&self) -> Vec<ReliabilityBin> {
        let edge = |place: usize| place as f64 / RELIABILITY_BINS as f64;
        let bin = |(place, bin): (usize, &BinSums)| {
            let confidence = bin.confidence.mean(bin.support)?;
            let accuracy = bin.right as f64 / bin.support as f64;
            Some(ReliabilityBin { from: edge(place), to: edge(place + 1), confidence, accuracy, support: bin.support })
        };
        self.bins.iter().enumerate().filter_map(bin).collect()
    }

    /// Expected calibration error: mean over the voxels of |accuracy - confidence| of their bin. None where nothing was
    /// counted or a confidence was no number.
    pub(super) fn expected_error(&self) -> Option<f64> {
        let bins = self.bins();
        let total: u64 = bins.iter().map(|bin| bin.support).sum();
        let weighted = bins.iter().map(|bin| bin.support as f64 * (bin.accuracy - bin.confidence).abs());
        (total > 0 && !self.undefined).then(|| weighted.sum::<f64>() / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_mean_distance_of_accuracy_and_confidence() {
        let mut sums = ReliabilitySums::default();
        // Nine of ten at 0.9 are right, which is as it should be; one of two at 0.5 is, too.
        (0..10).for_each(|k| sums.add(0.9, k > 0));
        (0..2).for_each(|k| sums.add(0.5, k > 0));
        assert!(sums.expected_error().unwrap() < 1e-9);
        // Four at 0.9 that are all wrong.
        (0..4).for_each(|_| sums.add(0.9, false));
        let of_bin = (9.0 / 14.0f64 - 0.9).abs();
        assert!((sums.expected_error().unwrap() - of_bin * 14.0 / 16.0).abs() < 1e-9);
        let bins = sums.bins();
        assert_eq!(bins.iter().map(|bin| bin.support).collect::<Vec<_>>(), [2, 14]);
        assert!(bins.iter().all(|bin| bin.from < bin.confidence && bin.confidence <= bin.to));
    }

    #[test]
    fn ends_of_the_range_have_bins_and_nothing_has_no_error() {
        let mut sums = ReliabilitySums::default();
        assert_eq!(sums.expected_error(), None);
        for (confidence, place) in [(0.0, 0), (1.0 / 15.0, 0), (0.0667, 1), (1.0, 14), (1.0 + 1e-7, 14)] {
            sums.add(confidence, true);
            assert!(sums.bins().iter().any(|bin| (bin.from * 15.0).round() as usize == place), "{confidence}");
        }
        sums.add(f64::NAN, true);
        assert_eq!(sums.expected_error(), None);
    }
}
