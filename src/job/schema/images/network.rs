//! Which network of pictures.

use std::path::PathBuf;

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::super::Pooling;
use crate::dataset::pictures::{Fit, MOST_SIDE};
use crate::network::Backbone;

/// Which network, how it sees pictures, and what end it gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `backbone`")]
pub struct PictureNetwork {
    /// The network: `vgg16`, `mobilenet_v2` ...
    #[schemars(schema_with = "backbones")]
    #[garde(skip)]
    pub backbone: Backbone,
    /// Its pretrained weights (.safetensors, .pth, Keras' .h5); random ones if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub weights: Option<PathBuf>,
    /// Rows and columns that it sees; as published if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 16, max = MOST_SIDE)))]
    pub size: Option<usize>,
    /// What becomes of pictures of another proportion: `stretch` or `crop`.
    #[serde(default)]
    #[schemars(schema_with = "fits")]
    #[garde(skip)]
    pub fit: Fit,
    /// What becomes of the last map before the end: the mean of each channel, or all its values.
    #[serde(default = "average")]
    #[garde(skip)]
    pub pooling: Pooling,
    /// Widths of the fully connected layers between features and classes.
    #[serde(default)]
    #[garde(length(max = 8), inner(range(min = 1, max = 65_536)))]
    pub head: Vec<usize>,
    /// Share of the values dropped after each of them, or before the classes where there are none, while training.
    #[serde(default = "half")]
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl PictureNetwork {
    /// Rows and columns that it sees.
    pub fn side(&self) -> usize {
        self.size.unwrap_or(self.backbone.published_side())
    }
}

fn average() -> Pooling {
    Pooling::Average
}

fn half() -> f64 {
    0.5
}

fn backbones(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Backbone::ALL.map(Backbone::name) })
}

fn fits(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["stretch", "crop"] })
}
