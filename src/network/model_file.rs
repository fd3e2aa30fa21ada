//! The model file: weights and all that is needed to use them, in one safetensors file.

use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::array::NamedArray;
use super::array_file::{read_arrays, write_arrays};
use super::parameters::Parameters;
use super::sequential::Sequential;
use super::{
    Architecture, Backbone, Device, Explainer, Input, Layers, NetworkError, Normalization, Precision, Predictor,
    Pretrained,
};
use crate::grid::{ClassTable, Domain, Plane};
use crate::volume::{AmplitudeScaling, Channel, SectionReader, Volume, VolumeError};

/// Version of the metadata below.
const VERSION: u32 = 1;

/// Where pretrained weights came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// File name.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// What pictures the weights were trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<Normalization>,
}

/// All that a model is besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// Version of this description.
    pub version: u32,
    /// The network.
    pub architecture: Architecture,
    /// Side of the patch round a voxel.
    pub patch: usize,
    /// The planes it learnt from, the first being the one to predict along.
    pub planes: Vec<Plane>,
    /// What its outputs mean.
    pub classes: ClassTable,
    /// How amplitudes are clipped and scaled.
    pub amplitude: AmplitudeScaling,
    /// What it sees beside amplitudes, in the order of its channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_channels: Vec<Channel>,
    /// Two-way time or depth.
    pub domain: Domain,
    /// Distance of samples in the training volume, in ms or m.
    pub sample_step: f64,
    /// The pretrained weights it started from.
    pub pretrained: Option<Origin>,
    /// Seed of fresh weights and of training.
    pub seed: u64,
    /// What class scores are divided by before they become probabilities, fitted on the validation share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
}

impl ModelDescription {
    /// The version that this library writes.
    pub const VERSION: u32 = VERSION;

    /// The layers it describes.
    ///
    /// # Errors
    /// When architecture and patch do not fit together.
    pub fn layers(&self) -> Result<Layers, NetworkError> {
        self.architecture.layers_for(self.input(), self.patch, self.classes.len())
    }

    /// How many volumes, or positions, it sees.
    pub fn input(&self) -> Input {
        Input::Amplitude(1 + self.further_channels.len())
    }

    /// What its channels are called, in their order.
    pub fn channel_names(&self) -> Vec<&str> {
        std::iter::once("amplitude").chain(self.further_channels.iter().map(Channel::name)).collect()
    }

    /// Reads the sections of `volume` as the network sees them. `attributes` are the volumes of its further channels, by name.
    ///
    /// # Errors
    /// When an attribute is missing, or has other axes than the cube.
    pub fn reader<'a>(
        &self,
        volume: &'a dyn Volume,
        attributes: &[(&str, &'a dyn Volume)],
    ) -> Result<SectionReader<'a>, VolumeError> {
        let thickness = self.architecture.thickness(self.patch);
        let reader = SectionReader::new(volume, self.amplitude).with_neighbours(thickness);
        reader.with_channels(&self.further_channels, attributes)
    }
}

/// All that a kind of model is besides its weights.
pub trait Description: Clone + Serialize + DeserializeOwned {
    /// Whether it looks at pictures, and not at sections.
    const OF_PICTURES: bool;

    /// The layers it describes.
    ///
    /// # Errors
    /// When architecture and size of the input do not fit together.
    fn layers(&self) -> Result<Layers, NetworkError>;

    /// The published network whose pretrained weights it takes, if there are such.
    fn backbone(&self) -> Option<Backbone>;

    /// Those of its `layers` that pretrained weights are for.
    ///
    /// # Errors
    /// As [`Description::layers`].
    fn pretrained_layers(&self, layers: &Layers) -> Result<Layers, NetworkError> {
        Ok(layers.clone())
    }

    /// What its first layer sees.
    fn input(&self) -> Input;

    /// Seed of fresh weights.
    fn seed(&self) -> u64;

