//! Class scores against PyTorch: the values and the script that made them lie under `tests/fixtures` and `tests/peers`.

use std::collections::BTreeMap;
use std::fmt::Display;

use facies::grid::{ClassTable, Domain, Plane};
use facies::network::{
    Architecture, Backbone, Convolution, Description, Device, Encoder, Head, Input, Layer, Layers, Model,
    ModelDescription, ModelOf, NamedArray, NetworkError, Origin, Padding, PictureNetwork, Pooling, Predictor,
    Pretrained, Top, Unet, write_arrays,
};
use facies::volume::AmplitudeScaling;
use ndarray::{Array2, Array3, Array4, Axis, s};
use serde::{Deserialize, Serialize};

const TOLERANCE: f32 = 2e-5;

#[test]
fn waldeland_valid_in_both_forms() {
    let (model, expected) = (waldeland(Padding::Valid, 5), golden("waldeland_valid_section"));
    check_section(&model, &expected);
}

#[test]
fn waldeland_published_in_patches() {
    check_patches(&waldeland(Padding::Same, 9), &golden("waldeland_published_patches"));
}

#[test]
fn vgg16_cut_with_its_first_layer_folded_in_both_forms() {
    check_section(&vgg16(Some("conv4_1"), Padding::Valid, 5), &golden("vgg16_conv4_1_valid_section"));
}

#[test]
fn vgg16_published_with_its_first_layer_folded() {
    check_patches(&vgg16(None, Padding::Same, 9), &golden("vgg16_published_patches"));
}

/// VGGs with their published classifier, but for the 4096 values between its layers, which would be 120 million weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NarrowVgg {
    backbone: Backbone,
    size: usize,
}

impl Description for NarrowVgg {
    const OF_PICTURES: bool = true;

    fn layers(&self) -> Result<Layers, NetworkError> {
        let mut layers = self.backbone.published(Input::Colour, self.size, 7)?;
        for layer in &mut layers.layers {
            if let Layer::Linear { inputs, outputs, .. } = layer {
                [inputs, outputs].into_iter().filter(|width| **width == 4096).for_each(|width| *width = 16);
            }
        }
        Ok(layers)
    }

    fn backbone(&self) -> Option<Backbone> {
        Some(self.backbone)
    }

    fn input(&self) -> Input {
        Input::Colour
    }

    fn seed(&self) -> u64 {
        0
    }

    fn set_origin(&mut self, _: Origin) {}
}

/// Last maps of 2 x 2 and of 9 x 9 are averaged to 7 x 7 and flattened in torchvision's order.
#[test]
fn vgg_classifiers_on_pictures() {
    for (name, backbone, size) in
        [("vgg16", Backbone::Vgg16, 64), ("vgg19", Backbone::Vgg19, 64), ("vgg16_large", Backbone::Vgg16, 288)]
    {
        let description = NarrowVgg { backbone, size };
        let arrays = arrays_by_name(&description.layers().unwrap());
        let classifier = arrays.iter().find(|array| array.name == "classifier.0.weight").unwrap();
        assert_eq!(classifier.shape, [16, 512 * 7 * 7]);
        let model = ModelOf::with_weights(description, &arrays).unwrap();
        let pictures = Array4::from_shape_vec((2, 3, size, size), uniform(3000, 2 * 3 * size * size)).unwrap() * 255.0;
        let scores = model.predictor(Device::cpu()).unwrap().patch_scores(pictures.view()).unwrap();
        assert_relatively_close(name, &scores, &golden(&format!("{name}_colour")));
    }
}

/// Each published network with its published end, on colour pictures.
#[test]
fn published_networks_on_pictures() {
    for backbone in Backbone::ALL.into_iter().filter(|backbone| !matches!(backbone, Backbone::Vgg16 | Backbone::Vgg19))
    {
        let size = match backbone {
            Backbone::InceptionV3 | Backbone::Xception | Backbone::Minerals2 => 96,
            _ => 64,
        };
        let layers = backbone.published(Input::Colour, size, 7).unwrap();
        let network = PictureNetwork::published(backbone, size, &weights_file(&layers, |_| true)).unwrap();
        let pictures = Array4::from_shape_vec((2, 3, size, size), uniform(3000, 2 * 3 * size * size)).unwrap();
        let scores = network.predictor(Device::cpu()).unwrap().patch_scores(pictures.view()).unwrap();
        assert_relatively_close(backbone, &scores, &golden(&format!("{backbone}_colour")));
    }
}

