//! Which pictures train, validate and test.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which pictures of `input.images.folder` train, and which are kept back. Pictures that look the same stay together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum PictureSplit {
    /// All train; nothing is left to test on.
    #[default]
    None,
    /// A part of each class validates, another tests.
    Shares(#[garde(dive)] PictureShares),
    /// Several runs, each of which tests another part of each class, and all of them together every picture once.
    Folds(#[garde(dive)] PictureFolds),
}

/// Parts of each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `validation` and `test`")]
pub struct PictureShares {
    /// Part of each class that validates, 0 to 1.
    #[garde(range(min = 0.0, max = 0.99))]
    pub validation: f64,
    /// Part of each class that tests, 0 to 1.
    #[garde(range(min = 0.0, max = 0.99))]
    pub test: f64,
    /// What decides about a picture.
    #[garde(skip)]
    pub by: SplitBy,
}

impl Default for PictureShares {
    fn default() -> Self {
        Self { validation: 0.1, test: 0.1, by: SplitBy::Random }
    }
}

/// What decides about a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// A draw.
    #[default]
    Random,
    /// The hash of its content, so that it stays in its set when others are added.
    Hash,
}

/// Folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `count`")]
pub struct PictureFolds {
    /// How many.
    #[garde(range(min = 2, max = 100))]
    pub count: usize,
    /// Only this one, from 1; all of them, one after the other, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub fold: Option<usize>,
}
