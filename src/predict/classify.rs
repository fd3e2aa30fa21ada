//! From probabilities to classes.

use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis, Zip};

use super::{Outputs, PredictError, PredictOptions, section_probabilities};
use crate::network::Predictor;

/// What a network says of the window of a section. Arrays are `[trace, sample]` and `[class, trace, sample]` of the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpretation {
    /// Class codes 0..K-1.
    pub codes: Array2<u8>,
    /// Probability of that class, where asked for.
    pub confidence: Option<Array2<f32>>,
    /// Probability of every class, where asked for.
    pub probability: Option<Array3<f32>>,
}

/// Interprets the window of one scaled section `[trace, sample]`. What is said of traces that are not `live` means nothing.
///
/// # Errors
/// When the engine does not fit the network or memory runs out.
pub(super) fn interpret_section(
    predictor: &Predictor,
    options: &PredictOptions,
    amplitude: ArrayView2<'_, f32>,
    live: ArrayView1<'_, bool>,
) -> Result<Interpretation, PredictError> {
    let PredictOptions { engine, padding, window, outputs, .. } = options;
    let probability = section_probabilities(predictor, *engine, *padding, amplitude, live, window)?;
    Ok(classified(probability, *outputs))
}

/// The most probable classes, the first of equal ones, with the outputs asked for. `probability` is `[class, trace, sample]`.
pub(super) fn classified(probability: Array3<f32>, outputs: Outputs) -> Interpretation {
    let (_, traces, samples) = probability.dim();
    let mut codes = Array2::zeros((traces, samples));
    let mut largest = Array2::from_elem((traces, samples), f32::NEG_INFINITY);
    for (class, values) in probability.axis_iter(Axis(0)).enumerate() {
        Zip::from(&mut codes).and(&mut largest).and(values).for_each(|code, largest, &value| {
            if value > *largest {
                (*code, *largest) = (class as u8, value);
            }
        });
    }
    Interpretation {
        codes,
        confidence: outputs.confidence.then_some(largest),
        probability: outputs.probability.then_some(probability),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_first_of_the_most_probable_classes_wins() {
        let probability = array![[[0.1, 0.4, 0.3]], [[0.5, 0.4, 0.3]], [[0.4, 0.2, 0.4]]];
        let all = Outputs { probability: true, confidence: true };
        let said = classified(probability.clone(), all);
        assert_eq!(said.codes, array![[1, 0, 2]]);
        assert_eq!(said.confidence, Some(array![[0.5, 0.4, 0.4]]));
        assert_eq!(said.probability, Some(probability.clone()));
        let only_class = classified(probability, Outputs::default());
        assert_eq!((only_class.confidence, only_class.probability), (None, None));
    }
}
