//! Networks that classify pictures, and their features before the end.

use ndarray::ArrayView4;
use serde::{Deserialize, Serialize};

use super::array::tensor_from_array;
use super::extent::Extent;
use super::layers::body_end;
use super::model_file::{Description, ModelOf, Origin};
use super::sequential::Sequential;
use super::{
    Architecture, Backbone, Device, Freeze, Input, Layer, Layers, NamedArray, NetworkError, Normalization, Padding,
    Precision, Predictor, Top,
};
use crate::dataset::pictures::{Fit, MOST_SIDE};

/// All that a model of pictures is besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureDescription {
    /// Version of this description.
    pub version: u32,
    /// The network before its end.
    pub backbone: Backbone,
    /// Its end.
    pub top: Top,
    /// What it looks at.
    pub pictures: PictureInput,
    /// Names of the classes, in code order.
    pub classes: Vec<String>,
    /// The pretrained weights it started from.
    pub pretrained: Option<Origin>,
    /// Seed of fresh weights and of training.
    pub seed: u64,
}

/// What a network of pictures looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureInput {
    /// Rows and columns.
    pub side: usize,
    /// What becomes of another proportion.
    pub fit: Fit,
    /// How colours of 0 to 1 become its input.
    pub normalization: Normalization,
}

impl PictureDescription {
    /// The version that this library writes.
    pub const VERSION: u32 = 1;

    /// Values of each picture before the end.
    ///
    /// # Errors
    /// When nothing is left of such a picture, or it is too large.
    pub fn feature_count(&self) -> Result<usize, NetworkError> {
        let Layers { layers, padding, .. } = self.layers()?;
        let side = self.pictures.side;
        let picture = Extent { channels: 3, depth: 1, rows: side, columns: side };
        let features = picture.after_all(&layers[..features_end(&layers)], padding);
        Ok(features.map_or(0, |extent| extent.values()))
    }

    /// Looks whether the network has as much as shall be frozen.
    ///
    /// # Errors
    /// As [`Freeze::check`].
    pub fn check_freeze(&self, freeze: Option<&Freeze>) -> Result<(), NetworkError> {
        freeze.map_or(Ok(()), |freeze| freeze.check(&self.layers()?.layers))
    }

    fn architecture(&self) -> Architecture {
        Architecture::Backbone { backbone: self.backbone, top: self.top.clone() }
    }
}

impl Description for PictureDescription {
    const OF_PICTURES: bool = true;

    fn layers(&self) -> Result<Layers, NetworkError> {
        let side = self.pictures.side;
        if side > MOST_SIDE {
            let (what, expected) =
                ("what the network sees".to_owned(), format!("at most {MOST_SIDE} pixels on each side"));
            return Err(NetworkError::Shape { what, actual: vec![side, side], expected });
        }
        self.architecture().layers_for(Input::Colour, self.pictures.side, self.classes.len())
    }

    fn backbone(&self) -> Option<Backbone> {
        Some(self.backbone)
    }

    fn input(&self) -> Input {
        Input::Colour
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn set_origin(&mut self, origin: Origin) {
        self.pictures.normalization = origin.normalization.unwrap_or(self.pictures.normalization);
        self.pretrained = Some(origin);
    }
}

/// A network that classifies pictures.
pub type PictureModel = ModelOf<PictureDescription>;

impl PictureModel {
    /// The network up to its features, which come out as its "class scores", `[n, feature]`.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn features(&self, device: Device) -> Result<Predictor, NetworkError> {
        let mut network = self.before_end();
        network.move_to(device.0)?;
        Predictor::new(&network, device, Precision::Float32)
    }

    /// The same with the statistics of every batch normalisation before the end measured on `pictures` `[n, color, row, column]`.
    /// Fresh weights need it: with the statistics that they begin with, hardly anything of a picture is left behind many layers.
    ///
    /// # Errors
    /// When the pictures have another size, or memory runs out.
    pub fn with_measured_statistics(self, pictures: ArrayView4<'_, f32>) -> Result<Self, NetworkError> {
        // One batch counts whole: what each layer passes on is normalised by what it measured.
        let mut network = Sequential { momentum: 1.0, ..self.before_end() };
        network.parameters.thaw();
        let pictures = tensor_from_array(pictures)?;
        // In one order of sums, so that a seed gives the same weights whatever the number of threads.
        let threads = tch::get_num_threads();
        tch::set_num_threads(1);
        let measured = network.measure(&pictures);
        tch::set_num_threads(threads);
        measured.map(|()| self)
    }

