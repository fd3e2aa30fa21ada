//! What training makes small.

use tch::{Kind, Reduction, Tensor};

use super::NetworkError;
use crate::grid::UNLABELLED;

/// What training makes small, over the labelled voxels of a batch. Every class counts by its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Weighted mean cross entropy.
    CrossEntropy {
        /// Share of the certainty that is spread over all classes (Szegedy et al. 2015).
        label_smoothing: f64,
    },
    /// Weighted mean of `-(1 - p)^gamma ln p`, which makes little of what is certain already (Lin et al. 2017); the class
    /// weights are its alpha. With a gamma of 0 it is cross entropy.
    Focal {
        /// How little.
        gamma: f64,
    },
    /// One minus the Dice coefficient of probabilities (Milletari et al. 2016), averaged over the classes of the batch.
    Dice {
        /// Added above and below, for classes of few voxels.
        smooth: f64,
    },
    /// Cross entropy and Dice together.
    CrossEntropyDice {
        /// As in cross entropy.
        label_smoothing: f64,
        /// As in Dice.
        smooth: f64,
        /// What the Dice loss is multiplied by before it is added.
        dice_weight: f64,
    },
}

impl Loss {
    /// Plain cross entropy.
    pub const CROSS_ENTROPY: Self = Self::CrossEntropy { label_smoothing: 0.0 };

    /// The loss of scores `[voxels, K]` where the classes `[voxels]` are [`UNLABELLED`] or known.
    pub(super) fn of(
        &self,
        scores: &Tensor,
        codes: &Tensor,
        class_weights: Option<&Tensor>,
    ) -> Result<Tensor, NetworkError> {
        let entropy = |label_smoothing| -> Result<Tensor, NetworkError> {
            let ignored = i64::from(UNLABELLED);
            Ok(scores.f_cross_entropy_loss(codes, class_weights, Reduction::Mean, ignored, label_smoothing)?)
        };
        match *self {
            Self::CrossEntropy { label_smoothing } => entropy(label_smoothing),
            Self::Focal { gamma } => {
                let truth = one_hot(scores, codes)?;
                let logarithm =
                    scores.f_log_softmax(1, Kind::Float)?.f_mul(&truth)?.f_sum_dim_intlist(1, false, Kind::Float)?;
                let weight = weighted(&truth, class_weights)?.f_sum_dim_intlist(1, false, Kind::Float)?;
                // A power below 1 has no slope at 0, where the clamp has none either.
                let doubt =
                    (logarithm.f_exp()?.f_neg()?.f_add_scalar(1.0)?).f_clamp_min(f64::from(f32::MIN_POSITIVE))?;
                let entropy = logarithm.f_neg()?.f_mul(&doubt.f_pow_tensor_scalar(gamma)?)?.f_mul(&weight)?;
                Ok(entropy.f_sum(Kind::Float)?.f_div(&weight.f_sum(Kind::Float)?)?)
            }
            Self::Dice { smooth } => dice(scores, codes, class_weights, smooth),
            Self::CrossEntropyDice { label_smoothing, smooth, dice_weight } => {
                let dice = dice(scores, codes, class_weights, smooth)?;
                Ok(entropy(label_smoothing)?.f_add(&dice.f_mul_scalar(dice_weight)?)?)
            }
        }
    }
}

fn dice(scores: &Tensor, codes: &Tensor, class_weights: Option<&Tensor>, smooth: f64) -> Result<Tensor, NetworkError> {
    let truth = one_hot(scores, codes)?;
    let labelled = truth.f_sum_dim_intlist(1, true, Kind::Float)?;
    let probability = scores.f_softmax(1, Kind::Float)?.f_mul(&labelled)?;
    let by_class = |values: &Tensor| values.f_sum_dim_intlist(0, false, Kind::Float);
    let support = by_class(&truth)?;
    let both = by_class(&probability.f_mul(&truth)?)?.f_mul_scalar(2.0)?.f_add_scalar(smooth)?;
    let either = by_class(&probability)?.f_add(&support)?.f_add_scalar(smooth)?;
    let loss = both.f_div(&either)?.f_neg()?.f_add_scalar(1.0)?;
    // A class that is not in the batch has no overlap to speak of; what is taken for it is missing elsewhere.
    let weight = weighted(&support.f_gt(0.0)?.f_to_kind(Kind::Float)?, class_weights)?;
    Ok(loss.f_mul(&weight)?.f_sum(Kind::Float)?.f_div(&weight.f_sum(Kind::Float)?)?)
}