/// Networks with a new end, their first layers folded to one amplitude; the scores are those of a grey picture, unfolded.
#[test]
fn published_networks_on_amplitudes() {
    for backbone in
        [Backbone::Vgg16, Backbone::Vgg19, Backbone::Resnet18, Backbone::MobilenetV2, Backbone::Resnet50Keras]
    {
        let head = Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false };
        let top = Top { pooling: Pooling::Average, batch_norm_features: false, head };
        let architecture = Architecture::Backbone { backbone, top };
        let colour = architecture.layers_for(Input::Colour, 65, 5).unwrap();
        let body = weights_file(&colour, |name| !name.starts_with("head."));
        let model = Model::new(description(architecture, 5), Some(&body)).unwrap();
        let head = arrays_by_name(&colour).into_iter().filter(|array| array.name.starts_with("head."));
        check_patches_relatively(backbone, &with_arrays(model, head), &golden(&format!("{backbone}_patches")));
    }
}

/// U-Nets on encoders whose first layers are folded to one amplitude, on a section whose sides are no multiples.
#[test]
fn u_nets_on_sections() {
    let section = Array4::from_shape_vec((1, 1, 37, 50), uniform(4000, 37 * 50)).unwrap();
    let whole = Encoder::ALL.map(|encoder| (format!("unet_{}", encoder.backbone()), encoder, encoder.decoder(), true));
    let shallow = ("unet_vgg16_shallow".to_owned(), Encoder::Vgg16, vec![24, 12], false);
    for (name, encoder, decoder, batch_norm) in whole.into_iter().chain([shallow]) {
        let architecture = Architecture::Unet(Unet { encoder, decoder, dropout: 0.5, batch_norm });
        let colour = architecture.layers_for(Input::Colour, 65, 5).unwrap();
        let is_new = |name: &str| name.starts_with("decoder.") || name.starts_with("head.");
        let arrays = arrays_by_name(&colour);
        let weights = arrays.iter().filter(|array| !array.name.contains(".running_"));
        let parameters: usize = weights.map(|array| array.values.len()).sum();
        let counted = golden(&format!("{name}_parameters"));
        assert_eq!(parameters, counted[[0, 0]] as usize * 1000 + counted[[0, 1]] as usize, "{name}");

        let encoder_weights = weights_file(&colour, |name| !is_new(name));
        let model = Model::new(description(architecture, 5), Some(&encoder_weights)).unwrap();
        let model = with_arrays(model, arrays.into_iter().filter(|array| is_new(&array.name)));
        let scores = model.predictor(Device::cpu()).unwrap().segmentation_scores(section.view()).unwrap();
        let some = scores.slice(s![0, .., ..;9, ..;7]).permuted_axes([1, 2, 0]).as_standard_layout().into_owned();
        let rows = some.len() / 5;
        assert_relatively_close(&name, &some.into_shape_with_order((rows, 5)).unwrap(), &golden(&name));
    }
}

/// A file with the tensors of `layers` that `keeps` names, each a hash of its name.
pub(crate) fn weights_file(layers: &Layers, keeps: impl Fn(&str) -> bool) -> Pretrained {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("colour.safetensors");
    let arrays: Vec<_> = arrays_by_name(layers).into_iter().filter(|array| keeps(&array.name)).collect();
    write_arrays(&path, &arrays, "").unwrap();
    Pretrained::read(&path).unwrap()
}

fn with_arrays(model: Model, arrays: impl Iterator<Item = NamedArray>) -> Model {
    let mut weights = model.weights().unwrap();
    for array in arrays {
        let place = weights.iter().position(|other| other.name == array.name).unwrap();
        weights[place] = array;
    }
    Model::with_weights(model.description, &weights).unwrap()
}

fn check_patches_relatively(backbone: Backbone, model: &Model, expected: &Array2<f32>) {
    let patches = Array3::from_shape_vec((3, 65, 65), uniform(2000, 3 * 65 * 65)).unwrap();
    let scores = model.predictor(Device::cpu()).unwrap().patch_scores(patches.view().insert_axis(Axis(1))).unwrap();
    assert_relatively_close(backbone, &scores, expected);
}

