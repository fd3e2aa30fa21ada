//! What a network looked at: class activation maps weighted by gradients, and the maps of its layers.

use ndarray::{Array2, Array3, ArrayView3, Axis, s};
use tch::{Kind, Tensor};

use super::array::{shape, tensor_from_array, values};
use super::convolution::pooled;
use super::layer::leaves;
use super::sequential::{Form, Sequential, cut_to, doubled, joined};
use super::volume_convolution::{convolve_volumes, into_volumes};
use super::{Device, Layer, NetworkError, Precision, Segmentation, VolumeConvolution};

/// Smallest side of a map that tells where something is.
const LEAST_SIDE: i64 = 3;

/// Explains what a network with fixed weights says of one input.
#[derive(Debug)]
pub struct Explainer {
    network: Sequential,
    device: Device,
}

/// Where in its input a network found what speaks for a class (Grad-CAM: R. R. Selvaraju et al., "Grad-CAM: visual
/// explanations from deep networks via gradient-based localization", 2017).
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The layer whose map was taken.
    pub layer: String,
    /// The class that is explained.
    pub class: usize,
    /// Probability of every class.
    pub probabilities: Vec<f32>,
    /// Class scores before the softmax.
    pub scores: Vec<f32>,
    /// The map `[row, column]` at the layer's resolution: channels weighted by the mean gradient of the class's score, summed, what
    /// speaks against the class cut off.
    pub map: Array2<f32>,
    /// The same, straight lines between its values, over the input `[row, column]`; 0 where the network does not look.
    pub heat: Array2<f32>,
}

/// Which layer.
enum Target<'a> {
    /// By the name of its weights.
    Name(&'a str),
    /// By its place in the outermost list.
    Place(usize),
    /// The smallest of a network that segments: what is enlarged first.
    Smallest,
}

/// The map that is looked for.
struct Watch<'a> {
    target: Target<'a>,
    found: Option<Tensor>,
}

impl Explainer {
    /// `network` must lie on `device`.
    pub(super) fn new(network: Sequential, device: Device) -> Self {
        Self { network, device }
    }

    /// Names of the layers that give maps, from input to scores.
    pub fn layers(&self) -> Vec<String> {
        self.network.layers.leaves().into_iter().filter(gives_map).filter_map(Layer::name).map(str::to_owned).collect()
    }

    /// Where `input` `[channel, row, column]`, a patch or a normalised picture, speaks for `class`, by default the most probable
    /// one. The map is that of `layer`, with the batch normalisation and rectifier right behind it; by default of the last
    /// convolution, or block of convolutions, that still tells places apart.
    ///
    /// # Errors
    /// When the network has no such layer or class, the input another shape, or memory runs out.
    pub fn grad_cam(
        &self,
        input: ArrayView3<'_, f32>,
        class: Option<usize>,
        layer: Option<&str>,
    ) -> Result<Explanation, NetworkError> {
        if self.network.layers.segmentation().is_some() {
            return Err(NetworkError::NoPatchForm);
        }
        self.explanation(input, None, class, layer)
    }

    /// The same for one voxel `[row, column]` of an input of any size, by a network that segments (the voxel's own form of
    /// K. Vinogradova et al., "Towards interpretable semantic segmentation via gradient-weighted class activation mapping",
    /// 2020). The map is by default the smallest, at the end of the contracting path.
    ///
    /// # Errors
    /// As [`Explainer::grad_cam`], and when the network does not segment or the voxel lies beyond the input.
    pub fn grad_cam_at(
        &self,
        input: ArrayView3<'_, f32>,
        voxel: [usize; 2],
        class: Option<usize>,
        layer: Option<&str>,
    ) -> Result<Explanation, NetworkError> {
        let shape = [input.dim().1, input.dim().2];
        if self.network.layers.segmentation().is_none() {
            return Err(NetworkError::NoDenseForm);
        }
        if voxel[0] >= shape[0] || voxel[1] >= shape[1] {
            let (what, expected) = ("a voxel to explain".into(), format!("a place in {shape:?}"));
            return Err(NetworkError::Shape { what, actual: voxel.to_vec(), expected });
        }
        self.explanation(input, Some(voxel), class, layer)
    }