    /// Whether it sees values as they were recorded, not scaled to [-1, 1].
    fn is_as_recorded(&self) -> bool {
        false
    }

    /// What class scores are divided by before they become probabilities.
    fn temperature(&self) -> Option<f64> {
        None
    }

    /// Notes where its weights came from.
    fn set_origin(&mut self, origin: Origin);
}

impl Description for ModelDescription {
    const OF_PICTURES: bool = false;

    fn layers(&self) -> Result<Layers, NetworkError> {
        self.layers()
    }

    fn backbone(&self) -> Option<Backbone> {
        self.architecture.backbone()
    }

    fn pretrained_layers(&self, layers: &Layers) -> Result<Layers, NetworkError> {
        self.architecture.pretrained_layers(layers)
    }

    fn input(&self) -> Input {
        self.input()
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn is_as_recorded(&self) -> bool {
        self.amplitude.is_as_recorded()
    }

    fn temperature(&self) -> Option<f64> {
        self.temperature
    }

    fn set_origin(&mut self, origin: Origin) {
        self.pretrained = Some(origin);
    }
}

/// A network with its weights and its description.
#[derive(Debug)]
pub struct ModelOf<D> {
    /// What it is.
    pub description: D,
    network: Sequential,
}

/// A network that interprets sections.
pub type Model = ModelOf<ModelDescription>;

impl<D: Description> ModelOf<D> {
    /// A model with fresh weights, its convolutions taken from `pretrained` where given.
    ///
    /// # Errors
    /// When the architecture does not fit the patch, or the weights not the architecture.
    pub fn new(mut description: D, pretrained: Option<&Pretrained>) -> Result<Self, NetworkError> {
        let layers = description.layers()?;
        let mut network = Sequential::fresh(layers, description.seed())?;
        if let Some(pretrained) = pretrained {
            let backbone = description.backbone();
            let (input, as_recorded) = (description.input(), description.is_as_recorded());
            let layers = description.pretrained_layers(&network.layers)?;
            pretrained.load_into(&layers, backbone, input, as_recorded, &mut network.parameters)?;
            description.set_origin(pretrained.origin(backbone));
        }
        Ok(Self { description, network })
    }

    /// A copy of the model with other weights, from a learner or a checkpoint.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn with_weights(description: D, weights: &[NamedArray]) -> Result<Self, NetworkError> {
        let layers = description.layers()?;
        let parameters = Parameters::from_arrays(&layers.layers, weights)?;
        Ok(Self { description, network: Sequential::new(layers, parameters) })
    }

    /// The model for prediction on `device` in float32.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn predictor(&self, device: Device) -> Result<Predictor, NetworkError> {
        self.predictor_in(device, Precision::Float32)
    }

    /// The model for prediction on `device` in another precision.
    ///
    /// # Errors
    /// When the device does not have the precision or refuses the weights.
    pub fn predictor_in(&self, device: Device, precision: Precision) -> Result<Predictor, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Ok(Predictor::new(&network, device, precision)?.calibrated(self.description.temperature()))
    }

    /// The model to be asked what it looked at.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn explainer(&self, device: Device) -> Result<Explainer, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Ok(Explainer::new(network, device))
    }

    /// The model for passes with dropout on `device`.
    ///
    /// # Errors
    /// As [`Model::predictor_in`], and where nothing is dropped in the network.
    pub fn sampling_predictor_in(&self, device: Device, precision: Precision) -> Result<Predictor, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Ok(Predictor::with_dropout(&network, device, precision)?.calibrated(self.description.temperature()))
    }

    pub(super) fn into_network(self) -> Sequential {
        self.network
    }

    pub(super) fn network(&self) -> &Sequential {
        &self.network
    }

    pub(super) fn network_mut(&mut self) -> &mut Sequential {
        &mut self.network
    }

    /// All weights and running statistics.
    ///
    /// # Errors
    /// When libtorch cannot copy them.
    pub fn weights(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.network.parameters.arrays()
    }

    /// Writes the model under `path`, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), NetworkError> {
        let description = serde_json::to_string(&self.description).expect("plain values always serialise");
        write_arrays(path, &self.weights()?, &description)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// When it cannot be read, is broken, holds no facies model or one of a newer version.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let (weights, description) = read_arrays(path)?;
        let refused = |reason: String| NetworkError::NotAModel { path: path.to_owned(), reason };
        let Kind { version, pictures, contents: bottlenecks } =
            serde_json::from_str(&description).map_err(|error| refused(error.to_string()))?;
        if version != VERSION {
            return Err(refused(format!("it has version {version}, this program reads version {VERSION}")));
        }
        if bottlenecks.is_some() {
            return Err(refused("it holds bottlenecks; `facies images train` makes a model of them".into()));
        }
        if pictures.is_some() != D::OF_PICTURES {
            let [is, not] = if D::OF_PICTURES { ["sections", "pictures"] } else { ["pictures", "sections"] };
            return Err(refused(format!("it was trained on {is}, not on {not}")));
        }
        let description: D = serde_json::from_str(&description).map_err(|error| refused(error.to_string()))?;
        if description.temperature().is_some_and(|temperature| !(temperature.is_finite() && temperature > 0.0)) {
            return Err(refused("its temperature is no number above 0".into()));
        }
        Self::with_weights(description, &weights).map_err(|error| refused(error.to_string()))
    }
}

