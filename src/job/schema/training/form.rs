//! What one step of training looks at.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one optimiser step looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum TrainingForm {
    /// Crops of sections, in which every labelled voxel counts; needs `padding: valid`.
    Dense(#[garde(dive)] DenseForm),
    /// One patch per labelled voxel.
    Patch(#[garde(dive)] PatchForm),
}

/// Training on crops of sections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `crop` and `crops_per_step`")]
pub struct DenseForm {
    /// Side of a crop, in voxels that get a class; the network sees its receptive field more.
    #[garde(range(min = 1, max = 4096))]
    pub crop: usize,
    /// Crops in one step.
    #[garde(range(min = 1, max = 4096))]
    pub crops_per_step: usize,
    /// Least share of a crop's voxels that are labelled.
    #[garde(range(min = 0.0, max = 1.0))]
    pub labelled_at_least: f64,
}

impl Default for DenseForm {
    fn default() -> Self {
        Self { crop: 48, crops_per_step: 6, labelled_at_least: 0.2 }
    }
}

/// Training on patches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `batch`")]
pub struct PatchForm {
    /// Patches in one step.
    #[garde(range(min = 2, max = 65_536))]
    pub batch: usize,
    /// Whether every class is drawn equally often.
    #[garde(skip)]
    pub balanced: bool,
}

impl Default for PatchForm {
    fn default() -> Self {
        Self { batch: 256, balanced: false }
    }
}