    fn explanation(
        &self,
        input: ArrayView3<'_, f32>,
        voxel: Option<[usize; 2]>,
        class: Option<usize>,
        layer: Option<&str>,
    ) -> Result<Explanation, NetworkError> {
        let input_shape = [input.dim().1, input.dim().2];
        let input = self.placed(input)?;
        let (name, target) = self.target(&input, layer)?;
        let (features, scores) = self.forward(&input, target, voxel)?;
        let all_scores = values(&scores)?;
        let class = match class {
            Some(class) if class >= all_scores.len() => {
                return Err(NetworkError::Shape {
                    what: format!("class {class}"),
                    actual: vec![class],
                    expected: format!("less than the {} classes of the network", all_scores.len()),
                });
            }
            Some(class) => class,
            None => (1..all_scores.len())
                .fold(0, |best, other| if all_scores[other] > all_scores[best] { other } else { best }),
        };
        let gradient =
            Tensor::f_run_backward(&[scores.f_select(1, class as i64)?], &[&features], false, false)?.remove(0);
        tch::no_grad(|| {
            let places: Vec<i64> = (2..features.dim() as i64).collect();
            let importance = gradient.f_mean_dim(&places[..], true, Kind::Float)?;
            let mut map = features.f_mul(&importance)?.f_sum_dim_intlist(1, true, Kind::Float)?.f_relu()?;
            if map.dim() == 5 {
                // Neighbouring sections, averaged.
                map = map.f_mean_dim(2, false, Kind::Float)?;
            }
            let (start, side) = self.window(input_shape);
            let heat = map.f_upsample_bilinear2d(side.map(|side| side as i64), false, None, None)?;
            let mut whole = Array2::zeros(input_shape);
            // Less of it where the input was filled up.
            let kept = [0, 1].map(|axis| side[axis].min(input_shape[axis] - start[axis]));
            let inside = s![start[0]..start[0] + kept[0], start[1]..start[1] + kept[1]];
            whole.slice_mut(inside).assign(&plane(&heat)?.slice(s![..kept[0], ..kept[1]]));
            let probabilities = values(&scores.f_softmax(1, Kind::Float)?)?;
            Ok(Explanation { layer: name, class, probabilities, scores: all_scores, map: plane(&map)?, heat: whole })
        })
    }

    /// The maps `[channel, row, column]` that `layer` makes of an input, as [`Explainer::grad_cam`] takes them, or of any size by
    /// a network that segments; and its name.
    ///
    /// # Errors
    /// As [`Explainer::grad_cam`].
    pub fn feature_maps(
        &self,
        input: ArrayView3<'_, f32>,
        layer: Option<&str>,
    ) -> Result<(String, Array3<f32>), NetworkError> {
        let input = self.placed(input)?;
        let (name, target) = self.target(&input, layer)?;
        let (features, _) = tch::no_grad(|| self.forward(&input, target, None))?;
        let features = if features.dim() == 5 { features.f_flatten(1, 2)? } else { features };
        let shape = shape(&features);
        let maps = Array3::from_shape_vec((shape[1], shape[2], shape[3]), values(&features)?);
        Ok((name, maps.expect("as many values as the tensor's shape says")))
    }

    fn placed(&self, input: ArrayView3<'_, f32>) -> Result<Tensor, NetworkError> {
        let layers = &self.network.layers;
        let expected = match layers.segmentation() {
            Some(_) => [layers.channels(), input.dim().1.max(1), input.dim().2.max(1)],
            None => [layers.channels(), layers.patch, layers.patch],
        };
        if input.shape() != expected {
            let (what, actual) = ("an input to explain".into(), input.shape().to_vec());
            return Err(NetworkError::Shape { what, actual, expected: format!("{expected:?}") });
        }
        Ok(tensor_from_array(input.insert_axis(Axis(0)))?.f_to_device(self.device.0)?)
    }

