//! The model file: weights and all that is needed to use them, in one safetensors file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::array::NamedArray;
use super::array_file::{read_arrays, write_arrays};
use super::sequential::Sequential;
use super::{Architecture, Device, Layers, NetworkError, Predictor, Pretrained};
use crate::grid::{ClassTable, Domain, Plane};
use crate::volume::AmplitudeScaling;

/// Version of the metadata below.
const VERSION: u32 = 1;

/// Where pretrained weights came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// File name.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
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
    /// Two-way time or depth.
    pub domain: Domain,
    /// Distance of samples in the training volume, in ms or m.
    pub sample_step: f64,
    /// The pretrained weights it started from.
    pub pretrained: Option<Origin>,
    /// Seed of fresh weights and of training.
    pub seed: u64,
}

impl ModelDescription {
    /// The version that this library writes.
    pub const VERSION: u32 = VERSION;

    /// The layers it describes.
    ///
    /// # Errors
    /// When architecture and patch do not fit together.
    pub fn layers(&self) -> Result<Layers, NetworkError> {
        self.architecture.layers(self.patch, self.classes.len())
    }
}

/// A network with its weights and its description.
#[derive(Debug)]
pub struct Model {
    /// What it is.
    pub description: ModelDescription,
    network: Sequential,
}

impl Model {
    /// A model with fresh weights, its convolutions taken from `pretrained` where given.
    ///
    /// # Errors
    /// When the architecture does not fit the patch, or the weights not the architecture.
    pub fn new(mut description: ModelDescription, pretrained: Option<&Pretrained>) -> Result<Self, NetworkError> {
        let layers = description.layers()?;
        let mut network = Sequential::fresh(layers, description.seed)?;
        if let Some(pretrained) = pretrained {
            pretrained.load_into(&network.layers, &mut network.parameters)?;
            description.pretrained = Some(pretrained.origin());
        }
        Ok(Self { description, network })
    }

    /// A copy of the model with other weights, from a learner or a checkpoint.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn with_weights(description: ModelDescription, weights: &[NamedArray]) -> Result<Self, NetworkError> {
        let mut network = Sequential::fresh(description.layers()?, description.seed)?;
        // Folded first layers carry a tensor that fresh networks lack.
        for array in weights.iter().filter(|array| array.name.ends_with(".border")) {
            network.parameters.insert(&array.name, &array.shape, array.values.clone())?;
        }
        network.parameters.assign(weights)?;
        Ok(Self { description, network })
    }

    /// The model for prediction on `device`.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn predictor(&self, device: Device) -> Result<Predictor, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Ok(Predictor::new(network, device))
    }

    pub(super) fn into_network(self) -> Sequential {
        self.network
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
        let version =
            serde_json::from_str::<Version>(&description).map_err(|error| refused(error.to_string()))?.version;
        if version != VERSION {
            return Err(refused(format!("it has version {version}, this program reads version {VERSION}")));
        }
        let description: ModelDescription =
            serde_json::from_str(&description).map_err(|error| refused(error.to_string()))?;
        Self::with_weights(description, &weights).map_err(|error| refused(error.to_string()))
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}
