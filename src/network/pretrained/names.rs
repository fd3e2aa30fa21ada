//! From the names that others gave their tensors to ours.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::architecture::{Backbone, Dialect};
use super::super::{Layer, NamedArray};

/// Arrays of a file under our names; their own may be others.
pub(super) type Renamed<'a> = BTreeMap<String, Cow<'a, NamedArray>>;

/// `arrays` under the names that the network's layers have here.
pub(super) fn renamed<'a>(
    arrays: &'a [NamedArray],
    dialect: Dialect,
    backbone: Option<Backbone>,
    layers: &[&Layer],
) -> Renamed<'a> {
    let rename: Box<dyn Fn(&str) -> String> = match (dialect, backbone) {
        (Dialect::Torch, Some(Backbone::Densenet121)) => Box::new(without_old_dots),
        (Dialect::Keras, Some(backbone)) => {
            let table: BTreeMap<String, String> = backbone.keras_names().into_iter().chain(numbered(arrays)).collect();
            Box::new(move |name: &str| match name.rsplit_once('.') {
                Some((layer, part)) if table.contains_key(layer) => format!("{}.{part}", table[layer]),
                _ => name.to_owned(),
            })
        }
        _ => Box::new(str::to_owned),
    };
    let mut renamed: Renamed<'a> = arrays.iter().map(|array| (rename(&array.name), Cow::Borrowed(array))).collect();
    if dialect == Dialect::Keras {
        add_unit_scales(&mut renamed, layers);
        turn_flattened(&mut renamed, layers);
        if let Some(epsilon) = backbone.and_then(|backbone| backbone.keras_epsilon(arrays)) {
            scale_for_epsilon(&mut renamed, layers, epsilon);
        }
    }
    renamed
}

/// The first DenseNets that torchvision published have `denselayer1.norm.1`, which later became `denselayer1.norm1`.
fn without_old_dots(name: &str) -> String {
    let mut name = name.to_owned();
    for part in ["norm", "conv"] {
        for number in 1..=2 {
            if name.contains("denselayer") {
                name = name.replace(&format!(".{part}.{number}."), &format!(".{part}{number}."));
            }
        }
    }
    name
}

/// Layers that Keras named by counting (`conv2d`, `conv2d_3`; `convolution2d_3` before release 2), counted from 1 in a file.
fn numbered(arrays: &[NamedArray]) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (spellings, ours) in [
        (["conv2d", "convolution2d"], "conv2d"),
        (["batch_normalization", "batchnormalization"], "batch_normalization"),
    ] {
        let number = |layer: &str| {
            let rest = spellings.iter().find_map(|spelling| layer.strip_prefix(spelling))?;
            if rest.is_empty() { Some(0) } else { rest.strip_prefix('_')?.parse::<u64>().ok() }
        };
        let found: BTreeMap<u64, &str> = arrays
            .iter()
            .filter_map(|array| array.name.rsplit_once('.'))
            .filter_map(|(layer, _)| Some((number(layer)?, layer)))
            .collect();
        let counted = (1..).zip(found.into_values());
        names.extend(counted.map(|(place, layer)| (layer.to_owned(), format!("{ours}_{place}"))));
    }
    names
}

/// Keras leaves out the factors of a batch normalisation that has none.
fn add_unit_scales(arrays: &mut Renamed<'_>, layers: &[&Layer]) {
    for layer in layers {
        if let Layer::BatchNorm { name, features, .. } = layer {
            let weight = format!("{name}.weight");
            if arrays.contains_key(&format!("{name}.running_mean")) && !arrays.contains_key(&weight) {
                let ones = NamedArray { name: weight.clone(), shape: vec![*features], values: vec![1.0; *features] };
                arrays.insert(weight, Cow::Owned(ones));
            }
        }
    }
}

/// Weights that were trained with `theirs` added to each variance, where our layers add another epsilon: the factors take up the
/// difference, so that the layers compute what they were trained to.
fn scale_for_epsilon(arrays: &mut Renamed<'_>, layers: &[&Layer], theirs: f64) {
    for layer in layers {
        if let Layer::BatchNorm { name, epsilon, .. } = layer
            && let Some(variance) = arrays.get(&format!("{name}.running_var")).map(|array| array.values.clone())
            && let Some(factors) = arrays.get_mut(&format!("{name}.weight"))
        {
            for (factor, variance) in factors.to_mut().values.iter_mut().zip(variance.into_iter().map(f64::from)) {
                *factor = (f64::from(*factor) * ((variance + epsilon) / (variance + theirs)).sqrt()) as f32;
            }
        }
    }
}

