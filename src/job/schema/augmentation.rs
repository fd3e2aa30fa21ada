//! Random changes to what a network sees while it learns.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess};
use serde::{Deserialize, Serialize, Serializer};

use super::by_shape::{ByShape, by_shape};
use crate::dataset;

/// Random changes to what is seen, anew each time. Angles and stretches are those of the grid, where one trace is as far
/// as one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `mirror`, `stretch`, `tilt`, `noise` or others")]
pub struct Augmentation {
    /// Probability of mirroring along the line.
    #[garde(range(min = 0.0, max = 1.0))]
    pub mirror: f64,
    /// Vertical stretch, up to 0.5: with 0.2 layers are up to 20 % thicker or thinner.
    #[garde(custom(at_most(dataset::Augmentation::MOST_STRETCH)))]
    pub stretch: Amount,
    /// Rotation in degrees, to either side, up to 180.
    #[garde(custom(at_most(dataset::Augmentation::MOST_ROTATION)))]
    pub rotation: Amount,
    /// Dip added to every layer in degrees, to either side, up to 60: traces are shifted up or down against each other.
    #[garde(custom(at_most(dataset::Augmentation::MOST_TILT)))]
    pub tilt: Amount,
    /// All amplitudes are multiplied by one factor, drawn from this range.
    #[garde(custom(is_factor_range))]
    pub amplitude_scale: [f32; 2],
    /// Probability that amplitudes change their sign.
    #[garde(range(min = 0.0, max = 1.0))]
    pub polarity: f64,
    /// Random band-pass along the traces.
    #[garde(dive)]
    pub band_limit: BandLimit,
    /// Standard deviation of added noise, as a share of the root mean square of what is seen, up to 10.
    #[garde(custom(at_most(dataset::Augmentation::MOST_NOISE)))]
    pub noise: Amount,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            mirror: 0.0,
            stretch: Amount::NONE,
            rotation: Amount::NONE,
            tilt: Amount::NONE,
            amplitude_scale: [1.0, 1.0],
            polarity: 0.0,
            band_limit: BandLimit::default(),
            noise: Amount::NONE,
        }
    }
}

/// How far a change may go, drawn evenly each time: a number, or a map that also says how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// The amount is drawn evenly up to this; to both sides where it has a sign.
    pub up_to: f64,
    /// Probability that the change is made at all.
    pub probability: f64,
}

impl Amount {
    /// No change.
    pub const NONE: Self = Self { up_to: 0.0, probability: 1.0 };
}

/// Random band-pass along the traces. Frequencies are parts of the highest that the sampling holds: at 4 ms, 1 is 125 Hz.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `low`, `high` and `probability`")]
pub struct BandLimit {
    /// Range that the lower edge is drawn from.
    #[garde(custom(is_part_range))]
    pub low: [f64; 2],
    /// Range that the upper edge is drawn from; above that of the lower edge.
    #[garde(custom(is_part_range), custom(is_above(self.low)))]
    pub high: [f64; 2],
    /// How often there is a band-pass at all.
    #[garde(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

impl Default for BandLimit {
    fn default() -> Self {
        Self { low: [0.0, 0.0], high: [1.0, 1.0], probability: 1.0 }
    }
}

/// The long form of [`Amount`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a map with `up_to` and `probability`")]
struct LongAmount {
    up_to: f64,
    #[serde(default = "always")]
    probability: f64,
}

fn always() -> f64 {
    1.0
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { up_to, probability } = *self;
        if probability == 1.0 {
            serializer.serialize_f64(up_to)
        } else {
            LongAmount { up_to, probability }.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Amount {
    const EXPECTED: &'static str = "a number, or a map with `up_to` and `probability`";

    fn from_number<E: Error>(up_to: f64) -> Result<Self, E> {
        Ok(Self { up_to, ..Self::NONE })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let LongAmount { up_to, probability } = LongAmount::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { up_to, probability })
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How far a change may go, drawn evenly each time: a number, or a map that also says how often.",
            "anyOf": [
                { "type": "number", "minimum": 0 },
                {
                    "type": "object",
                    "properties": {
                        "up_to": { "type": "number", "minimum": 0 },
                        "probability": { "type": "number", "minimum": 0, "maximum": 1, "default": 1 },
                    },
                    "required": ["up_to"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

pub(super) fn at_most(most: f64) -> impl FnOnce(&Amount, &()) -> garde::Result {
    move |amount, _context| {
        if !(0.0..=most).contains(&amount.up_to) {
            return Err(garde::Error::new(format!("goes from 0 to {most}")));
        }
        if !(0.0..=1.0).contains(&amount.probability) {
            return Err(garde::Error::new("has a `probability` from 0 to 1"));
        }
        Ok(())
    }
}

fn is_factor_range([low, high]: &[f32; 2], _context: &()) -> garde::Result {
    if *low > 0.0 && low <= high && *high <= 100.0 {
        Ok(())
    } else {
        Err(garde::Error::new("is a range of factors above 0, the smaller one first"))
    }
}

fn is_part_range([low, high]: &[f64; 2], _context: &()) -> garde::Result {
    if *low >= 0.0 && low <= high && *high <= 1.0 {
        Ok(())
    } else {
        Err(garde::Error::new("is a range within 0 to 1, the smaller one first"))
    }
}

fn is_above([_, low_end]: [f64; 2]) -> impl FnOnce(&[f64; 2], &()) -> garde::Result {
    move |[high, _], _context| {
        if *high > low_end { Ok(()) } else { Err(garde::Error::new("lies above the range of `low`")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Augmentation, String> {
        serde_saphyr::from_str_valid(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn amounts_have_a_short_and_a_long_form_that_come_back() {
        let yaml = "{mirror: 0.5, stretch: 0.2, tilt: {up_to: 15, probability: 0.25}, rotation: {up_to: 5}}";
        let read = read(yaml).unwrap();
        assert_eq!(read.stretch, Amount { up_to: 0.2, probability: 1.0 });
        assert_eq!(read.tilt, Amount { up_to: 15.0, probability: 0.25 });
        assert_eq!(read.rotation, Amount { up_to: 5.0, probability: 1.0 });
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<Augmentation>(written).unwrap(), read);
    }

    #[test]
    fn ranges_are_checked() {
        for (yaml, words) in [
            ("{mirror: 1.5}", "mirror"),
            ("{stretch: 0.6}", "goes from 0 to 0.5"),
            ("{stretch: -0.1}", "goes from 0 to 0.5"),
            ("{rotation: 200}", "goes from 0 to 180"),
            ("{tilt: 61}", "goes from 0 to 60"),
            ("{tilt: {up_to: 5, probability: 2}}", "`probability` from 0 to 1"),
            ("{tilt: {probability: 0.5}}", "up_to"),
            ("{tilt: steep}", "a number, or a map"),
            ("{amplitude_scale: [1.2, 0.8]}", "the smaller one first"),
            ("{polarity: -1}", "polarity"),
            ("{noise: 11}", "goes from 0 to 10"),
            ("{band_limit: {low: [0.2, 0.1]}}", "the smaller one first"),
            ("{band_limit: {low: [0, 0.3], high: [0.3, 1]}}", "above the range of `low`"),
        ] {
            let refused = read(yaml).unwrap_err();
            assert!(refused.contains(words), "{yaml}: {refused}");
        }
    }
}
