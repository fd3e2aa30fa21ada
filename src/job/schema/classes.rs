//! The facies of a job.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess};
use serde::{Deserialize, Serialize};

use super::by_shape::{ByShape, by_shape};
use crate::grid::Color;

/// One facies: `salt`, or `{name: salt, color: "#FF00FF"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Validate)]
pub struct ClassEntry {
    /// Name as the interpreter wrote it.
    #[garde(length(chars, min = 1, max = 100))]
    pub name: String,
    /// Colour in every figure and file; one that colour-blind readers can tell apart if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub color: Option<Color>,
}

impl<'de> Deserialize<'de> for ClassEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for ClassEntry {
    const EXPECTED: &'static str = "a class name (numbers in quotes), or `{name: ..., color: \"#RRGGBB\"}`";

    fn from_text<E>(text: &str) -> Result<Self, E> {
        Ok(Self { name: text.to_owned(), color: None })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            name: String,
            color: Option<Color>,
        }
        let Long { name, color } = Long::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { name, color })
    }
}

impl JsonSchema for ClassEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClassEntry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One facies: its name, or its name and colour.",
            "anyOf": [
                { "type": "string", "minLength": 1, "maxLength": 100 },
                {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string", "minLength": 1, "maxLength": 100 },
                        "color": { "type": ["string", "null"], "pattern": "^#[0-9A-Fa-f]{6}$" },
                    },
                    "required": ["name"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