/// One in the column of each voxel's class, zeros where it is unlabelled.
fn one_hot(scores: &Tensor, codes: &Tensor) -> Result<Tensor, NetworkError> {
    let classes = Tensor::f_arange(scores.size()[1], (Kind::Int64, scores.device()))?;
    Ok(codes.f_unsqueeze(1)?.f_eq_tensor(&classes)?.f_to_kind(Kind::Float)?)
}

/// Columns times the weights of their classes.
fn weighted(values: &Tensor, class_weights: Option<&Tensor>) -> Result<Tensor, NetworkError> {
    Ok(match class_weights {
        Some(weights) => values.f_mul(weights)?,
        None => values.shallow_clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;

    fn golden() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recipes.json");
        serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()["losses"].clone()
    }

    fn numbers<T: serde::de::DeserializeOwned>(value: &Value) -> T {
        serde_json::from_value(value.clone()).unwrap()
    }

    /// Scores that gather gradients, codes and class weights.
    fn given() -> (Tensor, Tensor, Tensor) {
        let golden = golden();
        let scores: Vec<Vec<f32>> = numbers(&golden["scores"]);
        let scores = Tensor::from_slice2(&scores).set_requires_grad(true);
        let codes = Tensor::from_slice(&numbers::<Vec<i64>>(&golden["codes"]));
        (scores, codes, Tensor::from_slice(&numbers::<Vec<f32>>(&golden["class_weights"])))
    }

    #[test]
    fn losses_and_their_gradients_are_those_of_pytorch_and_monai() {
        let entropy = |label_smoothing| Loss::CrossEntropy { label_smoothing };
        for (name, loss, is_weighted) in [
            ("cross_entropy", Loss::CROSS_ENTROPY, false),
            ("cross_entropy_weighted", Loss::CROSS_ENTROPY, true),
            ("cross_entropy_weighted", Loss::Focal { gamma: 0.0 }, true),
            ("label_smoothing", entropy(0.1), false),
            ("label_smoothing_weighted", entropy(0.2), true),
            ("focal", Loss::Focal { gamma: 2.0 }, false),
            ("focal_half_weighted", Loss::Focal { gamma: 0.5 }, true),
            ("dice", Loss::Dice { smooth: 1.0 }, false),
            ("dice_weighted", Loss::Dice { smooth: 0.01 }, true),
            (
                "cross_entropy_dice",
                Loss::CrossEntropyDice { label_smoothing: 0.1, smooth: 1.0, dice_weight: 0.5 },
                false,
            ),
        ] {
            let (scores, codes, weights) = given();
            let value = loss.of(&scores, &codes, is_weighted.then_some(&weights)).unwrap();
            value.backward();
            let case = &golden()["cases"][name];
            let (actual, expected) = (value.double_value(&[]), numbers::<f64>(&case["loss"]));
            assert!((actual - expected).abs() < 1e-6, "{name}: {actual} is not {expected}");
            let expected = Tensor::from_slice2(&numbers::<Vec<Vec<f32>>>(&case["gradient"]));
            let difference = (scores.grad() - expected).abs().max().double_value(&[]);
            assert!(difference < 1e-7, "{name}: gradients differ by {difference}");
        }
    }

    #[test]
    fn certainty_has_a_gradient_that_is_a_number() {
        let scores = Tensor::from_slice(&[200.0f32, -200.0, -200.0, 200.0]).reshape([2, 2]).set_requires_grad(true);
        let codes = Tensor::from_slice(&[0i64, 0]);
        for loss in [Loss::Focal { gamma: 0.5 }, Loss::Focal { gamma: 2.0 }, Loss::Dice { smooth: 0.0 }] {
            let value = loss.of(&scores, &codes, None).unwrap();
            let gradient = Tensor::run_backward(&[&value], &[&scores], false, false).remove(0);
            assert!(value.double_value(&[]).is_finite() && gradient.isfinite().all().int64_value(&[]) == 1, "{loss:?}");
        }
    }
}