/// Keras flattens a map rows first, then columns, then channels; we put channels first.
fn turn_flattened(arrays: &mut Renamed<'_>, layers: &[&Layer]) {
    let mut channels = None;
    let mut is_flat = false;
    for layer in layers {
        match layer {
            Layer::Convolution(convolution) => channels = Some(convolution.outputs),
            // One pixel has no order, and after a dense block more channels than the last convolution gave.
            Layer::AveragePoolTo(1) => channels = None,
            Layer::Flatten => is_flat = true,
            Layer::Linear { name, inputs, .. } => {
                if let (true, Some(channels)) = (is_flat, channels)
                    && let Some(array) = arrays.get_mut(&format!("{name}.weight"))
                    && array.shape.get(1) == Some(inputs)
                    && *inputs > channels
                {
                    let pixels = inputs / channels;
                    let turn = |row: &[f32]| -> Vec<f32> {
                        (0..*inputs).map(|place| row[place % pixels * channels + place / pixels]).collect()
                    };
                    array.to_mut().values = array.values.chunks(*inputs).flat_map(turn).collect();
                }
                is_flat = false;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Input;
    use super::*;

    fn array(name: &str, shape: &[usize]) -> NamedArray {
        let count: usize = shape.iter().product();
        NamedArray { name: name.into(), shape: shape.to_vec(), values: (0..count).map(|value| value as f32).collect() }
    }

    fn names(arrays: &[NamedArray], dialect: Dialect, backbone: Backbone) -> Vec<String> {
        renamed(arrays, dialect, Some(backbone), &[]).into_keys().collect()
    }

    #[test]
    fn names_of_others_become_ours() {
        for (theirs, dialect, backbone, ours) in [
            ("block3_conv2.weight", Dialect::Keras, Backbone::Vgg16, "features.12.weight"),
            ("block5_conv4.bias", Dialect::Keras, Backbone::Vgg19, "features.34.bias"),
            ("conv3_block4_2_bn.running_var", Dialect::Keras, Backbone::Resnet50Keras, "bn3d_branch2b.running_var"),
            ("res3d_branch2b.weight", Dialect::Keras, Backbone::Resnet50Keras, "res3d_branch2b.weight"),
            (
                "features.denseblock2.denselayer3.norm.1.running_mean",
                Dialect::Torch,
                Backbone::Densenet121,
                "features.denseblock2.denselayer3.norm1.running_mean",
            ),
            (
                "conv5_block16_1_conv.weight",
                Dialect::Keras,
                Backbone::Densenet121,
                "features.denseblock4.denselayer16.conv1.weight",
            ),
        ] {
            assert_eq!(names(&[array(theirs, &[1])], dialect, backbone), [ours]);
        }
        for spelling in ["conv2d", "convolution2d_1", "conv2d_19"] {
            let arrays = [array(&format!("{spelling}.weight"), &[1]), array("conv2d_100.weight", &[1])];
            assert_eq!(names(&arrays, Dialect::Keras, Backbone::Xception), ["conv2d_1.weight", "conv2d_2.weight"]);
        }
    }

    #[test]
    fn channels_come_first_after_flattening() {
        let layers = Backbone::Minerals2.published(Input::Colour, 126, 2).unwrap();
        // Five convolutions and four pools leave 4 x 4 pixels of 256 channels.
        let row = |value: fn(usize) -> usize| (0..16 * 256).map(move |place| value(place) as f32);
        let file =
            NamedArray { name: "scores.weight".into(), shape: vec![1, 16 * 256], values: row(|place| place).collect() };
        let turned = renamed(std::slice::from_ref(&file), Dialect::Keras, Some(Backbone::Minerals2), &layers.leaves());
        // Value `place` of ours is channel place / 16 of pixel place % 16.
        let expected: Vec<f32> = row(|place| place % 16 * 256 + place / 16).collect();
        assert!(turned["scores.weight"].values == expected);
    }

    #[test]
    fn averages_of_channels_stay_in_their_order() {
        let layers = Backbone::Densenet121.published(Input::Colour, 224, 2).unwrap();
        let file = array("predictions.weight", &[2, 1024]);
        let renamed =
            renamed(std::slice::from_ref(&file), Dialect::Keras, Some(Backbone::Densenet121), &layers.leaves());
        assert_eq!(renamed["classifier.weight"].values, file.values);
    }

    #[test]
    fn a_batch_normalisation_without_factors_gets_ones() {
        let layers = Backbone::Xception.published(Input::Colour, 128, 2).unwrap();
        let mean = array("block1_conv1_bn.running_mean", &[32]);
        let renamed = renamed(std::slice::from_ref(&mean), Dialect::Keras, Some(Backbone::Xception), &layers.leaves());
        assert_eq!(renamed["block1_conv1_bn.weight"].values, [1.0; 32]);
    }

    #[test]
    fn factors_take_up_the_epsilon_of_the_release_that_the_names_tell() {
        let norm = Layer::BatchNorm { name: "bn_conv1".into(), features: 2, epsilon: 1e-3 };
        for (name, factors) in [("bn_conv1", [3.0_f64, 3.0]), ("conv1_bn", [3.0, 2.0])] {
            let part = |part: &str, values: [f32; 2]| NamedArray {
                name: format!("{name}.{part}"),
                shape: vec![2],
                values: values.into(),
            };
            // (1e-3 + v) / (1.001e-5 + v) is nearly 1 for a large variance, and 2.25 for this one.
            let small = (1e-3 - 2.25 * 1.001e-5) / 1.25;
            let arrays = [part("running_var", [1e6, small as f32]), part("weight", [3.0, factors[1] as f32])];
            let renamed = renamed(&arrays, Dialect::Keras, Some(Backbone::Resnet50Keras), &[&norm]);
            for (actual, expected) in renamed["bn_conv1.weight"].values.iter().zip([3.0, 3.0]) {
                assert!((actual - expected).abs() < 1e-5, "{name}: {actual}");
            }
            assert_eq!(renamed["bn_conv1.running_var"].values, arrays[0].values);
        }
    }
}
