//! Temperature scaling: one number that makes probabilities mean what they say (Guo et al. 2017).

use ndarray::ArrayView2;

use crate::grid::UNLABELLED;

/// Probabilities are neither sharpened nor flattened further than by these temperatures: voxels that are all classified
/// rightly would want 0.
const LEAST: f64 = 0.05;
const MOST: f64 = 20.0;
/// Halvings of the range; more than a double has bits.
const HALVINGS: usize = 60;

/// The temperature at which the class scores behind `probability` `[voxel, class]` have the least cross entropy: scores
/// are divided by it before the softmax, so that it changes no class. 0.05 to 20; none where no voxel is labelled or a
/// probability is no number.
///
/// The cross entropy is convex in 1/temperature, and its slope there is found to be 0 by halving, in double precision and
/// in the order of the voxels.
///
/// # Panics
/// When the lengths differ or a code is no class.
pub fn fit_temperature(truth: &[u8], probability: ArrayView2<'_, f32>) -> Option<f64> {
    assert_eq!(truth.len(), probability.nrows(), "one row of probabilities per voxel");
    let labelled = truth.iter().zip(probability.outer_iter()).filter(|(truth, _)| **truth != UNLABELLED);
    let mut rows: Vec<(usize, Vec<f64>)> = Vec::new();
    for (&truth, row) in labelled {
        if row.iter().any(|p| p.is_nan()) {
            return None;
        }
        rows.push((usize::from(truth), row.iter().map(|&p| score(p)).collect()));
    }
    if rows.is_empty() {
        return None;
    }
    // Slope of the cross entropy with respect to 1/temperature: it grows with it.
    let slope =
        |inverse: f64| rows.iter().map(|(truth, scores)| mean_score(scores, inverse) - scores[*truth]).sum::<f64>();
    let (mut low, mut high) = (1.0 / MOST, 1.0 / LEAST);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 { high = middle } else { low = middle }
    }
    Some(1.0 / (0.5 * (low + high)))
}

/// Probabilities as they were before the class scores were divided by `temperature`, in place.
pub(super) fn undo(temperature: f64, probability: &mut [f64]) {
    let scores: Vec<f64> = probability.iter().map(|&p| score(p as f32) * temperature).collect();
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
    probability.iter_mut().zip(scores).for_each(|(p, score)| *p = (score - largest).exp() / sum);
}

/// A class score that belongs to a probability; the constant between all scores of a voxel does not matter.
fn score(probability: f32) -> f64 {
    f64::from(probability.max(f32::MIN_POSITIVE)).ln()
}

/// Mean of the scores under the probabilities that they make at this inverse temperature.
fn mean_score(scores: &[f64], inverse: f64) -> f64 {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut weights, mut sum) = (0.0, 0.0);
    for score in scores {
        let weight = ((score - largest) * inverse).exp();
        weights += weight;
        sum += weight * score;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Voxels of three classes whose codes are drawn with the probabilities that the scores make, and what a network
    /// says that is too sure of itself by the factor `too_sure`.
    fn drawn(too_sure: f64) -> (Vec<u8>, Array2<f32>) {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut said = Array2::zeros((20_000, 3));
        let mut codes = Vec::new();
        for mut row in said.outer_iter_mut() {
            let scores = [3.0 * random(), 3.0 * random(), 3.0 * random()];
            let softmax = |factor: f64| {
                let weights = scores.map(|score| (factor * score).exp());
                let sum: f64 = weights.iter().sum();
                weights.map(|weight| weight / sum)
            };
            let (draw, right) = (random(), softmax(1.0));
            codes.push(if draw < right[0] {
                0
            } else if draw < right[0] + right[1] {
                1
            } else {
                2
            });
            row.iter_mut().zip(softmax(too_sure)).for_each(|(to, p)| *to = p as f32);
        }
        (codes, said)
    }

    #[test]
    fn the_temperature_undoes_how_much_too_sure_a_network_is() {
        for too_sure in [0.5, 1.0, 4.0] {
            let (codes, said) = drawn(too_sure);
            let temperature = fit_temperature(&codes, said.view()).unwrap();
            assert!((temperature / too_sure - 1.0).abs() < 0.05, "{too_sure}: {temperature}");
        }
    }

    #[test]
    fn no_other_temperature_has_a_smaller_cross_entropy() {
        let (codes, said) = drawn(3.0);
        let best = fit_temperature(&codes, said.view()).unwrap();
        let loss = |temperature: f64| {
            let rows = codes.iter().zip(said.outer_iter());
            rows.map(|(&code, row)| {
                let mut row: Vec<f64> = row.iter().map(|&p| f64::from(p)).collect();
                undo(1.0 / temperature, &mut row);
                -row[usize::from(code)].ln()
            })
            .sum::<f64>()
        };
        for factor in [0.98, 0.999, 1.001, 1.02] {
            assert!(loss(best * factor) > loss(best), "{factor}");
        }
    }

    #[test]
    fn right_voxels_alone_want_no_less_than_the_least_and_nothing_has_none() {
        let sure = Array2::from_shape_fn((4, 2), |(_, class)| if class == 0 { 0.9f32 } else { 0.1 });
        assert!((fit_temperature(&[0; 4], sure.view()).unwrap() - LEAST).abs() < 1e-9);
        assert!((fit_temperature(&[1; 4], sure.view()).unwrap() - MOST).abs() < 1e-9);
        assert_eq!(fit_temperature(&[UNLABELLED; 4], sure.view()), None);
        assert_eq!(fit_temperature(&[0; 4], Array2::from_elem((4, 2), f32::NAN).view()), None);
    }

    #[test]
    fn what_a_temperature_did_can_be_undone() {
        let scores = [1.0f64, -2.0, 0.5];
        let softmax = |temperature: f64| {
            let weights = scores.map(|score| (score / temperature).exp());
            let sum: f64 = weights.iter().sum();
            weights.map(|weight| weight / sum)
        };
        let mut probability = softmax(2.5);
        undo(2.5, &mut probability);
        for (p, expected) in probability.iter().zip(softmax(1.0)) {
            assert!((p - expected).abs() < 1e-6);
        }
    }
}
