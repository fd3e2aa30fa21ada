//! Where a cube comes from.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Clip;
use super::amplitude::encloses_a_range;

/// A cube of amplitudes, and what a network sees beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `segy`")]
pub struct Input {
    /// The cube: a SEG-Y file.
    #[garde(dive)]
    pub segy: SegyInput,
    /// More volumes with the same lines and samples (attributes, offset stacks), each a channel of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 64), dive)]
    pub attributes: Vec<Attribute>,
    /// Whether the position on the vertical axis (two-way time or depth) is a channel, too: -1 at the first sample, 1 at the
    /// last. Facies that look alike at different depths can then be told apart; away from the labelled depths it misleads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[garde(skip)]
    pub depth: bool,
}

/// A volume beside the cube, on the same grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `name` and `segy`")]
pub struct Attribute {
    /// What it is called; another cube brings its own volume of this name.
    #[garde(length(min = 1, max = 100))]
    pub name: String,
    /// Its SEG-Y file.
    #[garde(dive)]
    pub segy: SegyInput,
    /// Where its values are clipped, as `amplitude.clip`; at the 99th percentile of their magnitude if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(encloses_a_range)))]
    pub clip: Option<Clip>,
}

/// A SEG-Y file and how to read it. Bytes are those of the trace header, counted from 1; what is left out is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with the `path` of a SEG-Y file")]
pub struct SegyInput {
    /// The file.
    #[garde(skip)]
    pub path: PathBuf,
    /// First byte of the inline number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 237)))]
    pub inline: Option<u16>,
    /// First byte of the crossline number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 237)))]
    pub crossline: Option<u16>,
    /// First byte of the easting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 237)))]
    pub x: Option<u16>,
    /// First byte of the northing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 237)))]
    pub y: Option<u16>,
    /// How the file is read: mapped into memory, or with plain reads, which network file systems prefer.
    #[serde(default)]
    #[garde(skip)]
    pub access: Access,
    /// What happens when two traces lie at the same inline and crossline.
    #[serde(default)]
    #[garde(skip)]
    pub duplicates: Duplicates,
    /// What happens when the last trace is incomplete.
    #[serde(default)]
    #[garde(skip)]
    pub truncated: Truncated,
    /// Byte order, whatever the file looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub endian: Option<Endian>,
    /// Code of the sample format (1, 2, 3, 5, 6, 8, 10, 11 or 16), whatever the file declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(is_format)))]
    pub format: Option<i16>,
    /// Samples of a trace, whatever the file declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub samples: Option<usize>,
    /// What the vertical axis measures.
    #[serde(default)]
    #[garde(skip)]
    pub vertical: VerticalDomain,
    /// Distance of samples in ms or m, whatever the file declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(is_above_zero)))]
    pub interval: Option<f64>,
    /// Position of the first sample in ms or m, whatever the file declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub start: Option<f64>,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Mapped into memory.
    #[default]
    Map,
    /// With plain reads.
    Read,
}

/// What happens when two traces lie at the same inline and crossline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The file is refused.
    #[default]
    Error,
    /// The first trace in the file counts.
    First,
    /// The last trace in the file counts.
    Last,
}

/// What happens when the last trace is incomplete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truncated {
    /// The file is refused.
    #[default]
    Error,
    /// The whole traces are read, with a warning.
    KeepWhole,
}

/// Byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endian {
    /// As the standard has it.
    Big,
    /// As some programs write it.
    Little,
}

/// What the vertical axis measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerticalDomain {
    /// Two-way time in ms.
    #[default]
    Time,
    /// Depth in m.
    Depth,
}

impl Input {
    /// How many channels a network sees.
    pub fn channels(&self) -> usize {
        1 + self.attributes.len() + usize::from(self.depth)
    }

    /// The files behind the cube and its attributes, to resolve them, with their keys after `input`.
    pub fn files_mut(&mut self) -> Vec<(String, &mut PathBuf)> {
        let mut files = vec![("segy.path".to_owned(), &mut self.segy.path)];
        let attributes = self.attributes.iter_mut().enumerate();
        files.extend(
            attributes.map(|(place, attribute)| (format!("attributes[{place}].segy.path"), &mut attribute.segy.path)),
        );
        files
    }
}

fn is_format(code: &i16, _context: &()) -> garde::Result {
    segy_rs::SampleFormat::from_code(*code).map(|_| ()).ok_or_else(|| garde::Error::new("is the code of no format"))
}

fn is_above_zero(number: &f64, _context: &()) -> garde::Result {
    if *number > 0.0 { Ok(()) } else { Err(garde::Error::new("is above 0")) }
}
