//! A file of weights, and how it enters our networks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::architecture::{Backbone, Dialect, Input};
use super::super::array::NamedArray;
use super::super::array_file::write_arrays;
use super::super::model_file::Origin;
use super::super::parameters::{Parameters, needed};
use super::super::weights_file::{WeightsFile, read_weights_file};
use super::super::{Convolution, Layer, Layers, NetworkError, Normalization};
use super::ImportReport;
use super::fold::fold_first;
use super::known::checked;
use super::names::{Renamed, renamed};

/// Any picture that all networks leave something of; what stands before their ends does not depend on it.
const ANY_SIDE: usize = 224;

/// A weights file, read whole.
#[derive(Debug)]
pub struct Pretrained {
    path: PathBuf,
    sha256: String,
    dialect: Dialect,
    arrays: Vec<NamedArray>,
    imported: Option<Imported>,
}

/// What an imported file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Imported {
    network: Backbone,
    normalization: Normalization,
    /// File that it was made from.
    file: String,
    sha256: String,
}

/// Which part of a network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All before its end.
    Body,
    Whole,
}

impl Pretrained {
    /// Reads a safetensors file, a PyTorch state dictionary (`.pth`, either format) or Keras' weights (`.h5`).
    ///
    /// # Errors
    /// When it cannot be read, is broken or of another format, or bears the name of a known file and is another one.
    pub fn read(path: &Path) -> Result<Self, NetworkError> {
        let bytes = std::fs::read(path).map_err(|source| NetworkError::Io { path: path.to_owned(), source })?;
        let sha256 = checked(path, &bytes)?;
        let WeightsFile { arrays, dialect, note } = read_weights_file(path, &bytes)?;
        let imported = note.and_then(|note| serde_json::from_str(&note).ok());
        Ok(Self { path: path.to_owned(), sha256, dialect, arrays, imported })
    }

    /// The known networks whose features are all here, the best fit first.
    ///
    /// # Errors
    /// When no known network finds its weights here; says what the nearest one lacks.
    pub fn network(&self) -> Result<Backbone, NetworkError> {
        if let Some(imported) = &self.imported {
            return Ok(imported.network);
        }
        let mut nearest: Option<(Backbone, ImportReport)> = None;
        for backbone in Backbone::ALL {
            let report = self.report_for(backbone)?;
            let rank = |report: &ImportReport| (report.is_complete(), report.loaded.len());
            if nearest.as_ref().is_none_or(|(_, best)| rank(&report) > rank(best)) {
                nearest = Some((backbone, report));
            }
        }
        match nearest {
            Some((backbone, report)) if report.is_complete() => Ok(backbone),
            Some((backbone, report)) => Err(self.refused(Some(backbone), &report)),
            None => Err(self.refused(None, &ImportReport::default())),
        }
    }

    /// What of this file fits `backbone` without its end.
    ///
    /// # Errors
    /// Never for the networks of this version.
    pub fn report_for(&self, backbone: Backbone) -> Result<ImportReport, NetworkError> {
        Ok(self.compare(&backbone.published(Input::Colour, ANY_SIDE, 2)?, Some(backbone), Part::Body).1)
    }

