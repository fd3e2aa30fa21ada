//! Where an interpretation comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Serialize};

use super::by_shape::{ByShape, by_shape};
use crate::grid::Color;

/// One file of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// Picked points of one class: lines of inline, crossline and time or depth (MalenoV, OpendTect).
    Points(#[garde(dive)] PointLabels),
    /// Picked points of all classes: lines of inline, crossline, time or depth, and class.
    Ixz(#[garde(dive)] IxzLabels),
    /// A painted section: a PNG with one pixel per trace and sample. A path, or a map.
    Section(
        #[serde(deserialize_with = "by_shape")]
        #[schemars(schema_with = "section_schema")]
        #[garde(dive)]
        SectionLabels,
    ),
}

/// Picked points of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `class` and `path`")]
pub struct PointLabels {
    /// The class of all points in the file.
    #[garde(skip)]
    pub class: String,
    /// The file.
    #[garde(skip)]
    pub path: PathBuf,
}

/// Picked points of all classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `path`")]
pub struct IxzLabels {
    /// The file.
    #[garde(skip)]
    pub path: PathBuf,
    /// Number of the first class in the file: 0 or 1. With 1, 0 is "no class".
    #[serde(default)]
    #[garde(range(max = 1))]
    pub base: u8,
}

/// A painted section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SectionLabels {
    /// The picture: as wide as the section has traces, as high as these have samples. Indexed: the index is the class.
    /// RGB: the colour is.
    #[garde(skip)]
    pub path: PathBuf,
    /// Inline that is painted; if left out, the name says it (`inline_339.png`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub inline: Option<i32>,
    /// Crossline that is painted; if left out, the name says it (`crossline_1155.png`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub crossline: Option<i32>,
    /// Colour of each class in an RGB picture; the colours of `classes` if left out. Other colours are unlabelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    #[garde(skip)]
    pub colors: Option<BTreeMap<String, Color>>,
    /// Index of the first class in an indexed picture: 0 or 1. With 1, 0 is "no class".
    #[serde(default)]
    #[garde(range(max = 1))]
    pub base: u8,
}

impl LabelSource {
    /// The key that tells the kinds apart.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Points(_) => "points",
            Self::Ixz(_) => "ixz",
            Self::Section(_) => "section",
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Points(points) => &points.path,
            Self::Ixz(ixz) => &ixz.path,
            Self::Section(section) => &section.path,
        }
    }

    /// The file, to resolve it.
    pub fn path_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::Points(points) => &mut points.path,
            Self::Ixz(ixz) => &mut ixz.path,
            Self::Section(section) => &mut section.path,
        }
    }
}

impl<'de> ByShape<'de> for SectionLabels {
    const EXPECTED: &'static str = "the path of a picture, or `{path: ..., inline: ...}`";

    fn from_text<E>(text: &str) -> Result<Self, E> {
        Ok(Self { path: text.into(), inline: None, crossline: None, colors: None, base: 0 })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(map))
    }
}

fn section_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<SectionLabels>()] })
}
