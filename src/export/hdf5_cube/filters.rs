//! The HDF5 filters shuffle and deflate, outside the library so that chunks can pass through them in parallel.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hdf5::H5Type;

/// Deflate level of every cube: higher ones cost far more time than they save space (facies cubes shrink to a tenth).
pub(super) const DEFLATE_LEVEL: u8 = 1;

/// A value type that cubes are made of.
pub(super) trait Value: H5Type + Copy + Default + Send + Sync {
    /// Whether bytes of equal significance are brought together before compression; useless for single bytes.
    const SHUFFLED: bool;

    /// Bytes of `values` as they enter compression.
    fn filtered_bytes(values: Vec<Self>) -> Vec<u8>;
}

impl Value for u8 {
    const SHUFFLED: bool = false;

    fn filtered_bytes(values: Vec<u8>) -> Vec<u8> {
        values
    }
}

impl Value for f32 {
    const SHUFFLED: bool = true;

    fn filtered_bytes(values: Vec<f32>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(values.len() * size_of::<f32>());
        for place in 0..size_of::<f32>() {
            bytes.extend(values.iter().map(|value| value.to_ne_bytes()[place]));
        }
        bytes
    }
}

/// One chunk as it lies in the file.
pub(super) fn compressed<T: Value>(values: Vec<T>) -> Vec<u8> {
    let bytes = T::filtered_bytes(values);
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::new(DEFLATE_LEVEL.into()));
    encoder.write_all(&bytes).and_then(|()| encoder.finish()).expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_shuffled_by_significance() {
        let values = vec![f32::from_ne_bytes([1, 2, 3, 4]), f32::from_ne_bytes([5, 6, 7, 8])];
        assert_eq!(f32::filtered_bytes(values), [1, 5, 2, 6, 3, 7, 4, 8]);
    }
}
