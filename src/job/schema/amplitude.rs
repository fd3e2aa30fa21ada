//! From recorded amplitudes to what a network sees.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess};
use serde::{Deserialize, Serialize, Serializer};

use super::by_shape::{ByShape, by_shape};

/// From recorded amplitudes to what a network sees: clipped, then scaled to [-1, 1] with zero at 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `clip` and `as_recorded`")]
pub struct Amplitude {
    /// Where amplitudes are clipped: `{percentile: 99}` of |amplitude| over the whole cube, `{absolute: 5000}`, or
    /// `[low, high]` in recorded amplitudes.
    #[serde(default)]
    #[garde(custom(encloses_a_range))]
    pub clip: Clip,
    /// Whether the network sees amplitudes as they were recorded, in the thousands where they are; only pictures are clipped
    /// then. Pretrained layers get them without the normalisation of their pictures. It is what the code of Dramsch and Lüthje
    /// (2018) does, and here to be compared with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[garde(skip)]
    pub as_recorded: bool,
}

/// Where amplitudes are clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Symmetric about zero, at this percentile (0 to 100) of |amplitude| over the whole cube.
    Percentile(f64),
    /// Symmetric about zero, at this amplitude.
    Absolute(f32),
    /// At these two amplitudes.
    Bounds([f32; 2]),
}

/// The forms of [`Clip`] that are maps.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClipForm {
    Percentile(f64),
    Absolute(f32),
}

impl Default for Clip {
    fn default() -> Self {
        Self::Percentile(99.0)
    }
}

impl Serialize for Clip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Percentile(percentile) => ClipForm::Percentile(percentile).serialize(serializer),
            Self::Absolute(amplitude) => ClipForm::Absolute(amplitude).serialize(serializer),
            Self::Bounds(bounds) => bounds.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Clip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Clip {
    const EXPECTED: &'static str = "`{percentile: 99}`, `{absolute: 5000}` or `[low, high]`";

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        <[f32; 2]>::deserialize(SeqAccessDeserializer::new(list)).map(Self::Bounds)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Ok(match ClipForm::deserialize(MapAccessDeserializer::new(map))? {
            ClipForm::Percentile(percentile) => Self::Percentile(percentile),
            ClipForm::Absolute(amplitude) => Self::Absolute(amplitude),
        })
    }
}

impl JsonSchema for Clip {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clip".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let single = |key: &str, most: Option<f64>| {
            let mut value = json_schema!({ "type": "number", "exclusiveMinimum": 0 });
            if let Some(most) = most {
                value.insert("maximum".to_owned(), most.into());
            }
            json_schema!({
                "type": "object", "properties": { key: value }, "required": [key], "additionalProperties": false,
            })
        };
        json_schema!({
            "description": "Where amplitudes are clipped.",
            "anyOf": [
                single("percentile", Some(100.0)),
                single("absolute", None),
                { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
            ],
        })
    }
}

pub(super) fn encloses_a_range(clip: &Clip, _context: &()) -> garde::Result {
    let (fits, rule) = match *clip {
        Clip::Percentile(percentile) => {
            (percentile > 0.0 && percentile <= 100.0, "percentile lies above 0 and is at most 100")
        }
        Clip::Absolute(amplitude) => (amplitude > 0.0, "absolute is above 0"),
        Clip::Bounds([low, high]) => (low < high, "the first bound is less than the second"),
    };
    if fits { Ok(()) } else { Err(garde::Error::new(rule)) }
}