    /// Refuses this file if `backbone` cannot take all before its end from it.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn check(&self, backbone: Backbone) -> Result<(), NetworkError> {
        self.complete(&backbone.published(Input::Colour, ANY_SIDE, 2)?, Some(backbone), Part::Body).map(drop)
    }

    /// Keeps what `backbone` takes, under our names, and writes it to `target` as safetensors.
    ///
    /// # Errors
    /// When not all its weights are here, or the file cannot be written.
    pub fn import(&self, backbone: Backbone, target: &Path) -> Result<ImportReport, NetworkError> {
        let layers = backbone.published(Input::Colour, ANY_SIDE, 2)?;
        let (mut arrays, report) = self.complete(&layers, Some(backbone), Part::Body)?;
        let array = |name: &String| Some(NamedArray { name: name.clone(), ..arrays.remove(name)?.into_owned() });
        let kept: Vec<_> = report.loaded.iter().filter_map(array).collect();
        let Origin { file, sha256, .. } = self.origin(Some(backbone));
        let note = Imported { network: backbone, normalization: self.normalization(backbone), file, sha256 };
        write_arrays(target, &kept, &serde_json::to_string(&note).expect("plain values always serialise"))?;
        Ok(report)
    }

    /// Name, hash and normalisation, as a model file keeps them.
    pub(in super::super) fn origin(&self, backbone: Option<Backbone>) -> Origin {
        let file = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let normalization = backbone.map(|backbone| self.normalization(backbone));
        Origin { file, sha256: self.sha256.clone(), normalization }
    }

    /// What pictures these weights want when `backbone` has them.
    pub fn normalization(&self, backbone: Backbone) -> Normalization {
        let published = || backbone.normalization(self.dialect);
        self.imported.as_ref().map_or_else(published, |imported| imported.normalization)
    }

    /// Copies all before the end into `parameters`, the first layer folded where it takes amplitudes, which are normalised as
    /// pictures are unless they come `as_recorded`.
    pub(in super::super) fn load_into(
        &self,
        layers: &Layers,
        backbone: Option<Backbone>,
        input: Input,
        as_recorded: bool,
        parameters: &mut Parameters,
    ) -> Result<(), NetworkError> {
        let (arrays, report) = self.complete(&coloured(layers), backbone, Part::Body)?;
        for name in &report.loaded {
            let NamedArray { shape, values, .. } = &*arrays[name];
            parameters.insert(name, shape, values.clone())?;
        }
        match (input, first_convolution(layers), backbone) {
            (Input::Amplitude(_), Some(first), Some(backbone)) => {
                let colour = &*arrays[&format!("{}.weight", first.name)];
                let normalization = (!as_recorded).then(|| self.normalization(backbone));
                fold_first(first, colour, normalization, layers.padding, parameters)
            }
            _ => Ok(()),
        }
    }

    /// Copies everything, the end included, into the parameters of a network for colour pictures.
    pub(in super::super) fn load_whole(
        &self,
        layers: &Layers,
        backbone: Backbone,
        parameters: &mut Parameters,
    ) -> Result<(), NetworkError> {
        let (arrays, report) = self.complete(layers, Some(backbone), Part::Whole)?;
        for name in &report.loaded {
            let NamedArray { shape, values, .. } = &*arrays[name];
            parameters.insert(name, shape, values.clone())?;
        }
        Ok(())
    }

    /// How many classes the end of `backbone` tells apart in this file; `None` where it holds no end.
    ///
    /// # Errors
    /// Never for the networks of this version.
    pub fn classes(&self, backbone: Backbone) -> Result<Option<usize>, NetworkError> {
        let layers = backbone.published(Input::Colour, ANY_SIDE, 2)?;
        let arrays = renamed(&self.arrays, self.dialect, Some(backbone), &layers.leaves());
        let last = layers.leaves().into_iter().rev().find_map(Layer::name).map(|name| format!("{name}.weight"));
        Ok(last.and_then(|last| arrays.get(&last)?.shape.first().copied()))
    }

    /// Why a network with its published end cannot be made of this file.
    pub(in super::super) fn lacks_end(&self, backbone: Backbone) -> NetworkError {
        let reason = format!("it has no class scores of {backbone}: only features were published or kept");
        NetworkError::WrongWeights { path: self.path.clone(), reason }
    }

    /// The arrays under our names, if none is missing.
    fn complete(
        &self,
        layers: &Layers,
        backbone: Option<Backbone>,
        part: Part,
    ) -> Result<(Renamed<'_>, ImportReport), NetworkError> {
        let (arrays, report) = self.compare(layers, backbone, part);
        let foreign = self.imported.as_ref().is_some_and(|imported| Some(imported.network) != backbone);
        if !report.is_complete() || foreign || self.is_another_function(backbone) {
            return Err(self.refused(backbone, &report));
        }
        Ok((arrays, report))
    }

    fn compare(&self, layers: &Layers, backbone: Option<Backbone>, part: Part) -> (Renamed<'_>, ImportReport) {
        let leaves = layers.leaves();
        let arrays = renamed(&self.arrays, self.dialect, backbone, &leaves);
        let end = if part == Part::Body { layers.body_end() } else { layers.layers.len() };
        let shapes: BTreeMap<_, _> =
            needed(&layers.layers[..end]).into_iter().map(|needed| (needed.name, needed.shape)).collect();
        let mut report = ImportReport::default();
        for (name, shape) in &shapes {
            match arrays.get(name) {
                None => report.missing.push(name.clone()),
                Some(array) if array.shape == *shape => report.loaded.push(name.clone()),
                Some(array) => report.wrong_shape.push((name.clone(), array.shape.clone(), shape.clone())),
            }
        }
        report.unexpected = arrays.keys().filter(|name| !shapes.contains_key(*name)).cloned().collect();
        (arrays, report)
    }

    /// Keras pads its pools and strided convolutions otherwise in some networks that have the same tensors.
    fn is_another_function(&self, backbone: Option<Backbone>) -> bool {
        self.dialect == Dialect::Keras && backbone.is_some_and(|backbone| !backbone.takes_keras())
    }

    fn refused(&self, backbone: Option<Backbone>, report: &ImportReport) -> NetworkError {
        let reason = match (backbone, &self.imported) {
            (Some(backbone), Some(imported)) if imported.network != backbone => {
                format!("it was imported for {}, not {backbone}", imported.network)
            }
            (Some(backbone), _) if self.is_another_function(Some(backbone)) => {
                format!("Keras' {backbone} pads otherwise than torchvision's, which is the one here; {report}")
            }
            _ => report.to_string(),
        };
        NetworkError::WrongWeights { path: self.path.clone(), reason }
    }
}

/// The layers with a first convolution for three colours.
fn coloured(layers: &Layers) -> Layers {
    let mut coloured = layers.clone();
    if let Some(Layer::Convolution(first)) =
        coloured.layers.iter_mut().find(|layer| matches!(layer, Layer::Convolution(_)))
    {
        first.inputs = 3;
    }
    coloured
}

fn first_convolution(layers: &Layers) -> Option<&Convolution> {
    layers.layers.iter().find_map(|layer| match layer {
        Layer::Convolution(convolution) => Some(convolution),
        _ => None,
    })
}
