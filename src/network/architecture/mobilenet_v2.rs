//! MobileNetV2: M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), in torchvision's form.

use super::super::{Convolution, Join, Layer};

const EPSILON: f64 = 1e-5;

/// Expansion, channels out, blocks, stride of the first block.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

/// Channels of the features.
const FEATURES: usize = 1280;

/// Everything before the global pool.
pub(super) fn body(channels: usize) -> Vec<Layer> {
    let first = Convolution::square("features.0.0", channels, 32, 3).with_stride(2).with_padding(1);
    let mut layers = activated(first, "features.0.1");
    let mut inputs = 32;
    let mut place = 1;
    for (expansion, outputs, blocks, stride) in STAGES {
        for number in 0..blocks {
            let stride = if number == 0 { stride } else { 1 };
            let main = inverted_residual(&format!("features.{place}.conv"), inputs, outputs, expansion, stride);
            if stride == 1 && inputs == outputs {
                layers.push(Layer::Branches { branches: vec![main, Vec::new()], join: Join::Add });
            } else {
                layers.extend(main);
            }
            inputs = outputs;
            place += 1;
        }
    }
    let last = Convolution::square(format!("features.{place}.0"), inputs, FEATURES, 1).with_padding(0);
    layers.extend(activated(last, &format!("features.{place}.1")));
    layers
}

fn inverted_residual(name: &str, inputs: usize, outputs: usize, expansion: usize, stride: usize) -> Vec<Layer> {
    let wide = inputs * expansion;
    let mut layers = Vec::new();
    let mut place = 0;
    if expansion > 1 {
        let expand = Convolution::square(format!("{name}.0.0"), inputs, wide, 1).with_padding(0);
        layers.extend(activated(expand, &format!("{name}.0.1")));
        place = 1;
    }
    let depthwise = Convolution::depthwise(format!("{name}.{place}.0"), wide, 3).with_stride(stride).with_padding(1);
    layers.extend(activated(depthwise, &format!("{name}.{place}.1")));
    let project = Convolution::square(format!("{name}.{}", place + 1), wide, outputs, 1).with_padding(0);
    layers.extend(normalised(project, &format!("{name}.{}", place + 2)));
    layers
}

/// The published classifier.
pub(super) fn published_head(classes: usize) -> Vec<Layer> {
    vec![
        Layer::AveragePoolTo(1),
        Layer::Flatten,
        Layer::Dropout(0.2),
        Layer::Linear { name: "classifier.1".into(), inputs: FEATURES, outputs: classes },
    ]
}

fn normalised(convolution: Convolution, norm: &str) -> Vec<Layer> {
    let features = convolution.outputs;
    let norm = Layer::BatchNorm { name: norm.to_owned(), features, epsilon: EPSILON };
    vec![Layer::Convolution(convolution.without_bias()), norm]
}

fn activated(convolution: Convolution, norm: &str) -> Vec<Layer> {
    let mut layers = normalised(convolution, norm);
    layers.push(Layer::Relu6);
    layers
}