fn assert_relatively_close(backbone: impl Display, actual: &Array2<f32>, expected: &Array2<f32>) {
    assert_eq!(actual.dim(), expected.dim(), "{backbone}");
    let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
    let difference = actual.iter().zip(expected).map(|(a, e)| (a - e).abs()).fold(0.0, f32::max);
    println!("{backbone}: {:.1e} of {largest:.3}", difference / largest);
    assert!(difference <= 1e-4 * largest, "{backbone}: {difference} of {largest}");
}

/// The weights of `check_golden_logits.py` that are hashes of their names.
pub(crate) fn arrays_by_name(layers: &Layers) -> Vec<NamedArray> {
    let mut arrays = Vec::new();
    let mut push = |name: String, shape: &[usize]| {
        let seed = name.bytes().fold(0x811C_9DC5, |seed: u32, byte| (seed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let (scale, offset) = match shape {
            [_] if name.ends_with("running_var") || name.ends_with(".weight") => (0.25, 1.0),
            [_] => (0.1, 0.0),
            [_, inputs @ ..] => ((3.0 / inputs.iter().product::<usize>() as f64).sqrt() as f32, 0.0),
            [] => unreachable!(),
        };
        let values = uniform(seed, shape.iter().product()).into_iter().map(|value| offset + scale * value).collect();
        arrays.push(NamedArray { name, shape: shape.to_vec(), values });
    };
    for layer in layers.leaves() {
        match layer {
            Layer::Convolution(convolution) => {
                push(format!("{}.weight", convolution.name), &convolution.weight_shape());
                if convolution.bias {
                    push(format!("{}.bias", convolution.name), &[convolution.outputs]);
                }
            }
            Layer::Linear { name, inputs, outputs } => {
                push(format!("{name}.weight"), &[*outputs, *inputs]);
                push(format!("{name}.bias"), &[*outputs]);
            }
            Layer::BatchNorm { name, features, .. } => {
                for part in ["weight", "bias", "running_mean", "running_var"] {
                    push(format!("{name}.{part}"), &[*features]);
                }
            }
            _ => {}
        }
    }
    arrays
}

/// All voxels of a 9 x 7 section, borders included, in patch and in dense form.
fn check_section(model: &Model, expected: &Array2<f32>) {
    let predictor = model.predictor(Device::cpu()).unwrap();
    let section = Array2::from_shape_vec((9, 7), uniform(1000, 63)).unwrap();
    let mut padded = Array2::zeros((9 + 64, 7 + 64));
    padded.slice_mut(s![32..41, 32..39]).assign(&section);

    let voxels = (0..9).flat_map(|i| (0..7).map(move |j| (i, j)));
    let patches: Vec<_> = voxels.map(|(i, j)| padded.slice(s![i..i + 65, j..j + 65])).collect();
    let patches = ndarray::stack(Axis(0), &patches).unwrap();
    assert_close(&predictor.patch_scores(patches.view().insert_axis(Axis(1))).unwrap(), expected);

    let r = predictor.receptive_field().unwrap();
    let start = 32 - r / 2;
    let window = padded.slice(s![start..start + 9 + r - 1, start..start + 7 + r - 1]).insert_axis(Axis(0));
    let scores = predictor.dense_scores(window.insert_axis(Axis(1))).unwrap();
    let rows = scores.index_axis(Axis(0), 0).permuted_axes([1, 2, 0]).as_standard_layout().into_owned();
    assert_close(&rows.into_shape_with_order((63, 5)).unwrap(), expected);
}

fn check_patches(model: &Model, expected: &Array2<f32>) {
    let predictor: Predictor = model.predictor(Device::cpu()).unwrap();
    let patches = Array3::from_shape_vec((3, 65, 65), uniform(2000, 3 * 65 * 65)).unwrap();
    assert_close(&predictor.patch_scores(patches.view().insert_axis(Axis(1))).unwrap(), expected);
}

fn assert_close(actual: &Array2<f32>, expected: &Array2<f32>) {
    assert_eq!(actual.dim(), expected.dim());
    let difference = actual.iter().zip(expected).map(|(a, e)| (a - e).abs()).fold(0.0, f32::max);
    assert!(difference < TOLERANCE, "largest difference {difference}");
}

fn waldeland(padding: Padding, classes: usize) -> Model {
    let description = description(Architecture::Waldeland { padding }, classes);
    let arrays = hashed_arrays(&description.layers().unwrap());
    Model::with_weights(description, &arrays).unwrap()
}

/// The convolutions enter as a colour network's weights file, the head directly.
fn vgg16(cut: Option<&str>, padding: Padding, classes: usize) -> Model {
    let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
    let description = description(Architecture::Vgg16 { cut: cut.map(str::to_owned), padding, head }, classes);
    let mut layers = description.layers().unwrap();
    if let Layer::Convolution(convolution) = &mut layers.layers[0] {
        convolution.inputs = 3;
    }
    let arrays = hashed_arrays(&layers);
    let (convolutions, head): (Vec<_>, Vec<_>) =
        arrays.into_iter().partition(|array| array.name.starts_with("features."));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("colour.safetensors");
    write_arrays(&path, &convolutions, "").unwrap();
    let model = Model::new(description, Some(&Pretrained::read(&path).unwrap())).unwrap();
    with_arrays(model, head.into_iter())
}

fn description(architecture: Architecture, classes: usize) -> ModelDescription {
    ModelDescription {
        version: ModelDescription::VERSION,
        architecture,
        patch: 65,
        planes: vec![Plane::Inline],
        classes: ClassTable::from_names((0..classes).map(|code| format!("class {code}"))).unwrap(),
        amplitude: AmplitudeScaling::new(-1.0, 1.0).unwrap(),
        further_channels: Vec::new(),
        domain: Domain::Time,
        sample_step: 4.0,
        pretrained: None,
        seed: 0,
        temperature: None,
    }
}

/// The weights of `check_golden_logits.py`, in the order of the layers.
fn hashed_arrays(layers: &Layers) -> Vec<NamedArray> {
    let mut arrays = Vec::new();
    let mut push = |name: String, shape: Vec<usize>, scale: f32, offset: f32| {
        let count = shape.iter().product();
        let values = uniform(arrays.len() as u32 + 1, count).into_iter().map(|value| offset + scale * value).collect();
        arrays.push(NamedArray { name, shape, values });
    };
    let spread = |fan_in: usize| (3.0 / fan_in as f64).sqrt() as f32;
    for layer in &layers.layers {
        match layer {
            Layer::Convolution(convolution) => {
                let Convolution { name, outputs, .. } = convolution;
                let shape = convolution.weight_shape().to_vec();
                push(format!("{name}.weight"), shape, spread(convolution.fan_in()), 0.0);
                push(format!("{name}.bias"), vec![*outputs], 0.1, 0.0);
            }
            Layer::Linear { name, inputs, outputs } => {
                push(format!("{name}.weight"), vec![*outputs, *inputs], spread(*inputs), 0.0);
                push(format!("{name}.bias"), vec![*outputs], 0.1, 0.0);
            }
            Layer::BatchNorm { name, features, .. } => {
                push(format!("{name}.weight"), vec![*features], 0.25, 1.0);
                push(format!("{name}.bias"), vec![*features], 0.1, 0.0);
                push(format!("{name}.running_mean"), vec![*features], 0.1, 0.0);
                push(format!("{name}.running_var"), vec![*features], 0.25, 1.0);
            }
            _ => {}
        }
    }
    arrays
}

/// `count` values in [-1, 1), a hash of seed and place.
pub(crate) fn uniform(seed: u32, count: usize) -> Vec<f32> {
    let value = |place: usize| {
        let mut x = (place as u32).wrapping_add(seed.wrapping_mul(0x9E37_79B1));
        for (shift, factor) in [(16, 0x7FEB_352D), (15, 0x846C_A68B)] {
            x = (x ^ (x >> shift)).wrapping_mul(factor);
        }
        x ^= x >> 16;
        (f64::from(x) / f64::from(1u32 << 31) - 1.0) as f32
    };
    (0..count).map(value).collect()
}

fn golden(name: &str) -> Array2<f32> {
    let text = include_str!("../fixtures/golden_logits.json");
    let mut values: BTreeMap<String, Vec<Vec<f32>>> = serde_json::from_str(text).unwrap();
    let rows = values.remove(name).unwrap();
    let columns = rows[0].len();
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
}
