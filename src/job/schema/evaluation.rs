//! What is scored after training.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is scored after training. The validation and test shares always are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `training_share`, `patches` and `most_wrong`")]
pub struct Evaluation {
    /// Whether the training share is scored, too: as the finished network sees it, without dropout.
    #[garde(skip)]
    pub training_share: bool,
    /// Most voxels of each share that are scored where every voxel takes a patch of its own, spread evenly over classes and
    /// sections. Networks with a dense form score all.
    #[garde(range(min = 1, max = 100_000_000))]
    pub patches: usize,
    /// How many voxels are shown that the network is most sure of and wrong about: a picture and a table. 0 for none.
    #[garde(range(max = 200))]
    pub most_wrong: usize,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { training_share: true, patches: 5_000, most_wrong: 12 }
    }
}
