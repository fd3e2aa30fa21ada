//! The values behind tensors: little-endian numbers of one type.

use half::{bf16, f16};

/// Type of the numbers in a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Float64,
    Float32,
    Float16,
    BFloat16,
    /// Whole numbers of this many bytes, which weights are not.
    Other(usize),
}

impl Element {
    /// By the name of PyTorch's class: `FloatStorage`.
    pub(super) fn from_class(class: &str) -> Option<Self> {
        Some(match class {
            "DoubleStorage" => Self::Float64,
            "FloatStorage" => Self::Float32,
            "HalfStorage" => Self::Float16,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Other(8),
            "IntStorage" => Self::Other(4),
            "ShortStorage" => Self::Other(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Other(1),
            _ => return None,
        })
    }

    /// Bytes of one number.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Float64 => 8,
            Self::Float32 => 4,
            Self::Float16 | Self::BFloat16 => 2,
            Self::Other(bytes) => bytes,
        }
    }

    /// The numbers as 32-bit floats; none of types that weights do not have.
    pub(super) fn floats(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Float64 => bytes.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number) as f32).collect(),
            Self::Float32 => bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect(),
            Self::Float16 => bytes.as_chunks().0.iter().map(|number| f16::from_le_bytes(*number).to_f32()).collect(),
            Self::BFloat16 => bytes.as_chunks().0.iter().map(|number| bf16::from_le_bytes(*number).to_f32()).collect(),
            Self::Other(_) => Vec::new(),
        }
    }
}
