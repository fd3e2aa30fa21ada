//! Choices on opening a file. The defaults suit files that keep to the standard and files whose headers can be found out.

use crate::endian::Endian;
use crate::format::SampleFormat;

/// How [`SegyFile::open`](crate::SegyFile::open) reads a file. What is `None` is found out from the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {
    /// First trace header byte (1 to 237) of the 4-byte inline number.
    pub inline_byte: Option<u16>,
    /// First trace header byte of the 4-byte crossline number.
    pub crossline_byte: Option<u16>,
    /// First trace header byte of the 4-byte X coordinate.
    pub x_byte: Option<u16>,
    /// First trace header byte of the 4-byte Y coordinate.
    pub y_byte: Option<u16>,
    /// Memory map or reads.
    pub access: Access,
    /// Byte order of headers and samples.
    pub endian: Option<Endian>,
    /// Sample format, whatever the file declares.
    pub format: Option<SampleFormat>,
    /// Samples a trace, whatever the file declares.
    pub samples: Option<usize>,
    /// Sample interval in microseconds (or millimetres), whatever the file declares.
    pub interval_us: Option<f64>,
    /// Position of the first sample in milliseconds (or metres), whatever the file declares.
    pub start_ms: Option<f64>,
    /// What to do with several traces at one position.
    pub duplicates: Duplicates,
    /// What to do with an incomplete last trace.
    pub truncated: Truncated,
}

/// How the bytes of a file are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Through a memory map: fastest. A file that shrinks while it is mapped can end the process.
    #[default]
    Map,
    /// With positional reads (`pread`): for network file systems, and for files that other programs may be writing.
    Read,
}

/// What to do with several traces that carry the same inline and crossline number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Duplicates {
    /// Refuse the file.
    #[default]
    Error,
    /// Keep the one that comes first in the file.
    First,
    /// Keep the one that comes last in the file.
    Last,
}

/// What to do when the last trace is incomplete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Truncated {
    /// Refuse the file.
    #[default]
    Error,
    /// Read the whole traces and warn.
    KeepWhole,
}
