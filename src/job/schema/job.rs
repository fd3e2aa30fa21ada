//! The whole job.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prediction::one_or_many;
use super::{
    Amplitude, ClassEntry, Evaluation, Input, LabelSource, Network, Output, Patch, Prediction, Split, Training,
};

/// Key of the only path that may be a run folder.
pub(in crate::job) const START_FROM: &str = "training.start_from";

/// A job: from a labelled cube to an interpreted one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map of the job's sections")]
pub struct Job {
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
    /// The cube to learn from.
    #[garde(dive)]
    pub input: Input,
    /// Facies in code order: the first is class 0. Each a name, or a name with a colour.
    #[garde(length(min = 2, max = 254), dive)]
    pub classes: Vec<ClassEntry>,
    /// Where the interpretation comes from; all sources together are the labels.
    #[garde(length(min = 1), dive)]
    pub labels: Vec<LabelSource>,
    /// From recorded amplitudes to what the network sees.
    #[serde(default)]
    #[garde(dive)]
    pub amplitude: Amplitude,
    /// What the network sees of the cube round one voxel.
    #[serde(default)]
    #[garde(dive)]
    pub patch: Patch,
    /// Which labelled voxels train, and which are kept back to test and to validate.
    #[serde(default)]
    #[garde(dive)]
    pub split: Split,
    /// Which network.
    #[garde(dive)]
    pub network: Network,
    /// How it learns.
    #[garde(dive)]
    pub training: Training,
    /// What is scored after training.
    #[serde(default)]
    #[garde(dive)]
    pub evaluation: Evaluation,
    /// What the trained network interprets: one map, or a list of them. Without it nothing is interpreted.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(schema_with = "super::prediction::one_or_many_schema")]
    #[garde(dive)]
    pub prediction: Vec<Prediction>,
    /// What is written; volumes in both formats and the figures if left out.
    #[serde(default)]
    #[garde(dive)]
    pub output: Output,
}

impl Job {
    /// Every file that the job names, with its key, in the order of the job.
    pub fn files_mut(&mut self) -> Vec<(String, &mut PathBuf)> {
        let mut files = Vec::new();
        files.extend(self.input.files_mut().into_iter().map(|(key, path)| (format!("input.{key}"), path)));
        for (place, source) in self.labels.iter_mut().enumerate() {
            let form = source.form();
            files.push((format!("labels[{place}].{form}.path"), source.path_mut()));
        }
        let form = self.network.form();
        files.extend(self.network.weights_mut().map(|weights| (format!("network.{form}.weights"), weights)));
        if let Some(start) = &mut self.training.start_from {
            files.push((START_FROM.to_owned(), &mut start.path));
        }
        for (place, prediction) in self.prediction.iter_mut().enumerate() {
            if let Some(input) = &mut prediction.input {
                let keyed = |(key, path)| (format!("prediction[{place}].input.{key}"), path);
                files.extend(input.files_mut().into_iter().map(keyed));
            }
            if let Some(truth) = &mut prediction.truth {
                files.push((format!("prediction[{place}].truth.path"), &mut truth.path));
            }
        }
        files
    }
}

pub(super) fn default_seed() -> u64 {
    1
}

/// Whether `name` can be that of a run, a model or bottlenecks: one file or folder on any system.
pub fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().all(allowed) && !name.starts_with(['.', '-']) && name.len() <= 200
}

pub(in crate::job) fn is_folder_name(name: &str, _context: &()) -> garde::Result {
    if is_plain_name(name) {
        Ok(())
    } else {
        Err(garde::Error::new(
            "may hold up to 200 letters, digits, `-`, `_` and `.`, and starts with a letter or digit",
        ))
    }
}
