//! Xception: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions" (2016), in Keras' form and with its
//! names; a separable convolution is `.depthwise` and `.pointwise`.

use super::super::{Convolution, Join, Layer, Pool, PoolKind};

const EPSILON: f64 = 1e-3;
const FEATURES: usize = 2048;

/// Everything before the global pool.
pub(super) fn body(channels: usize) -> Vec<Layer> {
    let plain = |name: &str, inputs, outputs, stride| {
        let convolution = Convolution::square(name, inputs, outputs, 3).with_stride(stride).with_padding(0);
        [normalised(convolution.without_bias(), &format!("{name}_bn")), vec![Layer::Relu]].concat()
    };
    let mut layers = plain("block1_conv1", channels, 32, 2);
    layers.extend(plain("block1_conv2", 32, 64, 1));
    for (block, inputs, outputs) in [(2, 64, 128), (3, 128, 256), (4, 256, 728)] {
        let mut main = Vec::new();
        if block > 2 {
            main.push(Layer::Relu);
        }
        main.extend(separable(block, 1, inputs, outputs));
        main.push(Layer::Relu);
        main.extend(separable(block, 2, outputs, outputs));
        layers.push(reducing(main, block - 1, inputs, outputs));
    }
    for block in 5..13 {
        let main = (1..4).flat_map(|number| [vec![Layer::Relu], separable(block, number, 728, 728)].concat()).collect();
        layers.push(Layer::Branches { branches: vec![main, Vec::new()], join: Join::Add });
    }
    let main = [vec![Layer::Relu], separable(13, 1, 728, 728), vec![Layer::Relu], separable(13, 2, 728, 1024)].concat();
    layers.push(reducing(main, 4, 728, 1024));
    for (number, inputs, outputs) in [(1, 1024, 1536), (2, 1536, FEATURES)] {
        layers.extend(separable(14, number, inputs, outputs));
        layers.push(Layer::Relu);
    }
    layers
}

/// The published classifier.
pub(super) fn published_head(classes: usize) -> Vec<Layer> {
    vec![
        Layer::AveragePoolTo(1),
        Layer::Flatten,
        Layer::Linear { name: "predictions".into(), inputs: FEATURES, outputs: classes },
    ]
}

/// Halves the size after `main`, beside the shortcut with this number.
fn reducing(mut main: Vec<Layer>, shortcut: usize, inputs: usize, outputs: usize) -> Layer {
    main.push(Layer::Pool(Pool { kind: PoolKind::Maximum, kernel: 3, stride: 2, padding: None }));
    let convolution = Convolution::square(format!("conv2d_{shortcut}"), inputs, outputs, 1).with_stride(2);
    let beside = normalised(convolution.without_bias(), &format!("batch_normalization_{shortcut}"));
    Layer::Branches { branches: vec![main, beside], join: Join::Add }
}

fn separable(block: usize, number: usize, inputs: usize, outputs: usize) -> Vec<Layer> {
    let name = format!("block{block}_sepconv{number}");
    let depthwise = Convolution::depthwise(format!("{name}.depthwise"), inputs, 3).without_bias();
    let pointwise = Convolution::square(format!("{name}.pointwise"), inputs, outputs, 1).without_bias();
    [vec![Layer::Convolution(depthwise)], normalised(pointwise, &format!("{name}_bn"))].concat()
}

fn normalised(convolution: Convolution, norm: &str) -> Vec<Layer> {
    let features = convolution.outputs;
    vec![Layer::Convolution(convolution), Layer::BatchNorm { name: norm.to_owned(), features, epsilon: EPSILON }]
}
