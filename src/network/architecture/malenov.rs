//! Waldeland's texture network in three dimensions, as MalenoV published it.
//!
//! A. U. Waldeland and A. H. S. Solberg, "Salt classification using deep learning", EAGE (2017); the published program is
//! "MalenoV 5 layer CNN 65x65x65 voxels" (2018). 298,235 parameters for nine classes of one volume at patch 65.

use super::super::{Layer, Layers, Padding, VolumeConvolution};
use super::waldeland::{batch_norm, linear};

const FEATURES: usize = 50;
const DROPOUT: f64 = 0.2;

/// Five strided convolutions of cubes of side `patch`, one of each of `volumes`, flattened into dense layers of 50 and 10.
pub(super) fn layers(volumes: usize, patch: usize, classes: usize) -> Layers {
    let mut layers = vec![
        Layer::IntoVolumes { depth: patch },
        convolution(1, volumes, 5, 4),
        batch_norm("norm1", FEATURES),
        Layer::Relu,
    ];
    for number in 2..=4 {
        layers.push(convolution(number, FEATURES, 3, 2));
        layers.push(Layer::Dropout(DROPOUT));
        layers.push(batch_norm(&format!("norm{number}"), FEATURES));
        layers.push(Layer::Relu);
    }
    layers.push(convolution(5, FEATURES, 3, 2));
    layers.push(Layer::Flatten);
    let side = [4, 2, 2, 2, 2].iter().fold(patch, |side, stride| side.div_ceil(*stride));
    layers.extend([
        linear("dense1", side.pow(3) * FEATURES, 50),
        batch_norm("dense1_norm", 50),
        Layer::Relu,
        // The "attribute layer".
        linear("dense2", 50, 10),
        batch_norm("dense2_norm", 10),
        Layer::Relu,
        linear("scores", 10, classes),
        batch_norm("scores_norm", classes),
    ]);
    Layers { layers, padding: Padding::Same, patch }
}

fn convolution(number: usize, inputs: usize, kernel: usize, stride: usize) -> Layer {
    let name = format!("convolution{number}");
    Layer::VolumeConvolution(VolumeConvolution { name, inputs, outputs: FEATURES, kernel, stride })
}

#[cfg(test)]
mod tests {
    use super::super::super::extent::Extent;
    use super::super::super::parameters::parameter_count;
    use super::*;

    #[test]
    fn it_has_the_published_number_of_parameters_and_one_score_a_class() {
        assert_eq!(parameter_count(&layers(1, 65, 9).layers), 298_235);
        for (volumes, patch) in [(1, 65), (2, 64), (3, 17)] {
            let layers = layers(volumes, patch, 9);
            assert_eq!((layers.channels(), layers.outputs()), (volumes * patch, 9));
            assert_eq!(layers.receptive_field(), None);
            let input = Extent { channels: volumes * patch, depth: 1, rows: patch, columns: patch };
            let scores = Extent { channels: 9, depth: 1, rows: 1, columns: 1 };
            assert_eq!(input.after_all(&layers.layers, layers.padding), Some(scores));
        }
    }

    #[test]
    fn the_arithmetic_of_a_patch_is_that_of_its_kernels() {
        let outputs = [(17_u64, 125, 1), (9, 27, 50), (5, 27, 50), (3, 27, 50), (2, 27, 50)];
        let kernels: u64 = outputs.iter().map(|(side, taps, inputs)| side.pow(3) * taps * inputs * 50).sum();
        assert_eq!(layers(1, 65, 9).patch_flop(), 2 * (kernels + 400 * 50 + 50 * 10 + 10 * 9));
    }
}
