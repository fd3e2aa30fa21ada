//! What one step of training looks at.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Network;

/// What one optimiser step looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum TrainingForm {
    /// Crops of sections, in which every labelled voxel counts; needs `padding: valid`, or a `unet`.
    Dense(#[garde(dive)] DenseForm),
    /// One patch per labelled voxel.
    Patch(#[garde(dive)] PatchForm),
}

/// Training on crops of sections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `crop` and `crops_per_step`")]
pub struct DenseForm {
    /// Side of a crop, in voxels that get a class; 48 if left out, 192 for a U-Net. The network sees its receptive field more;
    /// a U-Net sees the crop alone, and wants a multiple of 16 (32 behind all of a ResNet).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 4096)))]
    pub crop: Option<usize>,
    /// Crops in one step; 6 if left out, 2 for a U-Net.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 4096)))]
    pub crops_per_step: Option<usize>,
    /// Least share of a crop's voxels that are labelled; 0.2 if left out, 0.02 for a U-Net. Voxels without a label do not count
    /// in the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 0.0, max = 1.0)))]
    pub labelled_at_least: Option<f64>,
}

/// Crops with all that a job leaves out filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crops {
    /// Side of a crop.
    pub crop: usize,
    /// Crops in one step.
    pub crops_per_step: usize,
    /// Least share of a crop's voxels that are labelled.
    pub labelled_at_least: f64,
}

impl DenseForm {
    /// The crops that `network` learns from.
    pub fn crops(&self, network: &Network) -> Crops {
        let usual = match network {
            Network::Unet(_) => Crops { crop: 192, crops_per_step: 2, labelled_at_least: 0.02 },
            _ => Crops { crop: 48, crops_per_step: 6, labelled_at_least: 0.2 },
        };
        Crops {
            crop: self.crop.unwrap_or(usual.crop),
            crops_per_step: self.crops_per_step.unwrap_or(usual.crops_per_step),
            labelled_at_least: self.labelled_at_least.unwrap_or(usual.labelled_at_least),
        }
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
