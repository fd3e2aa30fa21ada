//! Sample formats: the codes of bytes 3225-3226 and what they mean.

use std::fmt;

use crate::codec;
use crate::endian::Endian;

/// How samples are stored. Every format is read into and written from `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// Code 1: IBM floating point, 4 bytes.
    IbmFloat32,
    /// Code 2: two's complement integer, 4 bytes; beyond 2^24 rounded to the nearest `f32`.
    Int32,
    /// Code 3: two's complement integer, 2 bytes.
    Int16,
    /// Code 5: IEEE floating point, 4 bytes.
    Float32,
    /// Code 6: IEEE floating point, 8 bytes; rounded to the nearest `f32`.
    Float64,
    /// Code 7: two's complement integer, 3 bytes.
    Int24,
    /// Code 8: two's complement integer, 1 byte.
    Int8,
    /// Code 9: two's complement integer, 8 bytes; beyond 2^24 rounded to the nearest `f32`.
    Int64,
    /// Code 10: unsigned integer, 4 bytes; beyond 2^24 rounded to the nearest `f32`.
    UInt32,
    /// Code 11: unsigned integer, 2 bytes.
    UInt16,
    /// Code 12: unsigned integer, 8 bytes; beyond 2^24 rounded to the nearest `f32`.
    UInt64,
    /// Code 15: unsigned integer, 3 bytes.
    UInt24,
    /// Code 16: unsigned integer, 1 byte.
    UInt8,
}

impl SampleFormat {
    /// All formats, by code.
    pub const ALL: [Self; 13] = [
        Self::IbmFloat32,
        Self::Int32,
        Self::Int16,
        Self::Float32,
        Self::Float64,
        Self::Int24,
        Self::Int8,
        Self::Int64,
        Self::UInt32,
        Self::UInt16,
        Self::UInt64,
        Self::UInt24,
        Self::UInt8,
    ];

    /// The format with this code, if it is one that can be read.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// The code of bytes 3225-3226.
    pub fn code(self) -> i16 {
        match self {
            Self::IbmFloat32 => 1,
            Self::Int32 => 2,
            Self::Int16 => 3,
            Self::Float32 => 5,
            Self::Float64 => 6,
            Self::Int24 => 7,
            Self::Int8 => 8,
            Self::Int64 => 9,
            Self::UInt32 => 10,
            Self::UInt16 => 11,
            Self::UInt64 => 12,
            Self::UInt24 => 15,
            Self::UInt8 => 16,
        }
    }

    /// Bytes that one sample takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int24 | Self::UInt24 => 3,
            Self::IbmFloat32 | Self::Int32 | Self::Float32 | Self::UInt32 => 4,
            Self::Float64 | Self::Int64 | Self::UInt64 => 8,
        }
    }

    /// Decodes as many samples as both slices hold.
    pub fn decode(self, endian: Endian, bytes: &[u8], samples: &mut [f32]) {
        codec::decode(self, endian, bytes, samples);
    }

    /// Appends big-endian samples to `bytes`; integers are rounded to nearest, ties to even.
    ///
    /// # Errors
    /// The index of the first sample that the format cannot hold: an integer out of range, NaN in an integer format,
    /// anything not finite in IBM format. `bytes` then holds an unspecified part of the samples.
    pub fn encode(self, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), usize> {
        codec::encode(self, samples, bytes)
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::IbmFloat32 => "IBM float",
            Self::Int32 => "32-bit integer",
            Self::Int16 => "16-bit integer",
            Self::Float32 => "IEEE float",
            Self::Float64 => "64-bit IEEE float",
            Self::Int24 => "24-bit integer",
            Self::Int8 => "8-bit integer",
            Self::Int64 => "64-bit integer",
            Self::UInt32 => "unsigned 32-bit integer",
            Self::UInt16 => "unsigned 16-bit integer",
            Self::UInt64 => "unsigned 64-bit integer",
            Self::UInt24 => "unsigned 24-bit integer",
            Self::UInt8 => "unsigned 8-bit integer",
        };
        write!(f, "{} ({name})", self.code())
    }
}
