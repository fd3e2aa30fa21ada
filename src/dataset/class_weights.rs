//! Weights of the classes in the loss.

use super::DatasetError;

/// How much an error costs, by class.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// The same for all.
    #[default]
    None,
    /// 1 / frequency.
    Inverse,
    /// 1 / sqrt(frequency).
    InverseSqrt,
    /// One weight per class, in code order.
    Given(Vec<f32>),
}

/// Loss weight of every class from its count of training voxels, scaled so that their mean over the classes is 1.
///
/// # Errors
/// When a frequency is needed of a class without training voxels, or given weights are not one per class, negative or
/// all 0.
pub fn class_weights(weights: &ClassWeights, training_counts: &[u64]) -> Result<Vec<f32>, DatasetError> {
    let wrong = |reason: String| Err(DatasetError::Option { option: "class_weights", reason });
    let power = match weights {
        ClassWeights::None => 0.0,
        ClassWeights::Inverse => -1.0,
        ClassWeights::InverseSqrt => -0.5,
        ClassWeights::Given(given) => {
            if given.len() != training_counts.len() {
                return wrong(format!("name {} weights for {} classes", given.len(), training_counts.len()));
            }
            if !given.iter().all(|weight| weight.is_finite() && *weight >= 0.0)
                || given.iter().all(|&weight| weight == 0.0)
            {
                return wrong("must be 0 or more, and not all 0".to_owned());
            }
            return Ok(mean_one(given.iter().map(|&weight| f64::from(weight)).collect()));
        }
    };
    if power != 0.0 && training_counts.contains(&0) {
        return wrong("cannot follow from frequencies while a class has no training voxel".to_owned());
    }
    Ok(mean_one(training_counts.iter().map(|&count| (count as f64).powf(power)).collect()))
}

fn mean_one(weights: Vec<f64>) -> Vec<f32> {
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    weights.into_iter().map(|weight| (weight / mean) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_the_frequencies_with_mean_one() {
        for (weights, expected) in [
            (ClassWeights::None, [1.0, 1.0, 1.0]),
            (ClassWeights::Inverse, [12.0 / 7.0, 6.0 / 7.0, 3.0 / 7.0]),
            (ClassWeights::InverseSqrt, [1.359_246, 0.961_132, 0.679_623]),
            (ClassWeights::Given(vec![0.0, 1.0, 5.0]), [0.0, 0.5, 2.5]),
        ] {
            for (found, expected) in class_weights(&weights, &[100, 200, 400]).unwrap().iter().zip(expected) {
                assert!((found - expected as f32).abs() < 1e-5, "{weights:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn weights_without_meaning_are_refused() {
        for (weights, counts) in [
            (ClassWeights::Inverse, &[1, 0][..]),
            (ClassWeights::Given(vec![1.0]), &[1, 1]),
            (ClassWeights::Given(vec![1.0, -1.0]), &[1, 1]),
            (ClassWeights::Given(vec![f32::NAN, 1.0]), &[1, 1]),
            (ClassWeights::Given(vec![0.0, 0.0]), &[1, 1]),
        ] {
            assert!(class_weights(&weights, counts).is_err(), "{weights:?}");
        }
        assert_eq!(class_weights(&ClassWeights::None, &[1, 0]).unwrap(), [1.0, 1.0]);
    }
}
