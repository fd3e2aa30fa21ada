//! Weights that others trained, and how they enter our networks.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::architecture::{Architecture, Head};
use super::array::NamedArray;
use super::array_file::write_arrays;
use super::model_file::Origin;
use super::parameters::Parameters;
use super::weights_file::read_weights_file;
use super::{Layer, Layers, NetworkError, Padding};

/// ImageNet pictures are red, green, blue in 0..1, minus this mean, over this deviation (torchvision).
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// Any patch that all five pools leave something of; the convolutions do not depend on it.
const VGG16_PATCH: usize = 65;

/// A weights file, read whole.
#[derive(Debug)]
pub struct Pretrained {
    path: PathBuf,
    sha256: String,
    arrays: BTreeMap<String, NamedArray>,
}

/// What of a weights file fits a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Tensors that both have, in the same shape.
    pub loaded: Vec<String>,
    /// Tensors that the network needs and the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network does not use.
    pub unexpected: Vec<String>,
    /// Tensors whose shapes differ: name, shape in the file, shape needed.
    pub wrong_shape: Vec<(String, Vec<usize>, Vec<usize>)>,
}

/// A weights file that facies knows by name.
#[derive(Clone, Copy, Debug)]
pub struct KnownWeights {
    /// Name of the network.
    pub network: &'static str,
    /// Usual file name.
    pub file: &'static str,
    /// Size in bytes.
    pub bytes: u64,
    /// Where it comes from and under what licence.
    pub origin: &'static str,
}

/// The files that networks of this version take.
pub fn known_weights() -> &'static [KnownWeights] {
    &[KnownWeights {
        network: "vgg16",
        file: "vgg16_conv.safetensors",
        bytes: 58_861_136,
        origin: "the 13 convolutions of torchvision's VGG16 (ImageNet), names features.N.weight and .bias; BSD-3-Clause",
    }]
}

impl Pretrained {
    /// Reads a safetensors file or a PyTorch state dictionary (`.pth`, either format).
    ///
    /// # Errors
    /// When it cannot be read, or is broken or of another format.
    pub fn read(path: &Path) -> Result<Self, NetworkError> {
        let bytes = std::fs::read(path).map_err(|source| NetworkError::Io { path: path.to_owned(), source })?;
        let arrays = read_weights_file(path, &bytes)?;
        let arrays = arrays.into_iter().map(|array| (array.name.clone(), array)).collect();
        Ok(Self { path: path.to_owned(), sha256: hex(&Sha256::digest(&bytes)), arrays })
    }

