//! Waldeland's texture network in two dimensions.
//!
//! A. U. Waldeland et al., "Convolutional neural networks for automated seismic interpretation", The Leading Edge 37
//! (2018); the two-dimensional form with its dropout rates and dense layers is that of J. S. Dramsch and M. Lüthje
//! (SEG 2018). 95,735 parameters for nine classes at patch 64, 103,235 at patch 65.

use super::super::{Convolution, Layer, Layers, Padding};

/// Keras' default; the published network was trained with it.
const EPSILON: f64 = 1e-3;
const FEATURES: usize = 50;
/// Dropout after the second, third and fourth convolution.
const DROPOUT: [f64; 3] = [0.5, 0.4, 0.2];

/// The published network: same padding, five strided convolutions, flattened into dense layers of 50 and 10.
pub(super) fn published(channels: usize, patch: usize, classes: usize) -> Layers {
    let mut layers = trunk(channels);
    layers.push(convolution(5, FEATURES, 3, 2));
    layers.push(Layer::Flatten);
    let side = [4, 2, 2, 2, 2].iter().fold(patch, |side, stride| side.div_ceil(*stride));
    layers.extend(head(side * side * FEATURES, classes));
    Layers { layers, padding: Padding::Same, patch }
}

/// The same weights seen through valid padding: 61 x 61 samples; the fifth convolution meets a 1 x 1 map and is 1 x 1.
pub(super) fn valid(channels: usize, patch: usize, classes: usize) -> Layers {
    let mut layers = trunk(channels);
    layers.push(convolution(5, FEATURES, 1, 1));
    layers.extend(head(FEATURES, classes));
    Layers { layers, padding: Padding::Valid, patch }
}

/// The first four convolutions.
fn trunk(channels: usize) -> Vec<Layer> {
    let mut layers = vec![convolution(1, channels, 5, 4), batch_norm("norm1", FEATURES), Layer::Relu];
    for (number, dropout) in (2..).zip(DROPOUT) {
        layers.push(convolution(number, FEATURES, 3, 2));
        layers.push(Layer::Dropout(dropout));
        layers.push(batch_norm(&format!("norm{number}"), FEATURES));
        layers.push(Layer::Relu);
    }
    layers
}

fn head(inputs: usize, classes: usize) -> Vec<Layer> {
    vec![
        linear("dense1", inputs, 50),
        batch_norm("dense1_norm", 50),
        Layer::Relu,
        // The "attribute layer" of MalenoV.
        linear("dense2", 50, 10),
        batch_norm("dense2_norm", 10),
        Layer::Relu,
        linear("scores", 10, classes),
        batch_norm("scores_norm", classes),
    ]
}

fn convolution(number: usize, inputs: usize, kernel: usize, stride: usize) -> Layer {
    let convolution = Convolution::square(format!("convolution{number}"), inputs, FEATURES, kernel);
    Layer::Convolution(convolution.with_stride(stride))
}

pub(super) fn batch_norm(name: &str, features: usize) -> Layer {
    Layer::BatchNorm { name: name.into(), features, epsilon: EPSILON }
}

pub(super) fn linear(name: &str, inputs: usize, outputs: usize) -> Layer {
    Layer::Linear { name: name.into(), inputs, outputs }
}

#[cfg(test)]
mod tests {
    use super::super::super::parameters::parameter_count;
    use super::*;

    #[test]
    fn the_published_network_has_the_published_number_of_parameters() {
        // Keras counts the running statistics of batch normalisation as parameters.
        assert_eq!(parameter_count(&published(1, 64, 9).layers), 95_735);
        assert_eq!(parameter_count(&published(1, 65, 9).layers), 103_235);
    }

    #[test]
    fn the_valid_network_sees_sixty_one_samples() {
        assert_eq!(valid(1, 65, 9).receptive_field(), Some(61));
    }
}
