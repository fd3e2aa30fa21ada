//! VGG16: K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).
//!
//! Parameters carry torchvision's names (`features.N`), so that its weight files load as they are. For nine classes at
//! patch 64 or 65, with a head of 256, it has the 15,242,605 parameters published by Dramsch and Lüthje (SEG 2018).

use super::super::{Layer, Layers, NetworkError, Padding};
use super::Head;

/// The thirteen convolutions: published name, torchvision's index in `features`, channels out.
pub const CONVOLUTIONS: [(&str, usize, usize); 13] = [
    ("conv1_1", 0, 64),
    ("conv1_2", 2, 64),
    ("conv2_1", 5, 128),
    ("conv2_2", 7, 128),
    ("conv3_1", 10, 256),
    ("conv3_2", 12, 256),
    ("conv3_3", 14, 256),
    ("conv4_1", 17, 512),
    ("conv4_2", 19, 512),
    ("conv4_3", 21, 512),
    ("conv5_1", 24, 512),
    ("conv5_2", 26, 512),
    ("conv5_3", 28, 512),
];

/// Keras' default, in the head of the published network.
const EPSILON: f64 = 1e-3;

pub(super) fn layers(
    cut: Option<&str>,
    padding: Padding,
    head: &Head,
    patch: usize,
    classes: usize,
) -> Result<Layers, NetworkError> {
    let kept = match cut {
        None => CONVOLUTIONS.len(),
        Some(name) => 1 + position(name).ok_or_else(|| NetworkError::UnknownCut { name: name.to_owned() })?,
    };
    let mut layers = Vec::new();
    let mut channels = 1;
    let mut side = patch;
    for (place, &(name, index, outputs)) in CONVOLUTIONS[..kept].iter().enumerate() {
        let previous = place.checked_sub(1).map(|previous| CONVOLUTIONS[previous].0);
        if previous.is_some_and(|previous| block(previous) != block(name)) {
            layers.push(Layer::MaxPool);
            side /= 2;
        }
        let name = format!("features.{index}");
        layers.push(Layer::Convolution { name, inputs: channels, outputs, kernel: 3, stride: 1 });
        layers.push(Layer::Relu);
        channels = outputs;
    }
    if cut.is_none() {
        layers.push(Layer::MaxPool);
        side /= 2;
    }
    if padding == Padding::Same {
        layers.push(Layer::Flatten);
        channels *= side * side;
    }
    push_head(&mut layers, head, channels, classes);
    Ok(Layers { layers, padding, patch })
}

fn push_head(layers: &mut Vec<Layer>, head: &Head, mut inputs: usize, classes: usize) {
    for (place, &outputs) in head.hidden.iter().enumerate() {
        layers.push(Layer::Linear { name: format!("head.{place}"), inputs, outputs });
        if head.batch_norm {
            layers.push(Layer::BatchNorm { name: format!("head.{place}_norm"), features: outputs, epsilon: EPSILON });
        }
        layers.push(Layer::Relu);
        if head.dropout > 0.0 {
            layers.push(Layer::Dropout(head.dropout));
        }
        inputs = outputs;
    }
    layers.push(Layer::Linear { name: "head.scores".into(), inputs, outputs: classes });
    if head.batch_norm_scores {
        layers.push(Layer::BatchNorm { name: "head.scores_norm".into(), features: classes, epsilon: EPSILON });
    }
}

/// Place of the convolution with this published name.
pub(crate) fn position(name: &str) -> Option<usize> {
    CONVOLUTIONS.iter().position(|&(convolution, ..)| convolution == name)
}

/// `conv4_1` belongs to block `conv4`.
fn block(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::super::parameters::parameter_count;
    use super::*;

    fn head() -> Head {
        Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true }
    }

    #[test]
    fn the_published_network_has_the_published_number_of_parameters() {
        // The published count holds three input channels; ours are folded into one.
        for patch in [64, 65] {
            let layers = layers(None, Padding::Same, &head(), patch, 9).unwrap();
            assert_eq!(parameter_count(&layers.layers) + 2 * 64 * 9, 15_242_605);
        }
    }

    #[test]
    fn receptive_fields_of_the_cuts() {
        let field = |cut| layers(Some(cut), Padding::Valid, &head(), 65, 9).unwrap().receptive_field();
        let expected = [("conv1_1", 3), ("conv2_2", 14), ("conv3_3", 40), ("conv4_1", 60), ("conv4_2", 76)];
        for (cut, window) in expected {
            assert_eq!(field(cut), Some(window), "{cut}");
        }
        assert!(layers(Some("conv6_1"), Padding::Valid, &head(), 65, 9).is_err());
    }

    #[test]
    fn the_cut_network_does_the_documented_arithmetic() {
        // 5.83 MFLOP a voxel for conv1_1 to conv4_1, the head apart.
        let layers = layers(Some("conv4_1"), Padding::Valid, &head(), 65, 9).unwrap();
        let head_flop = 2 * (512 * 256 + 256 * 9);
        assert_eq!((layers.dense_flop_per_voxel() - head_flop + 5_000) / 10_000, 583);
    }
}