    /// Keeps only what one of the known networks takes, and writes it to `target` as safetensors.
    ///
    /// # Errors
    /// When no known network finds its weights here, or the file cannot be written.
    pub fn import(&self, target: &Path) -> Result<(KnownWeights, ImportReport), NetworkError> {
        let head = Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false };
        let vgg16 = Architecture::Vgg16 { cut: None, padding: Padding::Same, head };
        let report = self.report(&vgg16.layers(VGG16_PATCH, 2)?);
        if !report.is_complete() {
            return Err(NetworkError::WrongWeights { path: self.path.clone(), reason: report.to_string() });
        }
        let kept: Vec<_> = report.loaded.iter().map(|name| self.arrays[name].clone()).collect();
        let origin = serde_json::to_string(&self.origin()).expect("two texts always serialise");
        write_arrays(target, &kept, &origin)?;
        Ok((known_weights()[0], report))
    }

    /// Name and hash, as a model file keeps them.
    pub fn origin(&self) -> Origin {
        let file = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Origin { file, sha256: self.sha256.clone() }
    }

    /// What of this file fits the convolutions of `layers`.
    pub fn report(&self, layers: &Layers) -> ImportReport {
        let mut report = ImportReport::default();
        let needed = needed_shapes(layers);
        for (name, shape) in &needed {
            match self.arrays.get(name) {
                None => report.missing.push(name.clone()),
                Some(array) if array.shape == *shape => report.loaded.push(name.clone()),
                Some(array) => report.wrong_shape.push((name.clone(), array.shape.clone(), shape.clone())),
            }
        }
        report.unexpected = self.arrays.keys().filter(|name| !needed.contains_key(*name)).cloned().collect();
        report
    }

    /// Copies the convolutions into `parameters`, the first folded to one grey channel.
    pub(super) fn load_into(&self, layers: &Layers, parameters: &mut Parameters) -> Result<(), NetworkError> {
        let report = self.report(layers);
        if !report.is_complete() {
            return Err(NetworkError::WrongWeights { path: self.path.clone(), reason: report.to_string() });
        }
        for name in &report.loaded {
            let array = &self.arrays[name];
            parameters.insert(name, &array.shape, array.values.clone())?;
        }
        if let Some((name, _)) = first_convolution(layers) {
            self.fold_first(name, layers.padding, parameters)?;
        }
        Ok(())
    }

    /// Makes the first convolution take one amplitude channel x in [-1, 1] in place of a normalised colour picture.
    ///
    /// The picture is grey = (x + 1) / 2 on three channels, minus mean, over deviation: linear in x, so the kernels
    /// can be summed over the channels. What does not depend on x is a constant inside the picture and goes into the
    /// bias where padding is valid. With same padding zeros surround the normalised picture, so the constant part
    /// differs near the edge and is kept as a kernel of its own, `.border`, applied to a picture of ones.
    fn fold_first(&self, name: &str, padding: Padding, parameters: &mut Parameters) -> Result<(), NetworkError> {
        let colour = &self.arrays[&format!("{name}.weight")];
        let [outputs, _, height, width] = colour.shape[..] else { return Ok(()) };
        let area = height * width;
        let mut slope = vec![0.0; outputs * area];
        let mut constant = vec![0.0; outputs * area];
        for (place, &weight) in colour.values.iter().enumerate() {
            let (output, channel, tap) = (place / (3 * area), place / area % 3, place % area);
            slope[output * area + tap] += weight / (2.0 * IMAGENET_DEVIATION[channel]);
            constant[output * area + tap] += weight * (0.5 - IMAGENET_MEAN[channel]) / IMAGENET_DEVIATION[channel];
        }
        parameters.insert(&format!("{name}.weight"), &[outputs, 1, height, width], slope)?;
        match padding {
            Padding::Same => parameters.insert(&format!("{name}.border"), &[outputs, 1, height, width], constant),
            Padding::Valid => {
                let mut bias = self.arrays[&format!("{name}.bias")].values.clone();
                for (bias, taps) in bias.iter_mut().zip(constant.chunks(area)) {
                    *bias += taps.iter().sum::<f32>();
                }
                parameters.insert(&format!("{name}.bias"), &[outputs], bias)
            }
        }
    }
}

/// Names and shapes of the convolutions as a colour network holds them.
fn needed_shapes(layers: &Layers) -> BTreeMap<String, Vec<usize>> {
    let first = first_convolution(layers).map(|(name, _)| name);
    let mut needed = BTreeMap::new();
    for layer in &layers.layers {
        if let Layer::Convolution { name, inputs, outputs, kernel, .. } = layer {
            let inputs = if Some(name.as_str()) == first { 3 } else { *inputs };
            needed.insert(format!("{name}.weight"), vec![*outputs, inputs, *kernel, *kernel]);
            needed.insert(format!("{name}.bias"), vec![*outputs]);
        }
    }
    needed
}

fn first_convolution(layers: &Layers) -> Option<(&str, usize)> {
    layers.layers.iter().find_map(|layer| match layer {
        Layer::Convolution { name, outputs, .. } => Some((name.as_str(), *outputs)),
        _ => None,
    })
}

impl ImportReport {
    /// Whether the network finds all that it needs.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.wrong_shape.is_empty()
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors fit", self.loaded.len())?;
        if !self.missing.is_empty() {
            write!(f, ", missing {}", self.missing.join(", "))?;
        }
        for (name, actual, needed) in &self.wrong_shape {
            write!(f, ", `{name}` is {actual:?} where {needed:?} is needed")?;
        }
        if !self.unexpected.is_empty() {
            write!(f, ", {} not used ({} ...)", self.unexpected.len(), self.unexpected[0])?;
        }
        Ok(())
    }
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
