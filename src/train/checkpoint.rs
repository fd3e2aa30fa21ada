//! The state of a run on disk, from which it continues exactly.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::EpochRecord;
use crate::network::{Learner, NamedArray, NetworkError, read_arrays, write_arrays};

/// Sums over the epoch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EpochSums {
    pub(super) learning_rate: f64,
    pub(super) loss: f64,
    pub(super) steps: u64,
    pub(super) correct: u64,
    pub(super) voxels: u64,
}

/// Where a run stands, besides its weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) fingerprint: String,
    pub(super) step: u64,
    pub(super) epoch: EpochSums,
    pub(super) history: Vec<EpochRecord>,
    /// The phase under way, counted from 0.
    #[serde(default)]
    pub(super) phase: usize,
    /// Steps done before it.
    #[serde(default)]
    pub(super) phase_began: u64,
    /// Why it ends before its last step.
    pub(super) stopped: Option<String>,
    /// Whether features of the layers that it freezes are kept; unknown before its first step.
    #[serde(default)]
    pub(super) keeps_features: Option<bool>,
}

/// A checkpoint: progress, weights, optimiser state and the best weights so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub(super) progress: Progress,
    pub(super) weights: Vec<NamedArray>,
    pub(super) optimizer: Vec<NamedArray>,
    pub(super) best: Vec<NamedArray>,
}

const WEIGHTS: &str = "weights/";
const OPTIMIZER: &str = "optimizer/";
const BEST: &str = "best/";

impl Checkpoint {
    /// The state of `learner`.
    pub(super) fn of(learner: &Learner, progress: &Progress, best: &[NamedArray]) -> Result<Self, NetworkError> {
        Ok(Self {
            progress: progress.clone(),
            weights: learner.weights()?,
            optimizer: learner.optimizer_state()?,
            best: best.to_vec(),
        })
    }

    /// Whether a run with the options of this fingerprint can continue from here.
    pub fn is_of(&self, fingerprint: &str) -> bool {
        self.progress.fingerprint == fingerprint
    }

    /// Writes the checkpoint over the last one, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), NetworkError> {
        let parts = [(WEIGHTS, &self.weights), (OPTIMIZER, &self.optimizer), (BEST, &self.best)];
        let named =
            |prefix: &str, array: &NamedArray| NamedArray { name: format!("{prefix}{}", array.name), ..array.clone() };
        let arrays: Vec<NamedArray> =
            parts.iter().flat_map(|(prefix, arrays)| arrays.iter().map(move |array| named(prefix, array))).collect();
        let progress = serde_json::to_string(&self.progress).expect("plain values always serialise");
        write_arrays(path, &arrays, &progress)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read or is none.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let (mut arrays, progress) = read_arrays(path)?;
        // A file gives them in any order; a network in that of their names.
        arrays.sort_by(|one, other| one.name.cmp(&other.name));
        let progress = serde_json::from_str(&progress)
            .map_err(|error| NetworkError::NotAModel { path: path.to_owned(), reason: error.to_string() })?;
        let part = |prefix: &str| -> Vec<NamedArray> {
            let stripped = |array: &NamedArray| Some((array.name.strip_prefix(prefix)?.to_owned(), array.clone()));
            arrays.iter().filter_map(stripped).map(|(name, array)| NamedArray { name, ..array }).collect()
        };
        Ok(Self { progress, weights: part(WEIGHTS), optimizer: part(OPTIMIZER), best: part(BEST) })
    }
}
