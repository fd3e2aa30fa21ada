//! Splits that every labelled voxel is tested in once.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Several runs, each of which tests another part of the labelled voxels, and all of them together every voxel once.
///
/// Each fold trains and scores in a folder of its own, `fold-1` and so on, within the run's folder, which holds the mean and
/// the spread of every score. Nothing is interpreted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `count` and `of`")]
pub struct FoldSplit {
    /// How many folds.
    #[garde(range(min = 2, max = 100))]
    pub count: usize,
    /// Carries out this one alone, from 1, as a run of its own; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 100)))]
    pub fold: Option<usize>,
    /// What the folds are made of.
    #[garde(dive)]
    pub of: FoldUnit,
}

/// What folds are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum FoldUnit {
    /// Stretches of traces along the section.
    Stripes(#[garde(dive)] StripeFolds),
    /// Rectangles of the section, dealt out so that every class comes as evenly as can be into every fold.
    Blocks(#[garde(dive)] BlockFolds),
}

/// Folds of stripes: of every period, each fold tests another part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `period` and `gap`")]
pub struct StripeFolds {
    /// Traces after which the stripes repeat. A fold tests `period / count` traces of it; with the traces of the whole line,
    /// or more, it tests one stretch.
    #[garde(range(min = 2, max = 4_000_000))]
    pub period: usize,
    /// Traces left out on both sides of a test stripe; half a patch keeps training voxels out of test patches.
    #[garde(range(max = 1_000_000))]
    pub gap: usize,
    /// Traces at the end of each training stripe that validate instead; a gap of its own goes before them.
    #[serde(default)]
    #[garde(range(max = 1_000_000))]
    pub validation: usize,
}

/// Folds of blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `traces`, `samples` and `gap`")]
pub struct BlockFolds {
    /// Traces of a block.
    #[garde(range(min = 1, max = 1_000_000))]
    pub traces: usize,
    /// Samples of a block.
    #[garde(range(min = 1, max = 1_000_000))]
    pub samples: usize,
    /// Voxels left out between blocks of different use.
    #[garde(range(max = 1_000_000))]
    pub gap: usize,
    /// Whether the blocks that the next fold tests validate.
    #[serde(default)]
    #[garde(skip)]
    pub validation: bool,
}
