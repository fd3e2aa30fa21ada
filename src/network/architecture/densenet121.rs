//! DenseNet121: G. Huang et al., "Densely Connected Convolutional Networks" (2016), in torchvision's form.

use super::super::{Convolution, Join, Layer, Pool, PoolKind};

const EPSILON: f64 = 1e-5;
/// That of Keras' DenseNet121.
pub(super) const KERAS_EPSILON: f64 = 1.001e-5;
/// Channels that each layer adds.
const GROWTH: usize = 32;
/// Channels between the two convolutions of a layer.
const BOTTLENECK: usize = 4 * GROWTH;
const BLOCKS: [usize; 4] = [6, 12, 24, 16];

/// Everything before the global pool.
pub(super) fn body(channels: usize) -> Vec<Layer> {
    let first = Convolution::square("features.conv0", channels, 64, 7).with_stride(2).with_padding(3).without_bias();
    let pool = Pool { kind: PoolKind::Maximum, kernel: 3, stride: 2, padding: Some(1) };
    let mut layers = vec![Layer::Convolution(first), norm("features.norm0", 64), Layer::Relu, Layer::Pool(pool)];
    let mut features = 64;
    for (block, count) in (1..).zip(BLOCKS) {
        for number in 1..=count {
            let new = dense_layer(&format!("features.denseblock{block}.denselayer{number}"), features);
            layers.push(Layer::Branches { branches: vec![Vec::new(), new], join: Join::Concatenate });
            features += GROWTH;
        }
        if block < BLOCKS.len() {
            let name = format!("features.transition{block}");
            let convolution = Convolution::square(format!("{name}.conv"), features, features / 2, 1).with_padding(0);
            let pool = Pool { kind: PoolKind::Average, kernel: 2, stride: 2, padding: Some(0) };
            layers.extend([norm(&format!("{name}.norm"), features), Layer::Relu]);
            layers.extend([Layer::Convolution(convolution.without_bias()), Layer::Pool(pool)]);
            features /= 2;
        }
    }
    layers.extend([norm("features.norm5", features), Layer::Relu]);
    layers
}

fn dense_layer(name: &str, inputs: usize) -> Vec<Layer> {
    let narrow = Convolution::square(format!("{name}.conv1"), inputs, BOTTLENECK, 1).with_padding(0);
    let new = Convolution::square(format!("{name}.conv2"), BOTTLENECK, GROWTH, 3).with_padding(1);
    vec![
        norm(&format!("{name}.norm1"), inputs),
        Layer::Relu,
        Layer::Convolution(narrow.without_bias()),
        norm(&format!("{name}.norm2"), BOTTLENECK),
        Layer::Relu,
        Layer::Convolution(new.without_bias()),
    ]
}

/// The published classifier.
pub(super) fn published_head(classes: usize) -> Vec<Layer> {
    vec![
        Layer::AveragePoolTo(1),
        Layer::Flatten,
        Layer::Linear { name: "classifier".into(), inputs: 1024, outputs: classes },
    ]
}

/// Keras' names, with ours.
pub(super) fn keras_names() -> Vec<(String, String)> {
    let mut names = Vec::new();
    let mut add = |keras: String, ours: String| names.push((keras, ours));
    for separator in ["/", "_"] {
        add(format!("conv1{separator}conv"), "features.conv0".into());
        add(format!("conv1{separator}bn"), "features.norm0".into());
    }
    for (block, count) in (1..).zip(BLOCKS) {
        for number in 1..=count {
            let (keras, ours) =
                (format!("conv{}_block{number}", block + 1), format!("features.denseblock{block}.denselayer{number}"));
            for (theirs, part) in [("0_bn", "norm1"), ("1_conv", "conv1"), ("1_bn", "norm2"), ("2_conv", "conv2")] {
                add(format!("{keras}_{theirs}"), format!("{ours}.{part}"));
            }
        }
        if block < BLOCKS.len() {
            for (theirs, part) in [("bn", "norm"), ("conv", "conv")] {
                add(format!("pool{}_{theirs}", block + 1), format!("features.transition{block}.{part}"));
            }
        }
    }
    add("bn".into(), "features.norm5".into());
    add("fc1000".into(), "classifier".into());
    add("predictions".into(), "classifier".into());
    names
}

fn norm(name: &str, features: usize) -> Layer {
    Layer::BatchNorm { name: name.to_owned(), features, epsilon: EPSILON }
}
