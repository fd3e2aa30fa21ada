//! How a network of pictures learns.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{Adam, ByShape, GradientClip, Optimizer, Schedule, by_shape};
use super::PictureChanges;

/// How a network learns: its end first, on what the frozen network makes of each picture, which takes seconds; then, where asked for,
/// more of the network on the pictures themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `head`")]
pub struct PictureTraining {
    /// How the end learns.
    #[garde(dive)]
    pub head: Course,
    /// What learns afterwards besides the end: `last_block`, `all`, or so many of the last layers as Keras counts them; nothing if
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub fine_tune: Option<TunedLayers>,
    /// How that learns; 10 epochs of Adam at a rate of 1e-4 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub tuning: Option<Course>,
    /// Random changes of the pictures meanwhile.
    #[serde(default)]
    #[garde(dive)]
    pub augmentation: PictureChanges,
}

/// How weights learn from beginning to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `epochs` or `steps`")]
pub struct Course {
    /// Times that every picture is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    pub epochs: Option<u64>,
    /// Steps of one batch each, instead of epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    pub steps: Option<u64>,
    /// Pictures of one step.
    #[garde(range(min = 1, max = 65_536))]
    pub batch: usize,
    /// How weights follow gradients.
    #[garde(dive)]
    pub optimizer: Optimizer,
    /// How the learning rate goes on.
    #[garde(dive)]
    pub schedule: Schedule,
    /// Whether all classes are drawn equally often, instead of all pictures.
    #[garde(skip)]
    pub balanced: bool,
    /// Epochs without a lower validation loss that are borne before training ends; it never ends early if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub patience: Option<u64>,
    /// How gradients are kept small; as they are if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub gradient_clip: Option<GradientClip>,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            epochs: None,
            steps: None,
            batch: 16,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            balanced: false,
            patience: None,
            gradient_clip: None,
        }
    }
}

impl Course {
    /// That of `tuning`, if it is left out.
    pub fn of_tuning() -> Self {
        let optimizer = Optimizer::Adam(Adam { learning_rate: 1e-4, ..Adam::default() });
        Self { epochs: Some(10), optimizer, ..Self::default() }
    }
}

/// How much of a network learns besides its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunedLayers {
    /// Its last block.
    LastBlock,
    /// All of it.
    All,
    /// So many of its last layers.
    Last(usize),
}

impl Serialize for TunedLayers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::LastBlock => serializer.serialize_str("last_block"),
            Self::All => serializer.serialize_str("all"),
            Self::Last(count) => serializer.serialize_u64(*count as u64),
        }
    }
}

impl<'de> Deserialize<'de> for TunedLayers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for TunedLayers {
    const EXPECTED: &'static str = "`last_block`, `all`, or a number of layers";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "last_block" => Ok(Self::LastBlock),
            "all" => Ok(Self::All),
            _ => Err(E::invalid_value(Unexpected::Str(text), &Self::EXPECTED)),
        }
    }

    fn from_number<E: Error>(number: f64) -> Result<Self, E> {
        if number.fract() == 0.0 && (1.0..=10_000.0).contains(&number) {
            Ok(Self::Last(number as usize))
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &Self::EXPECTED))
        }
    }
}

impl JsonSchema for TunedLayers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TunedLayers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How much of a network learns besides its end.",
            "anyOf": [{ "enum": ["last_block", "all"] }, { "type": "integer", "minimum": 1, "maximum": 10_000 }],
        })
    }
}
