//! The whole job of pictures.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::TensorBoard;
use super::super::is_folder_name;
use super::super::job::default_seed;
use super::{ImagesInput, PictureNetwork, PictureSplit, PictureTraining};

/// A job of pictures: from folders of known classes to a network that tells them apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map of the job's sections")]
pub struct ImagesJob {
    /// Version of this layout; 1.
    #[garde(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the run and of its folder under `runs/`.
    #[garde(length(min = 1, max = 200), custom(is_folder_name))]
    pub name: String,
    /// Decides everything random: the split, the first weights, the order of batches, dropout. Same seed, same bytes.
    #[serde(default = "default_seed")]
    #[garde(skip)]
    pub seed: u64,
    /// Where the pictures are.
    #[garde(dive)]
    pub input: ImagesInput,
    /// Which pictures of `input.images.folder` train.
    #[serde(default)]
    #[garde(dive)]
    pub split: PictureSplit,
    /// Which network.
    #[garde(dive)]
    pub network: PictureNetwork,
    /// How it learns.
    #[garde(dive)]
    pub training: PictureTraining,
    /// What is written besides model, scores and report.
    #[serde(default)]
    #[garde(dive)]
    pub output: ImagesOutput,
}

/// What is written besides model, scores and report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `explained` and `tensorboard`")]
pub struct ImagesOutput {
    /// How many pictures are shown with what the network looked at (Grad-CAM): the most surely wrong ones first, then the first of
    /// each class.
    #[garde(range(max = 100))]
    pub explained: usize,
    /// The course of training for TensorBoard, in `tensorboard/`; only where it is named, because it holds times.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub tensorboard: Option<TensorBoard>,
}

impl Default for ImagesOutput {
    fn default() -> Self {
        Self { explained: 6, tensorboard: None }
    }
}

impl ImagesJob {
    /// Every folder that the job names, with its key.
    pub fn folders_mut(&mut self) -> Vec<(String, &mut PathBuf)> {
        let folders = self.input.images.folders_mut().into_iter();
        folders.map(|(key, path)| (format!("input.images.{key}"), path)).collect()
    }
}
