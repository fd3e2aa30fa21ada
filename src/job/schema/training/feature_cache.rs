//! Memory for the features of frozen layers.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{ByShape, MemorySize, by_shape};

/// Memory for the features of frozen layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureCache {
    /// A quarter of what is free.
    #[default]
    Auto,
    /// None.
    Off,
    /// So much.
    Size(MemorySize),
}

impl Serialize for FeatureCache {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Off => serializer.serialize_str("off"),
            Self::Size(size) => size.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FeatureCache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for FeatureCache {
    const EXPECTED: &'static str = "`auto`, `off`, or an amount of memory with its unit, such as `2 GiB`";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => MemorySize::from_text(text)
                .map(Self::Size)
                .map_err(|_: E| E::invalid_value(Unexpected::Str(text), &Self::EXPECTED)),
        }
    }
}

impl JsonSchema for FeatureCache {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FeatureCache".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<MemorySize>();
        json_schema!({
            "description": "Memory for the features of frozen layers.",
            "anyOf": [{ "enum": ["auto", "off"] }, size],
        })
    }
}
