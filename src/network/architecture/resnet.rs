//! Residual networks: K. He et al., "Deep Residual Learning for Image Recognition" (2015).
//!
//! In torchvision's form, with its names, which strides in the 3 x 3 convolution of a bottleneck; and ResNet50 in Keras' form,
//! which strides in its first 1 x 1 convolution and has biases, with the names of Keras' published weights. ResNet9 is the small
//! network of "Deep Learning with PyTorch: Zero to GANs" (A. N. S., Jovian 2020) after David C. Page's.

use super::super::{Convolution, Join, Layer, NamedArray, Pool, PoolKind};

/// PyTorch's default.
const EPSILON: f64 = 1e-5;
/// Keras' default, with which its weights were first published.
const KERAS_EPSILON: f64 = 1e-3;
/// That of its later releases, which also named the layers anew.
const LATER_KERAS_EPSILON: f64 = 1.001e-5;
const CHANNELS: [usize; 4] = [64, 128, 256, 512];

/// Kinds of blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// Two 3 x 3 convolutions.
    Basic,
    /// 1 x 1, 3 x 3 and 1 x 1, the last four times as wide.
    Bottleneck,
}

/// Everything before the global pool, with so many blocks in each stage.
pub(super) fn body(channels: usize, block: Block, blocks: [usize; 4]) -> Vec<Layer> {
    let first = Convolution::square("conv1", channels, 64, 7).with_stride(2).with_padding(3);
    let mut layers = normalised(first.without_bias(), "bn1", EPSILON);
    layers.push(Layer::Relu);
    layers.push(pool());
    let mut inputs = 64;
    for (stage, (width, count)) in (1..).zip(CHANNELS.into_iter().zip(blocks)) {
        for number in 0..count {
            let stride = if stage > 1 && number == 0 { 2 } else { 1 };
            let (branches, outputs) = residual(&format!("layer{stage}.{number}"), block, inputs, width, stride);
            layers.push(Layer::Branches { branches, join: Join::Add });
            layers.push(Layer::Relu);
            inputs = outputs;
        }
    }
    layers
}

fn residual(name: &str, block: Block, inputs: usize, width: usize, stride: usize) -> (Vec<Vec<Layer>>, usize) {
    let (kernels, outputs): (&[usize], _) = match block {
        Block::Basic => (&[3, 3], width),
        Block::Bottleneck => (&[1, 3, 1], 4 * width),
    };
    // A bottleneck strides in its 3 x 3 convolution, a basic block in its first.
    let striding = if block == Block::Basic { 1 } else { 2 };
    let mut main = Vec::new();
    let mut channels = inputs;
    for (number, &kernel) in (1..).zip(kernels) {
        let last = number == kernels.len();
        let to = if last { outputs } else { width };
        let convolution = Convolution::square(format!("{name}.conv{number}"), channels, to, kernel)
            .with_stride(if number == striding { stride } else { 1 })
            .with_padding(kernel / 2);
        main.extend(normalised(convolution.without_bias(), &format!("{name}.bn{number}"), EPSILON));
        if !last {
            main.push(Layer::Relu);
        }
        channels = to;
    }
    let shortcut = if stride > 1 || inputs != outputs {
        let convolution = Convolution::square(format!("{name}.downsample.0"), inputs, outputs, 1);
        let convolution = convolution.with_stride(stride).with_padding(0).without_bias();
        normalised(convolution, &format!("{name}.downsample.1"), EPSILON)
    } else {
        Vec::new()
    };
    (vec![main, shortcut], outputs)
}

/// Keras' ResNet50, everything before the global pool.
pub(super) fn keras_body(channels: usize) -> Vec<Layer> {
    let first = Convolution::square("conv1", channels, 64, 7).with_stride(2).with_padding(3);
    let mut layers = normalised(first, "bn_conv1", KERAS_EPSILON);
    layers.push(Layer::Relu);
    layers.push(pool());
    let mut inputs = 64;
    for (stage, (width, letters)) in (2..).zip(CHANNELS.into_iter().zip(["abc", "abcd", "abcdef", "abc"])) {
        for letter in letters.chars() {
            let stride = if stage > 2 && letter == 'a' { 2 } else { 1 };
            layers.push(keras_block(&format!("{stage}{letter}"), inputs, width, stride));
            layers.push(Layer::Relu);
            inputs = 4 * width;
        }
    }
    layers
}

