//! From a file to arrays, whatever its format.

use std::path::Path;

use super::keras::{converted_path, is_keras_name};
use super::keras_h5::{HDF5_START, read_keras};
use super::safetensors_file::{note, read_safetensors};
use super::torch_legacy::{LEGACY_START, read_legacy};
use super::torch_zip::{ZIP_START, read_zip};
use crate::network::{Dialect, NamedArray, NetworkError};

/// What a file of weights holds.
#[derive(Debug)]
pub(in crate::network) struct WeightsFile {
    /// Floating-point tensors as 32-bit floats, axes in PyTorch's order, sorted by name.
    pub(in crate::network) arrays: Vec<NamedArray>,
    /// Whose names they have.
    pub(in crate::network) dialect: Dialect,
    /// What an import of ours wrote beside them.
    pub(in crate::network) note: Option<String>,
}

/// Reads the weights file at `path`, which consists of `bytes`.
///
/// # Errors
/// When the file is broken or of no known format.
pub(in crate::network) fn read_weights_file(path: &Path, bytes: &[u8]) -> Result<WeightsFile, NetworkError> {
    let broken = |message: String| NetworkError::UnreadableWeights { path: path.to_owned(), message };
    let mut file = if bytes.starts_with(&LEGACY_START) {
        of_torch(read_legacy(bytes).map_err(broken)?)
    } else if bytes.starts_with(&ZIP_START) {
        of_torch(read_zip(bytes).map_err(broken)?)
    } else if bytes.starts_with(&HDF5_START) {
        let arrays = read_keras(path, bytes.len() as u64).map_err(broken)?;
        WeightsFile { arrays, dialect: Dialect::Keras, note: None }
    } else {
        let arrays =
            read_safetensors(bytes).map_err(|message| NetworkError::Safetensors { path: path.to_owned(), message })?;
        if arrays.iter().any(|array| is_keras_name(&array.name)) {
            let arrays = arrays.into_iter().map(converted_path).collect();
            WeightsFile { arrays, dialect: Dialect::Keras, note: None }
        } else {
            WeightsFile { note: note(bytes), ..of_torch(arrays) }
        }
    };
    file.arrays.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(file)
}

