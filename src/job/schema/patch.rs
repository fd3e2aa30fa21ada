//! What a network sees round one voxel.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The window round one voxel from which its class is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `size`, `plane` and `padding`")]
pub struct Patch {
    /// Side in voxels; the voxel stands at index `size / 2` in both directions.
    #[garde(range(min = 3, max = 1025))]
    pub size: usize,
    /// The sections that patches are cut from.
    #[garde(skip)]
    pub plane: PatchPlane,
    /// What lies outside the survey.
    #[garde(skip)]
    pub padding: PatchPadding,
}

impl Default for Patch {
    fn default() -> Self {
        Self { size: 65, plane: PatchPlane::default(), padding: PatchPadding::default() }
    }
}

/// The sections that patches are cut from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatchPlane {
    /// Inlines.
    #[default]
    Inline,
    /// Crosslines.
    Crossline,
    /// Both, each labelled section in its own plane.
    Both,
}

/// What lies outside the survey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatchPadding {
    /// Amplitude zero.
    #[default]
    Zero,
    /// The section mirrored at its edge.
    Reflect,
    /// The outermost trace or sample, repeated.
    Edge,
}
