//! VGG16 and VGG19: K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).
//!
//! Parameters carry torchvision's names (`features.N`), so that its weight files load as they are. VGG16 for nine classes at
//! patch 64 or 65, with a head of 256, has the 15,242,605 parameters published by Dramsch and Lüthje (SEG 2018).

use super::super::layer::leaves;
use super::super::{Convolution, Layer, Layers, NetworkError, Padding};
use super::head::{Head, push_head};

/// VGG16's thirteen convolutions: published name, torchvision's index in `features`, channels out.
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

/// Channels of the five blocks.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// VGG16 whole or cut, with a head of its own.
pub(super) fn layers(
    cut: Option<&str>,
    padding: Padding,
    head: &Head,
    channels: usize,
    patch: usize,
    classes: usize,
) -> Result<Layers, NetworkError> {
    let kept = match cut {
        None => CONVOLUTIONS.len(),
        Some(name) => 1 + position(name).ok_or_else(|| NetworkError::UnknownCut { name: name.to_owned() })?,
    };
    let mut layers = Vec::new();
    let mut channels = channels;
    let mut side = patch;
    for (place, &(name, index, outputs)) in CONVOLUTIONS[..kept].iter().enumerate() {
        let previous = place.checked_sub(1).map(|previous| CONVOLUTIONS[previous].0);
        if previous.is_some_and(|previous| block(previous) != block(name)) {
            layers.push(Layer::MaxPool);
            side /= 2;
        }
        layers.push(Layer::Convolution(Convolution::square(format!("features.{index}"), channels, outputs, 3)));
        layers.push(Layer::Relu);
        channels = outputs;
    }
    if cut.is_none() {
        layers.push(Layer::MaxPool);
        side /= 2;
    }
    if padding == Padding::Same {
        if side == 0 {
            let pools = layers.iter().filter(|layer| matches!(layer, Layer::MaxPool)).count();
            let network = cut.map_or("VGG16".to_owned(), |cut| format!("VGG16 up to {cut}"));
            return Err(NetworkError::PictureTooSmall { network, size: [patch; 2], smallest: 1 << pools });
        }
        layers.push(Layer::Flatten);
        channels *= side * side;
    }
    push_head(&mut layers, head, channels, classes);
    Ok(Layers { layers, padding, patch })
}

/// Everything before the classifier, with so many convolutions in each block.
pub(super) fn body(mut channels: usize, convolutions: [usize; 5]) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (outputs, convolutions) in CHANNELS.into_iter().zip(convolutions) {
        for _ in 0..convolutions {
            let name = format!("features.{}", layers.len());
            layers.push(Layer::Convolution(Convolution::square(name, channels, outputs, 3)));
            layers.push(Layer::Relu);
            channels = outputs;
        }
        layers.push(Layer::MaxPool);
    }
    layers
}

/// The classifier as published; maps of another size than 7 x 7 are averaged to it.
pub(super) fn published_head(classes: usize) -> Vec<Layer> {
    let linear = |index: usize, inputs, outputs| Layer::Linear { name: format!("classifier.{index}"), inputs, outputs };
    vec![
        Layer::AveragePoolTo(7),
        Layer::Flatten,
        linear(0, 512 * 7 * 7, 4096),
        Layer::Relu,
        Layer::Dropout(0.5),
        linear(3, 4096, 4096),
        Layer::Relu,
        Layer::Dropout(0.5),
        linear(6, 4096, classes),
    ]
}

/// Name of the parameters behind a published name such as `conv3_1`, if `layers` are those of a VGG that has it.
pub(crate) fn vgg_parameter(layers: &[Layer], published: &str) -> Option<String> {
    let (block, number) = published.strip_prefix("conv")?.split_once('_')?;
    let (block, number): (usize, usize) = (block.parse().ok()?, number.parse().ok()?);
    let leaves = leaves(layers);
    let blocks = leaves.split(|layer| matches!(layer, Layer::MaxPool));
    let convolutions = blocks.map(|block| {
        let names = block.iter().filter_map(|layer| match layer {
            Layer::Convolution(convolution) => Some(&convolution.name),
            _ => None,
        });
        names.collect::<Vec<_>>()
    });
    let name = *convolutions.collect::<Vec<_>>().get(block.checked_sub(1)?)?.get(number.checked_sub(1)?)?;
    name.starts_with("features.").then(|| name.clone())
}

/// Keras' names of the convolutions and dense layers, with ours.
pub(super) fn keras_names(convolutions: [usize; 5]) -> Vec<(String, String)> {
    let mut names = Vec::new();
    let mut index = 0;
    for (block, convolutions) in (1..).zip(convolutions) {
        for number in 1..=convolutions {
            names.push((format!("block{block}_conv{number}"), format!("features.{index}")));
            index += 2;
        }
        index += 1;
    }
    for (keras, ours) in [("fc1", "classifier.0"), ("fc2", "classifier.3"), ("predictions", "classifier.6")] {
        names.push((keras.to_owned(), ours.to_owned()));
    }
    names
}

/// Place of the convolution with this published name.
fn position(name: &str) -> Option<usize> {
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
            let layers = layers(None, Padding::Same, &head(), 1, patch, 9).unwrap();
            assert_eq!(parameter_count(&layers.layers) + 2 * 64 * 9, 15_242_605);
        }
    }

    #[test]
    fn receptive_fields_of_the_cuts() {
        let field = |cut| layers(Some(cut), Padding::Valid, &head(), 1, 65, 9).unwrap().receptive_field();
        let expected = [("conv1_1", 3), ("conv2_2", 14), ("conv3_3", 40), ("conv4_1", 60), ("conv4_2", 76)];
        for (cut, window) in expected {
            assert_eq!(field(cut), Some(window), "{cut}");
        }
        assert!(layers(Some("conv6_1"), Padding::Valid, &head(), 1, 65, 9).is_err());
    }

    #[test]
    fn patches_of_which_pools_leave_nothing_are_refused() {
        for (cut, least) in [(None, 32), (Some("conv4_1"), 8), (Some("conv1_2"), 1)] {
            assert!(layers(cut, Padding::Same, &head(), 1, least, 9).is_ok(), "{cut:?}");
            let refused = layers(cut, Padding::Same, &head(), 1, least - 1, 9);
            let Err(NetworkError::PictureTooSmall { smallest, .. }) = refused else { panic!("{cut:?}: {refused:?}") };
            assert_eq!(smallest, least, "{cut:?}");
        }
    }

    #[test]
    fn the_cut_network_does_the_documented_arithmetic() {
        // 5.83 MFLOP a voxel for conv1_1 to conv4_1, the head apart.
        let layers = layers(Some("conv4_1"), Padding::Valid, &head(), 1, 65, 9).unwrap();
        let head_flop = 2 * (512 * 256 + 256 * 9);
        assert_eq!((layers.dense_flop_per_voxel() - head_flop + 5_000) / 10_000, 583);
    }

    #[test]
    fn the_body_is_the_network_without_its_head() {
        let whole = layers(None, Padding::Same, &head(), 1, 65, 9).unwrap().layers;
        let body = body(1, [2, 2, 3, 3, 3]);
        assert_eq!(whole[..body.len()], body);
        for (name, index, _) in CONVOLUTIONS {
            assert_eq!(vgg_parameter(&body, name), Some(format!("features.{index}")));
        }
    }
}