    /// The layers before the end, with the model's own weights.
    fn before_end(&self) -> Sequential {
        let Sequential { layers, parameters, .. } = self.network();
        let end = features_end(&layers.layers);
        let layers = Layers { layers: layers.layers[..end].to_vec(), ..layers.clone() };
        Sequential::new(layers, parameters.shared())
    }

    /// Weights before the end.
    ///
    /// # Errors
    /// When libtorch cannot copy them.
    pub fn backbone_weights(&self) -> Result<Vec<NamedArray>, NetworkError> {
        let mut weights = self.weights()?;
        weights.retain(|array| !array.name.starts_with("head."));
        Ok(weights)
    }
}

/// The end of a network of pictures by itself: a network that sees features, `[n, 1, 1, feature]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadDescription {
    /// Values of each picture.
    pub features: usize,
    /// The end.
    pub top: Top,
    /// Number of classes.
    pub classes: usize,
    /// Seed of fresh weights and of training.
    pub seed: u64,
}

/// The end of a network of pictures by itself.
pub type HeadModel = ModelOf<HeadDescription>;

impl Description for HeadDescription {
    const OF_PICTURES: bool = true;

    fn layers(&self) -> Result<Layers, NetworkError> {
        Ok(Layers {
            layers: self.top.layers_of_features(self.features, self.classes),
            padding: Padding::Same,
            patch: 1,
        })
    }

    fn backbone(&self) -> Option<Backbone> {
        None
    }

    fn input(&self) -> Input {
        Input::Amplitude(1)
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn set_origin(&mut self, _: Origin) {}
}

/// Where features are one row of values: behind the first layer that flattens.
fn features_end(layers: &[Layer]) -> usize {
    let flatten = layers.iter().position(|layer| matches!(layer, Layer::Flatten));
    flatten.map_or_else(|| body_end(layers), |place| place + 1)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, s};

    use super::super::{Head, Pooling};
    use super::*;

    fn description(pooling: Pooling, batch_norm_features: bool) -> PictureDescription {
        let head = Head { hidden: vec![5], dropout: 0.5, batch_norm: true, batch_norm_scores: false };
        PictureDescription {
            version: PictureDescription::VERSION,
            backbone: Backbone::MobilenetV2,
            top: Top { pooling, batch_norm_features, head },
            pictures: PictureInput { side: 64, fit: Fit::Stretch, normalization: Normalization::ImageNet },
            classes: ["a", "b", "c"].map(str::to_owned).into(),
            pretrained: None,
            seed: 7,
        }
    }

    #[test]
    fn features_and_the_end_are_the_whole_network() {
        for (pooling, norm) in [(Pooling::Average, false), (Pooling::Flatten, true)] {
            let description = description(pooling, norm);
            let pictures = Array4::from_shape_fn((3, 3, 64, 64), |(n, c, y, x)| ((n + 2 * c + y * x) as f32).sin());
            let model = PictureModel::new(description.clone(), None).unwrap();
            let model = model.with_measured_statistics(pictures.view()).unwrap();
            let features = model.features(Device::cpu()).unwrap().patch_scores(pictures.view()).unwrap();
            let count = features.ncols();
            assert_eq!(count, if pooling == Pooling::Average { 1280 } else { 1280 * 4 });
            let head = HeadDescription { features: count, top: description.top.clone(), classes: 3, seed: 1 };
            let weights = model.weights().unwrap();
            let head = HeadModel::with_weights(head, &weights).unwrap().predictor(Device::cpu()).unwrap();
            let features = features.to_shape((3, 1, 1, count)).unwrap();
            let by_parts = head.patch_scores(features.view()).unwrap();
            let whole = model.predictor(Device::cpu()).unwrap().patch_scores(pictures.view()).unwrap();
            assert!((&by_parts - &whole).iter().all(|difference| difference.abs() < 1e-5), "{by_parts} {whole}");
            let apart = (&whole.slice(s![0, ..]) - &whole.slice(s![1, ..])).mapv(f32::abs).sum();
            assert!(apart > 0.01, "fresh weights see no difference: {whole}");
        }
    }

    #[test]
    fn models_of_pictures_and_of_sections_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let model = PictureModel::new(description(Pooling::Average, false), None).unwrap();
        model.save(&path).unwrap();
        assert_eq!(PictureModel::load(&path).unwrap().description, model.description);
        let error = super::super::Model::load(&path).unwrap_err();
        assert!(error.to_string().contains("trained on pictures"), "{error}");
        assert!(model.backbone_weights().unwrap().iter().all(|array| array.name.starts_with("features.")));
    }
}
