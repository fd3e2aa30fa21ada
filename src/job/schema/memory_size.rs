//! An amount of memory.

use std::fmt;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use super::{ByShape, by_shape};

/// Bytes with their unit: `2 GiB`, `500 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySize {
    /// The amount in bytes.
    pub bytes: u64,
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", ByteSize(self.bytes).display().iec())
    }
}

impl Serialize for MemorySize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In bytes: the short form would be rounded.
        serializer.serialize_str(&format!("{} B", self.bytes))
    }
}

impl<'de> Deserialize<'de> for MemorySize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for MemorySize {
    const EXPECTED: &'static str = "an amount of memory with its unit, such as `2 GiB` or `500 MB`";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        // A number alone would be bytes, which nobody means.
        let has_unit = text.trim_end().ends_with(|c: char| c.is_ascii_alphabetic());
        match text.parse::<ByteSize>() {
            Ok(size) if has_unit => Ok(Self { bytes: size.as_u64() }),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &Self::EXPECTED)),
        }
    }
}

impl JsonSchema for MemorySize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MemorySize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An amount of memory with its unit: `2 GiB`, `500 MB`.",
            "type": "string",
            "pattern": "^ *[0-9]+(\\.[0-9]+)? *([kKMGT]i?)?B *$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_with_their_unit_and_come_back_as_they_were() {
        let read = |text: &str| serde_json::from_value::<MemorySize>(text.into());
        for (text, bytes) in [("2 GiB", 2 << 30), ("500MB", 500_000_000), ("1.5 KiB", 1536), ("7 B", 7)] {
            let size = read(text).unwrap();
            assert_eq!(size.bytes, bytes, "{text}");
            assert_eq!(serde_json::from_value::<MemorySize>(serde_json::to_value(size).unwrap()).unwrap(), size);
        }
        for text in ["2", "", "GiB", "-1 GB", "2 lots", "NaN GB"] {
            assert!(read(text).unwrap_err().to_string().contains("2 GiB"), "{text}");
        }
    }
}
