//! Where pictures come from.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pictures in folders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `images`")]
pub struct ImagesInput {
    /// Folders with one sub-folder of pictures for each class: `folder`, which `split` divides, or those of the sets.
    #[garde(skip)]
    pub images: Images,
}

/// Folders with one sub-folder of pictures for each class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a map with `folder`, or with `train`, `validation` and `test`")]
pub struct Images {
    /// All pictures, which `split` divides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Pictures to learn from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<PathBuf>,
    /// Pictures that choose the epoch and end training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// Pictures that are scored at the end, and take no part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
}

impl Images {
    /// The folders that are named, with their keys after `input.images`.
    pub fn folders_mut(&mut self) -> Vec<(&'static str, &mut PathBuf)> {
        let all = [
            ("folder", &mut self.folder),
            ("train", &mut self.train),
            ("validation", &mut self.validation),
            ("test", &mut self.test),
        ];
        all.into_iter().filter_map(|(key, path)| Some((key, path.as_mut()?))).collect()
    }
}
