//! Two small networks for pictures of copper minerals (biotite, bornite, chrysocolla), from a student's project on Kaggle's
//! "Minerals Identification": five narrow convolutions with four dense layers (779,349 parameters at 400 x 321), and five wider
//! ones without (1,016,131 parameters at 180 x 180).

use super::super::extent::Extent;
use super::super::{Convolution, Layer};

/// Keras' default.
const EPSILON: f64 = 1e-3;

/// The first network's convolutions.
pub(super) fn first_body(channels: usize) -> Vec<Layer> {
    let mut inputs = channels;
    let mut layers = Vec::new();
    for (number, outputs) in (1..).zip([12, 6, 12, 6, 12]) {
        layers.extend([
            Layer::Convolution(Convolution::square(format!("convolution{number}"), inputs, outputs, 3)),
            Layer::Relu,
            Layer::BatchNorm { name: format!("norm{number}"), features: outputs, epsilon: EPSILON },
            Layer::MaxPool,
        ]);
        inputs = outputs;
    }
    layers
}

/// Its dense layers.
pub(super) fn first_head(features: Extent, classes: usize) -> Vec<Layer> {
    let mut inputs = features.values();
    let mut layers = vec![Layer::Flatten];
    for (number, outputs) in (1..).zip([500, 100, 50, 10]) {
        layers.extend([Layer::Linear { name: format!("dense{number}"), inputs, outputs }, Layer::Relu]);
        inputs = outputs;
    }
    layers.push(Layer::Linear { name: "scores".into(), inputs, outputs: classes });
    layers
}

/// The second network's convolutions.
pub(super) fn second_body(channels: usize) -> Vec<Layer> {
    let mut inputs = channels;
    let mut layers = Vec::new();
    for (number, outputs) in (1..).zip([32, 64, 128, 256, 256]) {
        let convolution = Convolution::square(format!("convolution{number}"), inputs, outputs, 3).with_padding(0);
        layers.extend([Layer::Convolution(convolution), Layer::Relu]);
        if number < 5 {
            layers.push(Layer::MaxPool);
        }
        inputs = outputs;
    }
    layers
}

/// Its scores, with the dropout of its augmented form.
pub(super) fn second_head(features: Extent, classes: usize) -> Vec<Layer> {
    let scores = Layer::Linear { name: "scores".into(), inputs: features.values(), outputs: classes };
    vec![Layer::Flatten, Layer::Dropout(0.5), scores]
}
