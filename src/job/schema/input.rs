//! Where a cube comes from.

use std::path::{Path, PathBuf};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cube of amplitudes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A SEG-Y file.
    Segy(#[garde(dive)] SegyInput),
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
    /// The file behind the cube.
    pub fn path(&self) -> &Path {
        match self {
            Self::Segy(segy) => &segy.path,
        }
    }

    /// The file behind the cube, to resolve it.
    pub fn path_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::Segy(segy) => &mut segy.path,
        }
    }
}

fn is_format(code: &i16, _context: &()) -> garde::Result {
    segy_rs::SampleFormat::from_code(*code).map(|_| ()).ok_or_else(|| garde::Error::new("is the code of no format"))
}

fn is_above_zero(number: &f64, _context: &()) -> garde::Result {
    if *number > 0.0 { Ok(()) } else { Err(garde::Error::new("is above 0")) }
}