    /// First place and length, of rows and columns, of what the network looks at.
    fn window(&self, input: [usize; 2]) -> ([usize; 2], [usize; 2]) {
        let layers = &self.network.layers;
        match (layers.receptive_field(), layers.segmentation()) {
            (Some(window), _) => ([layers.patch / 2 - window / 2; 2], [window; 2]),
            (None, Some(Segmentation { multiple, .. })) => ([0; 2], input.map(|side| side.next_multiple_of(multiple))),
            (None, None) => ([0; 2], input),
        }
    }

    /// The layer that is meant, and its name.
    fn target<'n>(&self, input: &Tensor, layer: Option<&'n str>) -> Result<(String, Target<'n>), NetworkError> {
        if let Some(name) = layer {
            if self.layers().iter().any(|known| known == name) {
                return Ok((name.to_owned(), Target::Name(name)));
            }
            return Err(NetworkError::UnknownLayer { name: name.to_owned(), known: self.layers().join(", ") });
        }
        if self.network.layers.segmentation().is_some() {
            let leaves = self.network.layers.leaves();
            let contracting = leaves.split(|leaf| **leaf == Layer::Upsample).next().unwrap_or(&leaves);
            let last = contracting.iter().copied().rfind(is_convolution).and_then(Layer::name).unwrap_or("the input");
            return Ok((format!("{last} (the smallest map)"), Target::Smallest));
        }
        let layers = &self.network.layers.layers;
        for (place, layer) in layers.iter().enumerate().rev() {
            let Some(last) = leaves(std::slice::from_ref(layer)).into_iter().rfind(is_convolution) else {
                continue;
            };
            let (features, _) = tch::no_grad(|| self.forward(input, Target::Place(place), None))?;
            if features.dim() > 3 && features.size()[features.dim() - 2..].iter().all(|&side| side >= LEAST_SIDE) {
                let name = last.name().unwrap_or_default();
                let block = if matches!(layer, Layer::Branches { .. }) { "block of " } else { "" };
                return Ok((format!("{block}{name}"), Target::Place(place)));
            }
        }
        Err(NetworkError::UnknownLayer { name: "the last convolution".into(), known: self.layers().join(", ") })
    }

    /// The map of a layer, from which a graph leads to the scores `[1, K]`, where the network segments those of `voxel`.
    fn forward(
        &self,
        input: &Tensor,
        target: Target<'_>,
        voxel: Option<[usize; 2]>,
    ) -> Result<(Tensor, Tensor), NetworkError> {
        let mut watch = Watch { target, found: None };
        let form = if self.network.layers.segmentation().is_some() { Form::Native } else { Form::Patch };
        let narrowed = self.network.narrowed(input, form)?;
        let scores = self.run(narrowed, &self.network.layers.layers, &mut watch, true)?;
        let scores = match voxel {
            Some([row, column]) => cut_to(&scores, input)?.f_select(3, column as i64)?.f_select(2, row as i64)?,
            None if scores.dim() > 2 => scores.f_flatten(1, -1)?,
            None => scores,
        };
        let found = watch.found.ok_or_else(|| NetworkError::Torch { message: "the layer was not passed".into() })?;
        Ok((found, scores))
    }

    fn run(
        &self,
        mut values: Tensor,
        layers: &[Layer],
        watch: &mut Watch<'_>,
        outermost: bool,
    ) -> Result<Tensor, NetworkError> {
        let mut waits = false;
        for (place, layer) in layers.iter().enumerate() {
            let follows = matches!(layer, Layer::BatchNorm { .. } | Layer::Relu | Layer::Relu6 | Layer::Dropout(_));
            let is_smallest = *layer == Layer::Upsample && matches!(watch.target, Target::Smallest);
            if waits && !follows || is_smallest && watch.found.is_none() {
                values = watch.take(&values)?;
                waits = false;
            }
            values = match layer {
                Layer::Branches { branches, join } => {
                    let mut ends = Vec::with_capacity(branches.len());
                    for branch in branches {
                        ends.push(self.run(values.shallow_clone(), branch, watch, false)?);
                    }
                    joined(&ends, *join)?
                }
                // What comes before the map is not asked for gradients.
                layer if watch.found.is_none() => tch::no_grad(|| self.applied(layer, values))?,
                layer => self.applied(layer, values)?,
            };
            waits |= match watch.target {
                Target::Name(name) => layer.name() == Some(name),
                Target::Place(wanted) => outermost && place == wanted,
                Target::Smallest => false,
            };
        }
        if waits { watch.take(&values) } else { Ok(values) }
    }

    /// What one layer without branches makes of `values`.
    fn applied(&self, layer: &Layer, values: Tensor) -> Result<Tensor, NetworkError> {
        let network = &self.network;
        let part = |name: &str, part: &str| network.parameters.tensor(&format!("{name}.{part}"));
        Ok(match layer {
            Layer::Convolution(convolution) => network.convolution(&values, convolution, Form::Patch, 1)?,
            Layer::IntoVolumes { depth } => into_volumes(&values, *depth)?,
            Layer::VolumeConvolution(VolumeConvolution { name, stride, .. }) => {
                convolve_volumes(&values, part(name, "weight")?, part(name, "bias")?, *stride, Precision::Float32)?
            }
            Layer::BatchNorm { name, epsilon, .. } => {
                let (weight, bias) = (Some(part(name, "weight")?), Some(part(name, "bias")?));
                let (mean, variance) = (Some(part(name, "running_mean")?), Some(part(name, "running_var")?));
                values.f_batch_norm(weight, bias, mean, variance, false, 0.0, *epsilon, true)?
            }
            Layer::Relu => values.f_relu()?,
            Layer::Relu6 => values.f_relu6()?,
            Layer::Dropout(_) => values,
            Layer::MaxPool => values.f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)?,
            Layer::Pool(pool) => pooled(&values, pool, network.layers.padding)?,
            Layer::Upsample => doubled(&values)?,
            Layer::AveragePoolTo(side) => values.f_adaptive_avg_pool2d([*side as i64; 2])?,
            Layer::Flatten => values.f_flatten(1, -1)?,
            Layer::Linear { name, .. } => network.linear(&values, name)?,
            Layer::Branches { .. } => unreachable!("branches are gone through one by one"),
        })
    }
}

