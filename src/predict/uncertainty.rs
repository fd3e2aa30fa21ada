//! How unsure the class of a voxel is.

use ndarray::ArrayView1;

/// A value of each voxel beside its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uncertainty {
    /// Entropy of the probabilities over the logarithm of the number of classes: 0 where one class is certain, 1 where all
    /// are equally probable.
    Entropy,
    /// The largest probability minus the second largest: 1 where one class is certain, 0 between two.
    Margin,
    /// Standard deviation, over the passes of Monte-Carlo dropout, of the chosen class's probability.
    Deviation,
    /// What the passes of Monte-Carlo dropout disagree about: entropy of the mean minus mean of the entropies, over the
    /// logarithm of the number of classes ("BALD", Houlsby et al. 2011).
    MutualInformation,
}

impl Uncertainty {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Entropy, Self::Margin, Self::Deviation, Self::MutualInformation];

    /// Its name in jobs and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entropy => "entropy",
            Self::Margin => "margin",
            Self::Deviation => "deviation",
            Self::MutualInformation => "mutual_information",
        }
    }

    /// Its name in figures.
    pub fn label(self) -> &'static str {
        match self {
            Self::MutualInformation => "mutual information",
            _ => self.name(),
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Entropy => "entropy of the class probabilities, normalised by ln K: 0 certain, 1 undecided",
            Self::Margin => "largest minus second largest class probability: 1 certain, 0 undecided",
            Self::Deviation => "standard deviation of the chosen class's probability over passes with dropout",
            Self::MutualInformation => {
                "mutual information between class and dropout, normalised by ln K: 0 all passes agree"
            }
        }
    }

    /// Whether it needs several passes with dropout.
    pub fn needs_passes(self) -> bool {
        matches!(self, Self::Deviation | Self::MutualInformation)
    }
}

/// What passes with dropout add to the probabilities of one voxel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// Standard deviation of the chosen class's probability.
    pub(super) deviation: f32,
    /// Mean over passes of the entropy, in nats.
    pub(super) entropy: f32,
}

impl Uncertainty {
    /// Its value of a voxel with these probabilities; 0 where it needs passes and there are none.
    pub(super) fn of(self, probabilities: ArrayView1<'_, f32>, spread: Option<Spread>) -> f32 {
        let normalized = |nats: f64| match probabilities.len() {
            0 | 1 => 0.0,
            classes => (nats / (classes as f64).ln()).clamp(0.0, 1.0) as f32,
        };
        match (self, spread) {
            (Self::Entropy, _) => normalized(entropy(probabilities)),
            (Self::Margin, _) => margin(probabilities),
            (Self::Deviation, Some(spread)) => spread.deviation,
            (Self::MutualInformation, Some(spread)) => normalized(entropy(probabilities) - f64::from(spread.entropy)),
            (Self::Deviation | Self::MutualInformation, None) => 0.0,
        }
    }
}

/// In nats.
fn entropy(probabilities: ArrayView1<'_, f32>) -> f64 {
    let term = |&probability: &f32| {
        let probability = f64::from(probability);
        if probability > 0.0 { -probability * probability.ln() } else { 0.0 }
    };
    probabilities.iter().map(term).sum()
}

fn margin(probabilities: ArrayView1<'_, f32>) -> f32 {
    let (mut first, mut second) = (0.0f32, 0.0f32);
    for &probability in probabilities {
        if probability > first {
            (first, second) = (probability, first);
        } else {
            second = second.max(probability);
        }
    }
    first - second
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;

    /// Against numpy: `-(p * np.log(p)).sum() / np.log(len(p))`, `np.diff(np.sort(p)[-2:])`.
    #[test]
    fn entropy_and_margin_are_those_of_numpy() {
        for (probabilities, entropy, margin) in [
            (vec![0.25, 0.25, 0.25, 0.25], 1.0, 0.0),
            (vec![0.0, 1.0, 0.0], 0.0, 1.0),
            (vec![0.7, 0.2, 0.1], 0.729_846_71, 0.5),
            (vec![0.05, 0.4, 0.15, 0.4], 0.842_091_86, 0.0),
            (vec![1.0], 0.0, 1.0),
        ] {
            let values = arr1(&probabilities);
            let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 2e-7;
            assert!(near(Uncertainty::Entropy.of(values.view(), None), entropy), "{probabilities:?}");
            assert!(near(Uncertainty::Margin.of(values.view(), None), margin), "{probabilities:?}");
        }
    }

    #[test]
    fn passes_that_agree_inform_of_nothing_and_passes_that_differ_of_all() {
        let of = |entropy| {
            let spread = Some(Spread { deviation: 0.3, entropy });
            let values = arr1(&[0.5f32, 0.5]);
            (Uncertainty::MutualInformation.of(values.view(), spread), Uncertainty::Deviation.of(values.view(), spread))
        };
        // Every pass undecided, and every pass certain of one of the two.
        assert_eq!(of(std::f32::consts::LN_2), (0.0, 0.3));
        assert_eq!(of(0.0), (1.0, 0.3));
    }
}
