//! InceptionV3: C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2015), in torchvision's form
//! and with its names, without the auxiliary classifier that only training used.

use super::super::{Convolution, Join, Layer, Pool, PoolKind};

const EPSILON: f64 = 1e-3;
const FEATURES: usize = 2048;

/// Everything before the global pool.
pub(super) fn body(channels: usize) -> Vec<Layer> {
    let mut layers = [
        convolution("Conv2d_1a_3x3", channels, 32, [3, 3], 2, [0, 0]),
        convolution("Conv2d_2a_3x3", 32, 32, [3, 3], 1, [0, 0]),
        convolution("Conv2d_2b_3x3", 32, 64, [3, 3], 1, [1, 1]),
        vec![pool()],
        convolution("Conv2d_3b_1x1", 64, 80, [1, 1], 1, [0, 0]),
        convolution("Conv2d_4a_3x3", 80, 192, [3, 3], 1, [0, 0]),
        vec![pool()],
    ]
    .concat();
    layers.extend([
        block_a("Mixed_5b", 192, 32),
        block_a("Mixed_5c", 256, 64),
        block_a("Mixed_5d", 288, 64),
        block_b("Mixed_6a", 288),
        block_c("Mixed_6b", 128),
        block_c("Mixed_6c", 160),
        block_c("Mixed_6d", 160),
        block_c("Mixed_6e", 192),
        block_d("Mixed_7a", 768),
        block_e("Mixed_7b", 1280),
        block_e("Mixed_7c", 2048),
    ]);
    layers
}

/// The published classifier.
pub(super) fn published_head(classes: usize) -> Vec<Layer> {
    vec![
        Layer::AveragePoolTo(1),
        Layer::Dropout(0.5),
        Layer::Flatten,
        Layer::Linear { name: "fc".into(), inputs: FEATURES, outputs: classes },
    ]
}

/// 1 x 1, 5 x 5, twice 3 x 3, and a pool, side by side.
fn block_a(name: &str, inputs: usize, pooled: usize) -> Layer {
    let unit = |branch: &str, inputs, outputs, side: usize| {
        convolution(&format!("{name}.{branch}"), inputs, outputs, [side, side], 1, [side / 2, side / 2])
    };
    concatenated(vec![
        unit("branch1x1", inputs, 64, 1),
        [unit("branch5x5_1", inputs, 48, 1), unit("branch5x5_2", 48, 64, 5)].concat(),
        [unit("branch3x3dbl_1", inputs, 64, 1), unit("branch3x3dbl_2", 64, 96, 3), unit("branch3x3dbl_3", 96, 96, 3)]
            .concat(),
        [vec![average()], unit("branch_pool", inputs, pooled, 1)].concat(),
    ])
}

/// To half the size.
fn block_b(name: &str, inputs: usize) -> Layer {
    let unit = |branch: &str, inputs, outputs, side, stride, zeros| {
        convolution(&format!("{name}.{branch}"), inputs, outputs, [side, side], stride, [zeros, zeros])
    };
    concatenated(vec![
        unit("branch3x3", inputs, 384, 3, 2, 0),
        [
            unit("branch3x3dbl_1", inputs, 64, 1, 1, 0),
            unit("branch3x3dbl_2", 64, 96, 3, 1, 1),
            unit("branch3x3dbl_3", 96, 96, 3, 2, 0),
        ]
        .concat(),
        vec![pool()],
    ])
}

/// 7 x 7, taken apart into rows and columns.
fn block_c(name: &str, width: usize) -> Layer {
    let inputs = 768;
    let unit = |branch: &str, inputs, outputs, kernel| same(&format!("{name}.{branch}"), inputs, outputs, kernel);
    concatenated(vec![
        unit("branch1x1", inputs, 192, [1, 1]),
        [
            unit("branch7x7_1", inputs, width, [1, 1]),
            unit("branch7x7_2", width, width, [1, 7]),
            unit("branch7x7_3", width, 192, [7, 1]),
        ]
        .concat(),
        [
            unit("branch7x7dbl_1", inputs, width, [1, 1]),
            unit("branch7x7dbl_2", width, width, [7, 1]),
            unit("branch7x7dbl_3", width, width, [1, 7]),
            unit("branch7x7dbl_4", width, width, [7, 1]),
            unit("branch7x7dbl_5", width, 192, [1, 7]),
        ]
        .concat(),
        [vec![average()], unit("branch_pool", inputs, 192, [1, 1])].concat(),
    ])
}

/// To a quarter.
fn block_d(name: &str, inputs: usize) -> Layer {
    let unit = |branch: &str, inputs, outputs, kernel| same(&format!("{name}.{branch}"), inputs, outputs, kernel);
    let last =
        |branch: &str, inputs, outputs| convolution(&format!("{name}.{branch}"), inputs, outputs, [3, 3], 2, [0, 0]);
    concatenated(vec![
        [unit("branch3x3_1", inputs, 192, [1, 1]), last("branch3x3_2", 192, 320)].concat(),
        [
            unit("branch7x7x3_1", inputs, 192, [1, 1]),
            unit("branch7x7x3_2", 192, 192, [1, 7]),
            unit("branch7x7x3_3", 192, 192, [7, 1]),
            last("branch7x7x3_4", 192, 192),
        ]
        .concat(),
        vec![pool()],
    ])
}

/// 3 x 3 as a row beside a column.
fn block_e(name: &str, inputs: usize) -> Layer {
    let unit = |branch: &str, inputs, outputs, kernel| same(&format!("{name}.{branch}"), inputs, outputs, kernel);
    let apart = |branch: &str| {
        concatenated(vec![unit(&format!("{branch}a"), 384, 384, [1, 3]), unit(&format!("{branch}b"), 384, 384, [3, 1])])
    };
    concatenated(vec![
        unit("branch1x1", inputs, 320, [1, 1]),
        [unit("branch3x3_1", inputs, 384, [1, 1]), vec![apart("branch3x3_2")]].concat(),
        [
            unit("branch3x3dbl_1", inputs, 448, [1, 1]),
            unit("branch3x3dbl_2", 448, 384, [3, 3]),
            vec![apart("branch3x3dbl_3")],
        ]
        .concat(),
        [vec![average()], unit("branch_pool", inputs, 192, [1, 1])].concat(),
    ])
}

fn same(name: &str, inputs: usize, outputs: usize, kernel: [usize; 2]) -> Vec<Layer> {
    convolution(name, inputs, outputs, kernel, 1, kernel.map(|side| side / 2))
}

/// Convolution, batch normalisation, activation.
fn convolution(
    name: &str,
    inputs: usize,
    outputs: usize,
    kernel: [usize; 2],
    stride: usize,
    zeros: [usize; 2],
) -> Vec<Layer> {
    let convolution = Convolution {
        kernel,
        stride,
        bias: false,
        padding: Some(zeros),
        ..Convolution::square(format!("{name}.conv"), inputs, outputs, 1)
    };
    let norm = Layer::BatchNorm { name: format!("{name}.bn"), features: outputs, epsilon: EPSILON };
    vec![Layer::Convolution(convolution), norm, Layer::Relu]
}

fn concatenated(branches: Vec<Vec<Layer>>) -> Layer {
    Layer::Branches { branches, join: Join::Concatenate }
}

fn pool() -> Layer {
    Layer::Pool(Pool { kind: PoolKind::Maximum, kernel: 3, stride: 2, padding: Some(0) })
}

fn average() -> Layer {
    Layer::Pool(Pool { kind: PoolKind::Average, kernel: 3, stride: 1, padding: Some(1) })
}
