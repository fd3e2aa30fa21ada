//! The file that keeps bottlenecks.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use ndarray::{Array2, Array4, ArrayView1, Axis};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::pictures::{FeatureTable, PictureFolder, PictureFolderError};
use crate::grid::hexadecimal;
use crate::network::{NamedArray, NetworkError, PictureDescription, PictureModel, Top, read_arrays, write_arrays};

/// Version of the file.
const VERSION: u32 = 1;
/// Name of the features among the tensors; the others are weights.
const FEATURES: &str = "bottlenecks";

/// What a frozen network makes of pictures before its end, and that network.
///
/// One safetensors file: a tensor `bottlenecks` `[picture, feature]`, the weights before the end by their published names, and
/// a description of the pictures. Pictures of equal content share a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Bottlenecks {
    record: Record,
    features: Array2<f32>,
    weights: Vec<NamedArray>,
}

/// The description as the file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    network: PictureDescription,
    /// SHA-256 of all weights before the end.
    weights: String,
    /// SHA-256 of the file behind every row.
    contents: Vec<String>,
    sets: Vec<BottleneckSet>,
    /// Whether all pictures of the folders are in it.
    complete: bool,
}

/// The pictures of one folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BottleneckSet {
    /// `train`, `validation` or `test`.
    pub name: String,
    /// The folder that they lie in.
    pub folder: PathBuf,
    /// Pictures in the order of the folder.
    pub pictures: Vec<BottleneckPicture>,
    /// Pictures that cannot be read.
    pub left_out: Vec<LeftOut>,
}

/// One picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BottleneckPicture {
    /// `class/file`.
    pub file: String,
    /// Class code.
    pub class: u8,
    /// Row of the features.
    pub row: usize,
}

