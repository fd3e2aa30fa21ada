//! Weight of each class in the loss.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{ByShape, by_shape};

/// Weight of each class in the loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All equal.
    #[default]
    None,
    /// One over the class's share of the training voxels.
    Inverse,
    /// One over the square root of that share.
    InverseSqrt,
    /// One for each class, in code order.
    Given(Vec<f32>),
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Inverse => serializer.serialize_str("inverse"),
            Self::InverseSqrt => serializer.serialize_str("inverse_sqrt"),
            Self::Given(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for ClassWeights {
    const EXPECTED: &'static str = "`none`, `inverse`, `inverse_sqrt`, or a list of numbers";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "none" => Ok(Self::None),
            "inverse" => Ok(Self::Inverse),
            "inverse_sqrt" => Ok(Self::InverseSqrt),
            _ => Err(E::invalid_value(Unexpected::Str(text), &Self::EXPECTED)),
        }
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self::Given)
    }
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Weight of each class in the loss.",
            "anyOf": [
                { "enum": ["none", "inverse", "inverse_sqrt"] },
                { "type": "array", "items": { "type": "number", "minimum": 0 } },
            ],
        })
    }
}
