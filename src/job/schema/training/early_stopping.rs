//! When training ends before its last step, and whose weights it leaves.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess};
use serde::{Deserialize, Serialize};

use super::super::{ByShape, by_shape};

/// Ends training, or a phase of it, when a validation value gets no better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `monitor` and `patience`, or a list of such maps")]
pub struct EarlyStopping {
    /// What must get better.
    #[garde(skip)]
    pub monitor: Monitor,
    /// Epochs without improvement that are borne.
    #[garde(range(min = 1))]
    pub patience: u64,
    /// A better value differs from the best one by more than this.
    #[garde(range(min = 0.0, max = 1.0e6))]
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { monitor: Monitor::Loss, patience: 3, min_delta: 0.0 }
    }
}

/// A score of the validation share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Cross entropy; of this and `mae`, less is better.
    #[default]
    Loss,
    /// Share of voxels classified rightly.
    Accuracy,
    /// Mean recall of the classes.
    BalancedAccuracy,
    /// Mean F1 of the classes.
    MacroF1,
    /// Mean intersection over union of the classes.
    MeanIou,
    /// Cohen's kappa.
    Kappa,
    /// Intersection over union, weighted by the frequency of the classes.
    Fwiu,
    /// Area under the ROC curve, mean of the classes against the rest.
    RocAuc,
    /// Mean absolute error of the probabilities, as the published table counts it.
    Mae,
}

/// Whose weights training leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those of the best epoch as `model.safetensors`.
    #[default]
    Best,
    /// Those of the last epoch as `model.safetensors`.
    Last,
    /// Those of the best epoch, and those of the last one as `model-last.safetensors`.
    Both,
}

/// One watch, or a list of them.
struct OneOrMany(Vec<EarlyStopping>);

impl<'de> ByShape<'de> for OneOrMany {
    const EXPECTED: &'static str = "a map with `monitor` and `patience`, or a list of such maps";

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        EarlyStopping::deserialize(MapAccessDeserializer::new(map)).map(|one| Self(vec![one]))
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EarlyStopping>, D::Error> {
    // `null` takes them away again, from the command line.
    Ok(Option::<OneOrMany>::deserialize(deserializer)?.map_or_else(Vec::new, |OneOrMany(watches)| watches))
}

pub(super) fn one_or_many_schema(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<EarlyStopping>();
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }], "default": [] })
}