impl Watch<'_> {
    /// Keeps a map and gives it back as the beginning of a graph.
    fn take(&mut self, values: &Tensor) -> Result<Tensor, NetworkError> {
        let start = values.f_detach()?.f_set_requires_grad(true)?;
        self.found = Some(start.shallow_clone());
        Ok(start)
    }
}

fn is_convolution(leaf: &&Layer) -> bool {
    matches!(leaf, Layer::Convolution(_) | Layer::VolumeConvolution(_))
}

fn gives_map(leaf: &&Layer) -> bool {
    is_convolution(leaf) || matches!(leaf, Layer::BatchNorm { .. })
}

/// `[1, 1, rows, columns]` as an array.
fn plane(tensor: &Tensor) -> Result<Array2<f32>, NetworkError> {
    let shape = shape(tensor);
    let plane = Array2::from_shape_vec((shape[shape.len() - 2], shape[shape.len() - 1]), values(tensor)?);
    Ok(plane.expect("as many values as the tensor's shape says"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::parameters::Parameters;
    use super::super::{Architecture, Backbone, Convolution, Head, Join, Layers, NamedArray, Padding, Pooling, Top};
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        layer: String,
        class: usize,
        scores: Vec<f32>,
        map: Vec<f32>,
        heat: Vec<f32>,
    }

    impl Golden {
        fn is_near(&self, found: &Explanation) {
            let near = |a: &[f32], b: &[f32]| {
                let largest = b.iter().fold(0.0f32, |largest, b| largest.max(b.abs()));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * largest)
            };
            let (layer, class) = (&self.layer, self.class);
            assert!(near(&found.scores, &self.scores), "{layer} {class}: {:?}", found.scores);
            assert!(near(found.map.as_slice().unwrap(), &self.map), "{layer} {class}: {}", found.map);
            assert!(near(found.heat.as_slice().unwrap(), &self.heat), "{layer} {class}: {}", found.heat);
        }
    }

    /// The weights of `tests/peers/grad_cam_against_torch.py`.
    fn seeded(name: &str, shape: &[usize], seed: usize) -> [NamedArray; 2] {
        let count: usize = shape.iter().product();
        let root = ((count / shape[0]) as f64).sqrt();
        let weights = (0..count)
            .map(|k| (((k * 7919 + seed * 101) % 1009) as f64 / 504.5 - 1.0) * 2.0 / root)
            .map(|w| w as f32)
            .collect();
        let bias = (0..shape[0]).map(|k| (0.1 * ((k + seed) as f64).cos()) as f32).collect();
        let array = |part: &str, shape: &[usize], values| NamedArray {
            name: format!("{name}.{part}"),
            shape: shape.to_vec(),
            values,
        };
        [array("weight", shape, weights), array("bias", &shape[..1], bias)]
    }

    fn explainer() -> Explainer {
        let layers = vec![
            Layer::Convolution(Convolution::square("a", 1, 4, 3)),
            Layer::Relu,
            Layer::Branches {
                branches: vec![
                    vec![Layer::Convolution(Convolution::square("b", 4, 4, 3).with_padding(1)), Layer::Relu],
                    Vec::new(),
                ],
                join: Join::Add,
            },
            Layer::MaxPool,
            Layer::Convolution(Convolution::square("c", 4, 6, 3)),
            Layer::Relu,
            Layer::Flatten,
            Layer::Dropout(0.5),
            Layer::Linear { name: "d".into(), inputs: 96, outputs: 3 },
        ];
        let arrays = [
            seeded("a", &[4, 1, 3, 3], 1),
            seeded("b", &[4, 4, 3, 3], 2),
            seeded("c", &[6, 4, 3, 3], 3),
            seeded("d", &[3, 96], 4),
        ];
        let parameters = Parameters::from_arrays(&layers, &arrays.concat()).unwrap();
        Explainer::new(
            Sequential::new(Layers { layers, padding: Padding::Valid, patch: 14 }, parameters),
            Device::cpu(),
        )
    }

    fn input() -> Array3<f32> {
        Array3::from_shape_fn((1, 14, 14), |(_, row, column)| {
            let (row, column) = (row as f64, column as f64);
            (0.5 * row + 0.11 * row * column).sin() as f32
        })
    }

    #[test]
    fn maps_are_those_of_pytorch_for_every_layer_and_class() {
        let golden: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/fixtures/grad_cam_torch.json")).unwrap();
        let explainer = explainer();
        assert_eq!(explainer.layers(), ["a", "b", "c"]);
        for expected in &golden {
            let found = explainer.grad_cam(input().view(), Some(expected.class), Some(&expected.layer)).unwrap();
            expected.is_near(&found);
        }
        let most = |scores: &[f32]| (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
        let default = explainer.grad_cam(input().view(), None, None).unwrap();
        assert_eq!((default.layer.as_str(), default.class), ("c", most(&golden[0].scores)));
        let (layer, maps) = explainer.feature_maps(input().view(), Some("b")).unwrap();
        assert_eq!((layer.as_str(), maps.dim()), ("b", (4, 12, 12)));
        assert!(maps.iter().all(|&value| value >= 0.0) && maps.iter().any(|&value| value > 0.0));
    }

    /// Two resolutions, what was on the larger joined behind what comes back from the smaller.
    fn unet() -> Explainer {
        let convolution = |name: &str, inputs, outputs| {
            Layer::Convolution(Convolution::square(name, inputs, outputs, 3).with_padding(1))
        };
        let path = vec![Layer::MaxPool, convolution("b", 4, 6), Layer::Relu, Layer::Dropout(0.5), Layer::Upsample];
        let layers = vec![
            convolution("a", 1, 4),
            Layer::Relu,
            Layer::Branches { branches: vec![path, Vec::new()], join: Join::Concatenate },
            convolution("c", 10, 5),
            Layer::Relu,
            convolution("d", 5, 3),
        ];
        let arrays = [
            seeded("a", &[4, 1, 3, 3], 1),
            seeded("b", &[6, 4, 3, 3], 2),
            seeded("c", &[5, 10, 3, 3], 3),
            seeded("d", &[3, 5, 3, 3], 4),
        ];
        let parameters = Parameters::from_arrays(&layers, &arrays.concat()).unwrap();
        Explainer::new(Sequential::new(Layers { layers, padding: Padding::Same, patch: 65 }, parameters), Device::cpu())
    }

    #[test]
    fn a_voxel_of_a_network_that_segments_is_explained_as_by_pytorch() {
        let golden: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/fixtures/grad_cam_unet_torch.json")).unwrap();
        // A side that is no multiple of two.
        let (classifier, explainer, square) = (explainer(), unet(), input());
        let input = square.slice(s![.., ..13, ..]);
        for expected in &golden {
            let (class, layer) = (Some(expected.class), Some(expected.layer.as_str()));
            let found = explainer.grad_cam_at(input, [5, 9], class, layer).unwrap();
            expected.is_near(&found);
            if expected.layer == "b" {
                let default = explainer.grad_cam_at(input, [5, 9], class, None).unwrap();
                assert_eq!(default, Explanation { layer: "b (the smallest map)".into(), ..found });
            }
        }
        let (layer, maps) = explainer.feature_maps(input, None).unwrap();
        assert_eq!((layer.as_str(), maps.dim()), ("b (the smallest map)", (6, 7, 7)));
        assert!(matches!(explainer.grad_cam(input, None, None), Err(NetworkError::NoPatchForm)));
        assert!(explainer.grad_cam_at(input, [13, 9], None, None).is_err());
        assert!(explainer.grad_cam_at(input.slice(s![.., ..0, ..]), [0, 9], None, None).is_err());
        assert!(matches!(classifier.grad_cam_at(square.view(), [5, 9], None, None), Err(NetworkError::NoDenseForm)));
    }

    #[test]
    fn wrong_layers_classes_and_shapes_are_refused_by_name() {
        let explainer = explainer();
        let error = explainer.grad_cam(input().view(), None, Some("e")).unwrap_err().to_string();
        assert!(error.contains("`e`") && error.contains("a, b, c"), "{error}");
        assert!(explainer.grad_cam(input().view(), Some(3), None).is_err());
        assert!(explainer.grad_cam(Array3::zeros((1, 13, 14)).view(), None, None).is_err());
    }

    #[test]
    fn networks_of_every_build_are_explained_where_they_look() {
        let head = Head { hidden: vec![8], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        let top = Top { pooling: Pooling::Average, batch_norm_features: false, head: head.clone() };
        let vgg = Architecture::Vgg16 { cut: Some("conv3_1".into()), padding: Padding::Valid, head };
        for architecture in [
            Architecture::Waldeland { padding: Padding::Valid },
            Architecture::Waldeland { padding: Padding::Same },
            vgg,
            Architecture::Backbone { backbone: Backbone::Resnet18, top },
        ] {
            let layers = architecture.layers(65, 3).unwrap();
            let field = layers.receptive_field();
            let explainer = Explainer::new(Sequential::fresh(layers, 5).unwrap(), Device::cpu());
            let input = Array3::from_shape_fn((1, 65, 65), |(_, row, column)| ((row * 3 + column) as f32 * 0.4).sin());
            let classes = (0..3).map(|class| explainer.grad_cam(input.view(), Some(class), None).unwrap());
            let explanations: Vec<_> = classes.collect();
            assert!(explanations.iter().any(|explanation| explanation.heat.iter().any(|&heat| heat > 0.0)));
            for Explanation { map, heat, probabilities, .. } in &explanations {
                assert!(map.nrows() >= 3 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                // Nothing outside the window that a valid network sees.
                let outside = |place: usize| {
                    field.is_some_and(|field| !(32 - field / 2..32 - field / 2 + field).contains(&place))
                };
                assert!(
                    heat.indexed_iter().all(|((row, column), &heat)| heat == 0.0 || !(outside(row) || outside(column)))
                );
            }
        }
    }
}
