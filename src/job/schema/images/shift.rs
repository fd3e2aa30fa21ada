//! How far pictures are shifted, and what is seen beyond their edges.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{Amount, ByShape, by_shape};
use crate::dataset::Padding;

/// Shift as a share of each side: one amount, or one across and one down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// To the left and right, as a share of the width.
    pub across: Amount,
    /// Up and down, as a share of the height.
    pub down: Amount,
}

/// What is seen where a picture ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// The picture mirrored.
    #[default]
    Reflect,
    /// Its first or last pixel, repeated.
    Edge,
    /// Black.
    Black,
}

impl Shift {
    /// No shift.
    pub const NONE: Self = Self { across: Amount::NONE, down: Amount::NONE };
}

impl From<Beyond> for Padding {
    fn from(beyond: Beyond) -> Self {
        match beyond {
            Beyond::Reflect => Self::Reflect,
            Beyond::Edge => Self::Edge,
            Beyond::Black => Self::Zero,
        }
    }
}

impl Serialize for Shift {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { across, down } = *self;
        if across == down { across.serialize(serializer) } else { [across, down].serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Shift {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Shift {
    const EXPECTED: &'static str = "an amount, or two: `[across, down]`";

    fn from_number<E: Error>(number: f64) -> Result<Self, E> {
        let amount = Amount::from_number(number)?;
        Ok(Self { across: amount, down: amount })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let amount = Amount::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { across: amount, down: amount })
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        let amounts = Vec::<Amount>::deserialize(SeqAccessDeserializer::new(list))?;
        match amounts[..] {
            [across, down] => Ok(Self { across, down }),
            _ => Err(A::Error::invalid_length(amounts.len(), &Self::EXPECTED)),
        }
    }
}

impl JsonSchema for Shift {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Shift".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let amount = generator.subschema_for::<Amount>();
        json_schema!({
            "description": "Shift as a share of each side: one amount, or one across and one down.",
            "anyOf": [amount, { "type": "array", "items": amount, "minItems": 2, "maxItems": 2 }],
        })
    }
}
