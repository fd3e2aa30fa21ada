//! Which labelled voxels train, test and validate.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FoldSplit;

/// Which labelled voxels train, and which are kept back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// All train; nothing is left to test on.
    #[default]
    None,
    /// Alternating stretches of traces along the section, with gaps. The honest one for a single section.
    Stripes(#[garde(dive)] StripeSplit),
    /// Rectangles of the section, with gaps between those of different use.
    Blocks(#[garde(dive)] BlockSplit),
    /// Several runs, each of which tests another part, and all of them together every labelled voxel once.
    Folds(#[garde(dive)] FoldSplit),
    /// Lines of lower number train, those of higher number test.
    Sides(#[garde(dive)] SideSplit),
    /// Voxels drawn at random. Neighbours fall on both sides, so the test says little; the report counts how many.
    Random(#[garde(dive)] RandomSplit),
}

/// Stripes of traces: train, gap, test, gap, and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `train`, `gap` and `test`")]
pub struct StripeSplit {
    /// Traces that train.
    #[garde(range(min = 1, max = 1_000_000))]
    pub train: usize,
    /// Traces left out on both sides of a test stripe; half a patch keeps training voxels out of test patches.
    #[garde(range(max = 1_000_000))]
    pub gap: usize,
    /// Traces that test.
    #[garde(range(min = 1, max = 1_000_000))]
    pub test: usize,
    /// Traces by which the stripes are shifted.
    #[serde(default)]
    #[garde(range(max = 4_000_000))]
    pub offset: usize,
    /// Traces at the end of each training stripe that validate instead; a gap of its own goes before them.
    #[serde(default)]
    #[garde(range(max = 1_000_000))]
    pub validation: usize,
}

/// Rectangular blocks, dealt out so that every class comes close to its shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `traces`, `samples`, `gap` and `test`")]
pub struct BlockSplit {
    /// Traces of a block.
    #[garde(range(min = 1, max = 1_000_000))]
    pub traces: usize,
    /// Samples of a block.
    #[garde(range(min = 1, max = 1_000_000))]
    pub samples: usize,
    /// Voxels left out between blocks of different use.
    #[garde(range(max = 1_000_000))]
    pub gap: usize,
    /// Share of the labelled voxels that test.
    #[garde(range(min = 0.0, max = 0.9))]
    pub test: f64,
    /// Share of the labelled voxels that validate.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 0.9))]
    pub validation: f64,
}

/// Two sides of the line: lower numbers train, higher numbers test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `at` and `gap`")]
pub struct SideSplit {
    /// Which lines are counted.
    #[serde(default)]
    #[garde(skip)]
    pub lines: SideLines,
    /// Number of the first line that no longer trains.
    #[garde(skip)]
    pub at: i32,
    /// The same for single classes, by name: for those that lie to one side of `at`. Where boundaries differ by less than a
    /// patch, test voxels of one class see training voxels of another; the report counts them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[garde(skip)]
    pub classes: BTreeMap<String, i32>,
    /// Lines left out from the boundary on.
    #[garde(range(max = 1_000_000))]
    pub gap: usize,
    /// Lines before the boundary that validate instead; a gap of its own goes before them.
    #[serde(default)]
    #[garde(range(max = 1_000_000))]
    pub validation: usize,
}

/// Which lines divide a section into sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideLines {
    /// Crosslines: the traces of an inline.
    #[default]
    Crosslines,
    /// Inlines: the traces of a crossline.
    Inlines,
}

/// Voxels drawn at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `test`")]
pub struct RandomSplit {
    /// Share of the voxels that test.
    #[garde(range(min = 0.0, max = 0.9))]
    pub test: f64,
    /// Share of the voxels that validate.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 0.9))]
    pub validation: f64,
}