fn of_torch(arrays: Vec<NamedArray>) -> WeightsFile {
    WeightsFile { arrays, dialect: Dialect::Torch, note: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `tests/peers/weights_from_torch.py`.
    const LEGACY: &[u8] = include_bytes!("../../../tests/fixtures/weights_legacy.pth");
    const ZIP: &[u8] = include_bytes!("../../../tests/fixtures/weights_zip.pth");

    /// Written by `tests/peers/weights_from_keras.py`.
    const KERAS1: &[u8] = include_bytes!("../../../tests/fixtures/weights_keras1.h5");
    const KERAS2: &[u8] = include_bytes!("../../../tests/fixtures/weights_keras2.h5");

    fn read(bytes: &[u8]) -> Result<Vec<NamedArray>, NetworkError> {
        read_weights_file(Path::new("weights"), bytes).map(|file| file.arrays)
    }

    fn array(name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> NamedArray {
        NamedArray { name: name.to_owned(), shape: shape.to_vec(), values: values.into_iter().collect() }
    }

    #[test]
    fn both_formats_of_pytorch_hold_what_pytorch_wrote() {
        let eighths = |count: u8| (0..count).map(|number| f32::from(number) / 8.0);
        // `arange(24).reshape(2, 3, 4).permute(2, 0, 1)[1:3]`
        let turned =
            (1..3).flat_map(|k| (0..2).flat_map(move |i| (0..3).map(move |j| f32::from(12_u8 * i + 4 * j + k) / 8.0)));
        let expected = [
            array("brain.weight", &[4], eighths(4).map(|value| value - 1.0)),
            array("double.weight", &[2], eighths(2)),
            array("empty.weight", &[0, 3], []),
            array("half.weight", &[4], eighths(4).map(|value| value - 1.0)),
            array("parameter.bias", &[4], eighths(4)),
            array("plain.weight", &[2, 3], eighths(6)),
            array("turned.weight", &[2, 2, 3], turned),
        ];
        assert_eq!(read(LEGACY).unwrap(), expected);
        assert_eq!(read(ZIP).unwrap(), expected);
    }

    #[test]
    fn cut_off_and_damaged_files_are_refused_or_read_but_never_more() {
        for file in [LEGACY, ZIP] {
            for length in 0..file.len() {
                assert!(read(&file[..length]).is_err(), "{length} of {} bytes", file.len());
            }
            for place in 0..file.len() {
                for flip in [0x01, 0x80, 0xFF] {
                    let mut damaged = file.to_vec();
                    damaged[place] ^= flip;
                    if let Ok(arrays) = read(&damaged) {
                        let values: usize = arrays.iter().map(|array| array.values.len()).sum();
                        assert!(values <= 2 * file.len(), "{place}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_pickle_that_names_anything_but_tensors_is_refused_by_its_name() {
        for global in [&b"cos\nsystem\n"[..], b"\x8c\x02os\x8c\x06system\x93"] {
            let pickle = [b"\x80\x02}X\x01\x00\x00\x00a", global, b"X\x02\x00\x00\x00ls\x85Rs."].concat();
            let file = [&LEGACY_START[..], b"\x80\x02M\xe9\x03.", b"\x80\x02}.", &pickle].concat();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("`os.system`"), "{error}");
        }
    }

    #[test]
    fn keras_files_of_both_releases_come_in_our_order() {
        let eighths = |count: u16| (0..count).map(|number| f32::from(number) / 8.0);
        // [rows, columns, inputs, outputs] to [outputs, inputs, rows, columns].
        let kernel = (0..4_u16).flat_map(|output| {
            (0..2).flat_map(move |input| (0..9).map(move |tap| f32::from((tap * 2 + input) * 4 + output) / 8.0))
        });
        let expected = [
            array("block1_conv1.bias", &[4], eighths(4)),
            array("block1_conv1.weight", &[4, 2, 3, 3], kernel),
            array("bn.bias", &[4], eighths(4).map(|value| value + 1.0)),
            array("bn.running_mean", &[4], eighths(4).map(|value| value + 2.0)),
            array("bn.running_var", &[4], eighths(4).map(|value| value + 3.0)),
            array("bn.weight", &[4], eighths(4)),
        ];
        assert_eq!(read_keras_fixture(KERAS1, KERAS1.len()).unwrap(), expected);
        let depthwise = (0..4_u16).flat_map(|channel| (0..9).map(move |tap| f32::from(tap * 4 + channel) / 8.0));
        let expected = [
            array("conv1/bn.bias", &[4], eighths(4)),
            array("conv1/bn.running_mean", &[4], eighths(4)),
            array("conv1/bn.running_var", &[4], eighths(4)),
            array("predictions.bias", &[3], eighths(3)),
            array("predictions.weight", &[3, 2], [0.0, 0.375, 0.125, 0.5, 0.25, 0.625]),
            array("sepconv.depthwise.weight", &[4, 1, 3, 3], depthwise),
            array("sepconv.pointwise.weight", &[2, 4, 1, 1], [0, 2, 4, 6, 1, 3, 5, 7].map(|value| value as f32 / 8.0)),
        ];
        assert_eq!(read_keras_fixture(KERAS2, KERAS2.len()).unwrap(), expected);
    }

    #[test]
    fn keras_files_that_are_cut_off_are_refused() {
        for length in (8..KERAS2.len() - 1).step_by(1009) {
            let error = read_keras_fixture(KERAS2, length).unwrap_err();
            assert!(matches!(error, NetworkError::UnreadableWeights { .. }), "{length}: {error}");
        }
    }

    fn read_keras_fixture(bytes: &[u8], length: usize) -> Result<Vec<NamedArray>, NetworkError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.h5");
        std::fs::write(&path, &bytes[..length]).unwrap();
        let file = read_weights_file(&path, &bytes[..length])?;
        assert_eq!(file.dialect, Dialect::Keras);
        Ok(file.arrays)
    }

    #[test]
    fn pickles_that_make_much_of_little_are_refused() {
        // Each level is a pair of the one before: 2 to the power of the levels, if it were not shared.
        let mut bomb = b"\x80\x02)q\x00".to_vec();
        for _ in 0..10_000 {
            bomb.extend(b"h\x00\x86q\x00h\x00");
        }
        bomb.push(b'.');
        let nested = [b"\x80\x02".as_slice(), &b"]".repeat(100_000), &b"a".repeat(99_999), b"."].concat();
        for pickle in [bomb, nested] {
            let file = [&LEGACY_START[..], b"\x80\x02M\xe9\x03.", b"\x80\x02}.", &pickle].concat();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("pickle"), "{error}");
        }
    }
}
