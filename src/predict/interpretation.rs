//! What a network says of one section.

use ndarray::{Array2, Array3, ArrayView1, Axis, Zip, s};

use super::uncertainty::Spread;
use super::{Outputs, Uncertainty};
use crate::grid::UNLABELLED;

/// Classes and chosen outputs of a section's window; `[trace, sample]`, probabilities `[class, trace, sample]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpretation {
    /// Class codes 0..K-1; [`UNLABELLED`] on dead and missing traces.
    pub codes: Array2<u8>,
    /// Probability of the chosen class, where asked for; 0 on dead and missing traces.
    pub confidence: Option<Array2<f32>>,
    /// Probability of every class, where asked for; 0 on dead and missing traces.
    pub probability: Option<Array3<f32>>,
    /// How unsure the class is, in ascending order, where asked for; 0 on dead and missing traces.
    pub uncertainty: Vec<(Uncertainty, Array2<f32>)>,
}

impl Interpretation {
    /// No class anywhere.
    pub(super) fn empty(classes: usize, shape: [usize; 2], outputs: Outputs) -> Self {
        let [traces, samples] = shape;
        Self {
            codes: Array2::from_elem(shape, UNLABELLED),
            confidence: outputs.confidence.then(|| Array2::zeros(shape)),
            probability: outputs.probability.then(|| Array3::zeros((classes, traces, samples))),
            uncertainty: outputs.uncertainties().map(|which| (which, Array2::zeros(shape))).collect(),
        }
    }

    /// Notes what is said of one voxel `[trace, sample]`: its probabilities, and where there were passes with dropout, the
    /// deviation of each and the mean entropy in nats.
    pub(super) fn note(
        &mut self,
        voxel: [usize; 2],
        probabilities: ArrayView1<'_, f32>,
        passes: Option<(ArrayView1<'_, f32>, f32)>,
    ) {
        let mut code = 0;
        for (candidate, &probability) in probabilities.iter().enumerate() {
            if probability > probabilities[code] {
                code = candidate;
            }
        }
        self.codes[voxel] = code as u8;
        if let Some(confidence) = &mut self.confidence {
            confidence[voxel] = probabilities[code];
        }
        if let Some(probability) = &mut self.probability {
            probability.slice_mut(s![.., voxel[0], voxel[1]]).assign(&probabilities);
        }
        let spread = passes.map(|(deviation, entropy)| Spread { deviation: deviation[code], entropy });
        for (which, values) in &mut self.uncertainty {
            values[voxel] = which.of(probabilities, spread);
        }
    }

    /// The first of the most probable classes where traces are `live`.
    pub(super) fn from_probabilities(probabilities: Array3<f32>, live: ArrayView1<'_, bool>, outputs: Outputs) -> Self {
        let (_, traces, samples) = probabilities.dim();
        let mut codes = Array2::from_elem((traces, samples), UNLABELLED);
        let mut largest = Array2::from_elem((traces, samples), f32::NEG_INFINITY);
        for (code, plane) in (0u8..).zip(probabilities.axis_iter(Axis(0))) {
            Zip::from(&mut codes).and(&mut largest).and(plane).for_each(|best, largest, &probability| {
                if probability > *largest {
                    (*best, *largest) = (code, probability);
                }
            });
        }
        for (trace, _) in live.iter().enumerate().filter(|(_, live)| !**live) {
            codes.row_mut(trace).fill(UNLABELLED);
            largest.row_mut(trace).fill(0.0);
        }
        let uncertainty = outputs.uncertainties().map(|which| {
            let of = |(trace, sample)| match live[trace] {
                true => which.of(probabilities.slice(s![.., trace, sample]), None),
                false => 0.0,
            };
            (which, Array2::from_shape_fn((traces, samples), of))
        });
        let uncertainty = uncertainty.collect();
        Self {
            uncertainty,
            codes,
            confidence: outputs.confidence.then_some(largest),
            probability: outputs.probability.then_some(probabilities),
        }
    }
}
