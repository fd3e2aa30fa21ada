//! Keras' names and orders, brought into PyTorch's: kernels `[rows, columns, inputs, outputs]`, dense layers `[inputs, outputs]`.

use crate::network::NamedArray;

/// Endings of names, as Keras writes them and as its first release did, with ours.
const ENDINGS: [(&str, Kind, &str); 13] = [
    ("depthwise_kernel", Kind::Depthwise, "depthwise.weight"),
    ("pointwise_kernel", Kind::Kernel, "pointwise.weight"),
    ("kernel", Kind::Kernel, "weight"),
    ("W", Kind::Kernel, "weight"),
    ("bias", Kind::Vector, "bias"),
    ("b", Kind::Vector, "bias"),
    ("gamma", Kind::Vector, "weight"),
    ("beta", Kind::Vector, "bias"),
    ("moving_mean", Kind::Vector, "running_mean"),
    ("running_mean", Kind::Vector, "running_mean"),
    ("moving_variance", Kind::Vector, "running_var"),
    // It holds the variance in spite of its name.
    ("running_std", Kind::Vector, "running_var"),
    ("running_variance", Kind::Vector, "running_var"),
];

#[derive(Clone, Copy)]
enum Kind {
    Kernel,
    Depthwise,
    Vector,
}

/// Whether `name` is one of Keras' that carries its layer: `conv1/kernel`, `conv1/kernel:0`.
pub(super) fn is_keras_name(name: &str) -> bool {
    let name = without_number(name);
    name.rsplit_once('/').is_some_and(|(_, last)| ENDINGS.iter().any(|(ending, ..)| last == *ending))
}

/// A tensor by its full name, `conv1/conv1/kernel:0`.
pub(super) fn converted_path(array: NamedArray) -> NamedArray {
    match without_number(&array.name).rsplit_once('/') {
        Some((layer, last)) => {
            let (layer, last) = (once(layer).to_owned(), last.to_owned());
            converted(&layer, &last, array)
        }
        None => array,
    }
}

/// The tensor that Keras calls `weight` (with or without its layer before it) in its layer `layer`.
pub(super) fn converted(layer: &str, weight: &str, array: NamedArray) -> NamedArray {
    let last = without_number(weight).rsplit('/').next().unwrap_or_default();
    let found = ENDINGS.iter().find(|(ending, ..)| is_ending(last, ending));
    let Some(&(_, kind, part)) = found else { return NamedArray { name: format!("{layer}.{last}"), ..array } };
    let name = format!("{layer}.{part}");
    let NamedArray { shape, values, .. } = array;
    match (kind, &shape[..]) {
        (Kind::Kernel, &[rows, columns, inputs, outputs]) => {
            turned(name, values, [rows, columns, inputs, outputs], [3, 2, 0, 1])
        }
        // [rows, columns, channels, 1] to [channels, 1, rows, columns].
        (Kind::Depthwise, &[rows, columns, channels, each]) => {
            turned(name, values, [rows, columns, channels, each], [2, 3, 0, 1])
        }
        (Kind::Kernel, &[inputs, outputs]) => {
            let NamedArray { name, values, .. } = turned(name, values, [inputs, outputs, 1, 1], [1, 0, 2, 3]);
            NamedArray { name, shape: vec![outputs, inputs], values }
        }
        _ => NamedArray { name, shape, values },
    }
}

/// `kernel`, or with something before and a number behind as in Keras 1 and 2: `block1_conv1_W_1`.
fn is_ending(last: &str, ending: &str) -> bool {
    let last = match last.rsplit_once('_') {
        Some((before, number)) if number.parse::<u32>().is_ok() => before,
        _ => last,
    };
    last == ending || last.strip_suffix(ending).is_some_and(|before| before.ends_with('_'))
}

/// Without TensorFlow's `:0`.
fn without_number(name: &str) -> &str {
    name.strip_suffix(":0").unwrap_or(name)
}

/// `conv1` of `conv1/conv1`, and `conv1/conv` of `conv1/conv/conv1/conv`.
fn once(layer: &str) -> &str {
    let half = layer.len() / 2;
    if layer.as_bytes().get(half) == Some(&b'/') && layer[..half] == layer[half + 1..] { &layer[..half] } else { layer }
}

/// The array with its axes in another order; axis i of the result is axis `order[i]` of what came.
fn turned(name: String, values: Vec<f32>, shape: [usize; 4], order: [usize; 4]) -> NamedArray {
    let array = ndarray::Array4::from_shape_vec(shape, values).expect("as many values as the shape says");
    let turned = array.permuted_axes(order);
    NamedArray { name, shape: turned.shape().to_vec(), values: turned.iter().copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(name: &str, shape: &[usize]) -> NamedArray {
        let count: usize = shape.iter().product();
        NamedArray { name: name.into(), shape: shape.to_vec(), values: (0..count).map(|value| value as f32).collect() }
    }

    #[test]
    fn keras_names_of_all_ages_become_ours() {
        for (path, shape, name) in [
            ("res2a_branch2a/kernel", &[1, 1, 2, 3][..], "res2a_branch2a.weight"),
            ("conv1/conv1/kernel:0", &[1, 1, 2, 3], "conv1.weight"),
            ("conv1/bn/conv1/bn/moving_variance:0", &[3], "conv1/bn.running_var"),
            ("block2_sepconv1/depthwise_kernel:0", &[3, 3, 4, 1], "block2_sepconv1.depthwise.weight"),
            ("bn/gamma:0", &[3], "bn.weight"),
        ] {
            assert!(is_keras_name(path), "{path}");
            assert_eq!(converted_path(array(path, shape)).name, name);
        }
        for (weight, name) in [
            ("block1_conv1_W_1:0", "layer.weight"),
            ("bn_running_std:0", "layer.running_var"),
            ("x_b_1:0", "layer.bias"),
        ] {
            assert_eq!(converted("layer", weight, array("", &[2])).name, name);
        }
        assert!(!is_keras_name("features.0.weight") && !is_keras_name("layer/other"));
    }

    #[test]
    fn axes_come_in_our_order() {
        let kernel = converted("a", "kernel", array("", &[2, 3, 4, 5]));
        assert_eq!(kernel.shape, [5, 4, 2, 3]);
        // Output 1, input 2, row 1, column 2 stood at [1, 2, 2, 1].
        assert_eq!(kernel.values[((4 + 2) * 2 + 1) * 3 + 2], ((3.0 + 2.0) * 4.0 + 2.0) * 5.0 + 1.0);
        let dense = converted("a", "kernel", array("", &[2, 3]));
        assert_eq!((dense.shape, dense.values), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        let depthwise = converted("a", "depthwise_kernel", array("", &[1, 2, 3, 1]));
        assert_eq!((depthwise.shape, depthwise.values), (vec![3, 1, 1, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    }
}