/// What every description holds, and what only those of pictures do.
#[derive(Deserialize)]
struct Kind {
    version: u32,
    pictures: Option<IgnoredAny>,
    /// Only in bottlenecks.
    contents: Option<IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Architecture, Head, Padding};

    fn description(hidden: Vec<usize>) -> ModelDescription {
        let head = Head { hidden, dropout: 0.5, batch_norm: true, batch_norm_scores: false };
        ModelDescription {
            version: VERSION,
            architecture: Architecture::Vgg16 { cut: Some("conv1_2".into()), padding: Padding::Valid, head },
            patch: 65,
            planes: vec![Plane::Inline],
            classes: ClassTable::from_names(["a", "b"]).unwrap(),
            amplitude: AmplitudeScaling::new(-2.0, 2.0).unwrap(),
            further_channels: Vec::new(),
            domain: Domain::Time,
            sample_step: 4.0,
            pretrained: None,
            seed: 1,
            temperature: None,
        }
    }

    #[test]
    fn a_model_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let model = Model::new(description(vec![4]), None).unwrap();
        model.save(&path).unwrap();
        let again = Model::load(&path).unwrap();
        assert_eq!(again.description, model.description);
        assert_eq!(again.weights().unwrap(), model.weights().unwrap());
    }

    #[test]
    fn channels_stand_in_the_description_and_one_channel_as_it_always_did() {
        let one = description(vec![4]);
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.contains(r#""amplitude":{"low":-2.0,"high":2.0},"domain":"time""#), "{text}");
        let scaling = AmplitudeScaling::new(0.0, 1.0).unwrap();
        let attribute = Channel::Attribute { name: "coherence".into(), scaling };
        let three =
            ModelDescription { further_channels: vec![attribute, Channel::Depth { first: 4.0, last: 1848.0 }], ..one };
        let text = serde_json::to_string(&three).unwrap();
        assert_eq!(serde_json::from_str::<ModelDescription>(&text).unwrap(), three);
        assert_eq!(three.channel_names(), ["amplitude", "coherence", "depth"]);
        assert_eq!(three.layers().unwrap().channels(), 3);
    }

    #[test]
    fn a_description_that_asks_for_more_than_the_file_holds_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let weights = Model::new(description(vec![4]), None).unwrap().weights().unwrap();
        let greedy = serde_json::to_string(&description(vec![1 << 40])).unwrap();
        write_arrays(&path, &weights, &greedy).unwrap();
        assert!(matches!(Model::load(&path), Err(NetworkError::NotAModel { .. })));
    }
}