/// A picture that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// `class/file`.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl Bottlenecks {
    /// A file to be of `model`, without pictures.
    ///
    /// # Errors
    /// When libtorch cannot copy the weights.
    pub fn of(model: &PictureModel) -> Result<Self, NetworkError> {
        let weights = model.backbone_weights()?;
        let record = Record {
            version: VERSION,
            network: model.description.clone(),
            weights: digest(&weights),
            contents: Vec::new(),
            sets: Vec::new(),
            complete: true,
        };
        Ok(Self { record, features: Array2::zeros((0, 0)), weights })
    }

    /// The network that made them; its end says nothing but what becomes of the last map.
    pub fn network(&self) -> &PictureDescription {
        &self.record.network
    }

    /// The pictures.
    pub fn sets(&self) -> &[BottleneckSet] {
        &self.record.sets
    }

    /// Whether all pictures of the folders are in it; not so after an interruption.
    pub fn is_complete(&self) -> bool {
        self.record.complete
    }

    /// The set of this name.
    pub fn set(&self, name: &str) -> Option<&BottleneckSet> {
        self.record.sets.iter().find(|set| set.name == name)
    }

    /// Values of each picture.
    pub fn feature_count(&self) -> usize {
        self.features.ncols()
    }

    /// Whether `other` was made by the same network with the same weights from pictures of the same size and classes.
    pub fn is_of_same_network(&self, other: &Self) -> bool {
        let [ours, theirs] = [&self.record.network, &other.record.network];
        self.record.weights == other.record.weights
            && ours.backbone == theirs.backbone
            && ours.pictures == theirs.pictures
            && ours.top.pooling == theirs.top.pooling
            && ours.classes == theirs.classes
    }

    /// Row of every content.
    pub(super) fn rows(&self) -> HashMap<&str, usize> {
        self.record.contents.iter().enumerate().map(|(row, content)| (content.as_str(), row)).collect()
    }

    /// Features of a row.
    pub(super) fn features_of(&self, row: usize) -> ArrayView1<'_, f32> {
        self.features.row(row)
    }

    /// The same network with other pictures: their contents, a row of features each, and which picture has which.
    pub(super) fn with_pictures(
        self,
        contents: Vec<String>,
        features: Array2<f32>,
        sets: Vec<BottleneckSet>,
        complete: bool,
    ) -> Self {
        Self { record: Record { contents, sets, complete, ..self.record }, features, ..self }
    }

    /// A hash of the network, the pictures' contents and their classes.
    pub fn digest(&self) -> String {
        let mut record = self.record.clone();
        // The same pictures elsewhere are the same.
        record.sets.iter_mut().for_each(|set| set.folder.clear());
        let record = serde_json::to_vec(&record).expect("plain values always serialise");
        hexadecimal(&Sha256::digest(&record))
    }

    /// Features of the pictures of a set, in its order, as the end takes them: `[picture, 1, 1, feature]`.
    pub fn inputs(&self, set: &BottleneckSet) -> Array4<f32> {
        let rows: Vec<_> = set.pictures.iter().map(|picture| picture.row).collect();
        let values = self.features.select(Axis(0), &rows);
        values.insert_axis(Axis(1)).insert_axis(Axis(1))
    }

    /// Features and classes of the pictures of a set.
    pub fn table(&self, set: &BottleneckSet) -> FeatureTable {
        let rows: Vec<_> = set.pictures.iter().map(|picture| picture.row).collect();
        let values = self.features.select(Axis(0), &rows);
        let codes = set.pictures.iter().map(|picture| picture.class).collect();
        FeatureTable::new(values, codes, self.record.network.classes.len())
    }

    /// The network with this end, whose weights are `head`.
    ///
    /// # Errors
    /// When the weights are of another end.
    pub fn assemble(&self, top: Top, seed: u64, head: &[NamedArray]) -> Result<PictureModel, NetworkError> {
        let description = PictureDescription { top, seed, ..self.record.network.clone() };
        let weights: Vec<_> = self.weights.iter().chain(head).cloned().collect();
        PictureModel::with_weights(description, &weights)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), NetworkError> {
        let record = serde_json::to_string(&self.record).expect("plain values always serialise");
        let features = NamedArray {
            name: FEATURES.to_owned(),
            shape: self.features.shape().to_vec(),
            values: self.features.iter().copied().collect(),
        };
        let arrays: Vec<_> = std::iter::once(features).chain(self.weights.iter().cloned()).collect();
        write_arrays(path, &arrays, &record)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is broken, or holds something else.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let refused = |reason: String| NetworkError::NotBottlenecks { path: path.to_owned(), reason };
        let (mut weights, record) = read_arrays(path)?;
        let record: Record = serde_json::from_str(&record).map_err(|error| refused(error.to_string()))?;
        if record.version != VERSION {
            let version = record.version;
            return Err(refused(format!("it has version {version}, this program reads version {VERSION}")));
        }
        let place = weights.iter().position(|array| array.name == FEATURES);
        let NamedArray { shape, values, .. } =
            weights.swap_remove(place.ok_or_else(|| refused(format!("it has no tensor `{FEATURES}`")))?);
        weights.sort_by(|a, b| a.name.cmp(&b.name));
        if digest(&weights) != record.weights {
            return Err(refused("its weights are not those that made the bottlenecks".into()));
        }
        let [rows, columns] = shape[..] else { return Err(refused(format!("`{FEATURES}` has shape {shape:?}"))) };
        let features = Array2::from_shape_vec((rows, columns), values).map_err(|error| refused(error.to_string()))?;
        let expected = record.network.feature_count().map_err(|error| refused(error.to_string()))?;
        if rows > 0 && columns != expected {
            return Err(refused(format!("it has {columns} features a picture, its network makes {expected}")));
        }
        let classes = record.network.classes.len();
        let fits = |picture: &BottleneckPicture| picture.row < rows && usize::from(picture.class) < classes;
        if record.contents.len() != rows || !record.sets.iter().flat_map(|set| &set.pictures).all(fits) {
            return Err(refused("its list of pictures does not fit its features".into()));
        }
        Ok(Self { record, features, weights })
    }
}

impl BottleneckSet {
    /// The pictures as files, with the codes of `classes`.
    ///
    /// # Errors
    /// When the folder cannot be read, or a picture is there no more.
    pub fn files(&self, classes: &[String]) -> Result<PictureFolder, PictureFolderError> {
        let listed: Vec<_> = self.pictures.iter().map(|picture| (picture.file.as_str(), picture.class)).collect();
        PictureFolder::listed(&self.folder, classes, &listed)
    }

    /// How many of the pictures have the content of one of `other`.
    pub fn shared_with(&self, other: &Self) -> usize {
        let rows: HashSet<usize> = other.pictures.iter().map(|picture| picture.row).collect();
        self.pictures.iter().filter(|picture| rows.contains(&picture.row)).count()
    }
}

/// One hash of names, shapes and values, whatever the order of the arrays.
fn digest(weights: &[NamedArray]) -> String {
    let mut sorted: Vec<_> = weights.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut digest = Sha256::new();
    for NamedArray { name, shape, values } in sorted {
        digest.update(format!("{name} {shape:?};"));
        values.iter().for_each(|value| digest.update(value.to_le_bytes()));
    }
    hexadecimal(&digest.finalize())
}
