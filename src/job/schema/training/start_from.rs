//! Weights of an earlier run to start from.

use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{ByShape, by_shape};

/// Weights of an earlier run to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFrom {
    /// Its model file; a job may name the run folder instead.
    pub path: PathBuf,
    /// What becomes of the layers behind the features.
    pub head: StartHead,
}

/// What becomes of the layers between features and classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartHead {
    /// They go on with their weights; the classes must be the same.
    #[default]
    Keep,
    /// They begin with fresh weights; for other classes, or another head.
    Fresh,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `path` and `head`")]
struct Map {
    /// Folder of a finished run, or a model file.
    path: PathBuf,
    /// `keep`: the layers between features and classes go on with their weights, the classes must be the same. `fresh`: they
    /// begin anew, for other classes or another head.
    #[serde(default)]
    head: StartHead,
}

impl Serialize for StartFrom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Map { path: self.path.clone(), head: self.head }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StartFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for StartFrom {
    const EXPECTED: &'static str = "the folder of a finished run, a model file, or a map with `path` and `head`";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        Ok(Self { path: text.into(), head: StartHead::Keep })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let Map { path, head } = Map::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { path, head })
    }
}

impl JsonSchema for StartFrom {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StartFrom".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<Map>();
        json_schema!({
            "description": "Weights of an earlier run to start from.",
            "anyOf": [{ "type": "string" }, map],
        })
    }
}
