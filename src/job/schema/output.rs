//! What a run writes.

use super::PredictionOutput;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a run writes beside model, metrics and report: what is named here, or volumes and figures if the section is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `hdf5`, `segy`, `figures` and `tensorboard`")]
pub struct Output {
    /// The interpreted volumes as one HDF5 file, `facies.h5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub hdf5: Option<Hdf5Output>,
    /// Volumes as SEG-Y with the input's traces and headers; `facies.sgy` if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub segy: Option<SegyOutput>,
    /// Pictures in `figures/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub figures: Option<Figures>,
    /// The course of training for TensorBoard, in `tensorboard/`; only where it is named, because it holds times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub tensorboard: Option<TensorBoard>,
}

/// The event file for TensorBoard: loss, accuracy, learning rate and validation scores of every epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `every`")]
pub struct TensorBoard {
    /// Loss, accuracy and learning rate are written after so many steps, too.
    #[garde(range(min = 1))]
    pub every: u64,
}

impl Default for TensorBoard {
    fn default() -> Self {
        Self { every: 10 }
    }
}

impl Output {
    /// What is made from predictions.
    pub fn of_predictions(&self) -> Self {
        Self { tensorboard: None, ..self.clone() }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self {
            hdf5: Some(Hdf5Output {}),
            segy: Some(SegyOutput::default()),
            figures: Some(Figures::default()),
            tensorboard: None,
        }
    }
}

/// The HDF5 file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "`{}`")]
pub struct Hdf5Output {}

/// The SEG-Y files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "`{}` or a map with `volumes`")]
pub struct SegyOutput {
    /// Which volumes: `class` is `facies.sgy`, `probability` is one `probability-CLASS.sgy` for each class, every other has
    /// its own name, as `entropy.sgy`. A prediction must have what is asked for among its `outputs`.
    pub volumes: Vec<PredictionOutput>,
}

impl Default for SegyOutput {
    fn default() -> Self {
        Self { volumes: vec![PredictionOutput::Class] }
    }
}

/// Sections that are drawn, with labels, prediction and how sure it is, as `prediction.outputs` says. If none is named: the
/// labelled ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `inlines`, `crosslines` and `time_slices`")]
pub struct Figures {
    /// Inline numbers.
    #[garde(length(max = 1000))]
    pub inlines: Vec<i32>,
    /// Crossline numbers.
    #[garde(length(max = 1000))]
    pub crosslines: Vec<i32>,
    /// Times in ms, or depths in m.
    #[garde(length(max = 1000))]
    pub time_slices: Vec<f64>,
}