fn keras_block(name: &str, inputs: usize, width: usize, stride: usize) -> Layer {
    let convolution = |branch: &str, inputs, outputs, kernel: usize, stride| {
        let convolution = Convolution::square(format!("res{name}_branch{branch}"), inputs, outputs, kernel);
        let convolution = convolution.with_stride(stride).with_padding(kernel / 2);
        normalised(convolution, &format!("bn{name}_branch{branch}"), KERAS_EPSILON)
    };
    let mut main = convolution("2a", inputs, width, 1, stride);
    main.push(Layer::Relu);
    main.extend(convolution("2b", width, width, 3, 1));
    main.push(Layer::Relu);
    main.extend(convolution("2c", width, 4 * width, 1, 1));
    let shortcut = if name.ends_with('a') { convolution("1", inputs, 4 * width, 1, stride) } else { Vec::new() };
    Layer::Branches { branches: vec![main, shortcut], join: Join::Add }
}

/// Names of later releases of Keras (`conv2_block1_1_conv`), with ours.
pub(super) fn keras_names() -> Vec<(String, String)> {
    let mut names = vec![
        ("conv1_conv".to_owned(), "conv1".to_owned()),
        ("conv1_bn".to_owned(), "bn_conv1".to_owned()),
        ("probs".to_owned(), "fc1000".to_owned()),
        ("predictions".to_owned(), "fc1000".to_owned()),
    ];
    for (stage, blocks) in (2..).zip([3, 4, 6, 3]) {
        for (number, letter) in (1..=blocks).zip('a'..) {
            for (place, branch) in ["1", "2a", "2b", "2c"].into_iter().enumerate() {
                let later = format!("conv{stage}_block{number}_{place}");
                names.push((format!("{later}_conv"), format!("res{stage}{letter}_branch{branch}")));
                names.push((format!("{later}_bn"), format!("bn{stage}{letter}_branch{branch}")));
            }
        }
    }
    names
}

/// The epsilon of weights with the later names, which is not that of [`keras_body`].
pub(super) fn keras_epsilon(arrays: &[NamedArray]) -> Option<f64> {
    arrays.iter().any(|array| array.name.starts_with("conv1_bn.")).then_some(LATER_KERAS_EPSILON)
}

/// ResNet9, everything before its last pool.
pub(super) fn small_body(channels: usize) -> Vec<Layer> {
    let convolution = |name: &str, inputs, outputs| {
        let convolution = Convolution::square(format!("{name}.0"), inputs, outputs, 3).with_padding(1);
        let mut layers = normalised(convolution, &format!("{name}.1"), EPSILON);
        layers.push(Layer::Relu);
        layers
    };
    let residual = |name: &str, channels| {
        let main = [0, 1].map(|place| convolution(&format!("{name}.{place}"), channels, channels)).concat();
        Layer::Branches { branches: vec![main, Vec::new()], join: Join::Add }
    };
    let mut layers = convolution("conv1", channels, 64);
    layers.extend(convolution("conv2", 64, 128));
    layers.push(Layer::MaxPool);
    layers.push(residual("res1", 128));
    layers.extend(convolution("conv3", 128, 256));
    layers.push(Layer::MaxPool);
    layers.extend(convolution("conv4", 256, 512));
    layers.push(Layer::MaxPool);
    layers.push(residual("res2", 512));
    layers
}

/// ResNet9's end: a 4 x 4 maximum, which leaves one value a channel of a 32 x 32 picture.
pub(super) fn small_head(rows: usize, columns: usize, classes: usize) -> Vec<Layer> {
    vec![
        Layer::Pool(Pool { kind: PoolKind::Maximum, kernel: 4, stride: 4, padding: Some(0) }),
        Layer::Flatten,
        Layer::Dropout(0.2),
        Layer::Linear { name: "classifier.3".into(), inputs: 512 * (rows / 4) * (columns / 4), outputs: classes },
    ]
}

/// 3 x 3, stride 2.
fn pool() -> Layer {
    Layer::Pool(Pool { kind: PoolKind::Maximum, kernel: 3, stride: 2, padding: Some(1) })
}

fn normalised(convolution: Convolution, norm: &str, epsilon: f64) -> Vec<Layer> {
    let features = convolution.outputs;
    vec![Layer::Convolution(convolution), Layer::BatchNorm { name: norm.to_owned(), features, epsilon }]
}
