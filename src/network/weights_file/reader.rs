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
        let arrays = read_safetensors(bytes).map_err(|message| match program_of(path) {
            Some(program) => broken(format!("it does not begin as the files of {program} do")),
            None => NetworkError::Safetensors { path: path.to_owned(), message },
        })?;
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

/// Whose files have the ending of this one, apart from safetensors.
fn program_of(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "pth" | "pt" => Some("PyTorch"),
        "h5" | "hdf5" => Some("Keras"),
        _ => None,
    }
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
    const KERAS3: &[u8] = include_bytes!("../../../tests/fixtures/weights_keras3.weights.h5");

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
    fn a_file_of_another_kind_is_told_by_its_ending() {
        for (name, words) in [
            ("a.pth", "it does not begin as the files of PyTorch do"),
            ("a.H5", "it does not begin as the files of Keras do"),
            ("a.safetensors", "no readable safetensors file"),
        ] {
            let Err(error) = read_weights_file(Path::new(name), b"only text, no weights") else { panic!("{name}") };
            assert!(error.to_string().contains(words), "{error}");
        }
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
    fn keras_files_of_all_releases_come_in_our_order() {
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
        let norm = expected[2..].to_vec();
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
        let expected = [&norm[..], &expected[3..]].concat();
        assert_eq!(read_keras_fixture(KERAS3, KERAS3.len()).unwrap(), expected);
    }

    #[test]
    fn sixteen_bit_safetensors_with_keras_names_come_in_our_order() {
        use safetensors::Dtype;
        use safetensors::tensor::TensorView;
        let f16 = |count: u16| (0..count).flat_map(|number| half::f16::from_f32(f32::from(number) / 8.0).to_le_bytes());
        let f32 = |count: u16| (0..count).flat_map(|number| (f32::from(number) / 8.0).to_le_bytes());
        let tensors: [(&str, Dtype, &[usize], Vec<u8>); 5] = [
            ("conv1/kernel", Dtype::F16, &[1, 2, 2, 3], f16(12).collect()),
            ("conv1/bias", Dtype::F16, &[3], f16(3).collect()),
            ("bn_conv1/gamma", Dtype::F32, &[3], f32(3).collect()),
            ("bn_conv1/moving_variance", Dtype::F32, &[3], f32(3).collect()),
            ("fc1000/kernel", Dtype::F16, &[2, 3], f16(6).collect()),
        ];
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()));
        let file = read_weights_file(Path::new("weights"), &safetensors::serialize(views, None).unwrap()).unwrap();
        assert_eq!((file.dialect, file.note), (Dialect::Keras, None));
        let vector = [0.0, 0.125, 0.25];
        assert_eq!(
            file.arrays,
            [
                array("bn_conv1.running_var", &[3], vector),
                array("bn_conv1.weight", &[3], vector),
                array("conv1.bias", &[3], vector),
                // [row, column, input, output] to [output, input, row, column].
                array(
                    "conv1.weight",
                    &[3, 2, 1, 2],
                    [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11].map(|number| number as f32 / 8.0)
                ),
                array("fc1000.weight", &[3, 2], [0, 3, 1, 4, 2, 5].map(|number| number as f32 / 8.0)),
            ]
        );
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

    /// Files of both formats with a state dictionary in which all of `names` are one tensor of this shape and one storage of eighths.
    fn one_tensor_under(names: &[String], shape: &[u32], storage: u32) -> [Vec<u8>; 2] {
        let text = |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
        let number = |number: u32| [b"J", &number.to_le_bytes()[..]].concat();
        let tuple = |numbers: &[u32]| {
            [b"(".to_vec(), numbers.iter().flat_map(|&n| number(n)).collect(), b"t".to_vec()].concat()
        };
        let strides: Vec<u32> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
        let reference =
            [text("storage"), b"ctorch\nFloatStorage\n".to_vec(), text("0"), text("cpu"), number(storage)].concat();
        let tensor = [
            b"ctorch._utils\n_rebuild_tensor_v2\n((",
            &reference[..],
            b"tQ",
            &number(0),
            &tuple(shape),
            &tuple(&strides),
        ];
        let tensor = [&tensor.concat()[..], b"\x89}tRq\x01"].concat();
        let mut pickle = [b"\x80\x02}(", &text(&names[0])[..], &tensor].concat();
        names[1..].iter().for_each(|name| pickle.extend([text(name), b"h\x01".to_vec()].concat()));
        pickle.extend(b"u.");
        let values: Vec<u8> = (0..storage).flat_map(|place| (place as f32 / 8.0).to_le_bytes()).collect();

        let count = u64::from(storage).to_le_bytes();
        let legacy = [
            &LEGACY_START[..],
            b"\x80\x02M\xe9\x03.",
            b"\x80\x02}.",
            &pickle,
            b"\x80\x02]X\x01\0\0\0",
            b"0a.",
            &count,
            &values,
        ];
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in [("archive/data.pkl", &pickle), ("archive/data/0", &values)] {
            let stored = zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Stored);
            zip.start_file(name, stored).unwrap();
            std::io::Write::write_all(&mut zip, content).unwrap();
        }
        [legacy.concat(), zip.finish().unwrap().into_inner()]
    }

    #[test]
    fn names_may_share_a_storage_but_not_make_much_of_it() {
        let names = |count: usize| (0..count).map(|number| format!("layer{number}.weight")).collect::<Vec<_>>();
        for file in one_tensor_under(&names(2), &[2, 3], 8) {
            let eighths = || (0..6_u8).map(|number| f32::from(number) / 8.0);
            let tied = [array("layer0.weight", &[2, 3], eighths()), array("layer1.weight", &[2, 3], eighths())];
            assert_eq!(read(&file).unwrap(), tied);
        }
        // 20 GB of values, and 400 MB of dimensions and steps.
        for (names, shape, storage) in [(names(50_000), vec![100_000], 100_000), (names(5000), vec![1; 5000], 1)] {
            for file in one_tensor_under(&names, &shape, storage) {
                let error = read(&file).unwrap_err().to_string();
                assert!(error.contains("more than 8 times the length of the file"), "{error}");
            }
        }
    }
}
