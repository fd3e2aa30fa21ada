//! Named arrays and one text in a safetensors file: models and checkpoints.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::{NamedArray, NetworkError};

/// The one metadata key; safetensors writes several in no fixed order.
pub(super) const KEY: &str = "facies";

/// Writes named arrays and one text as a safetensors file, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write_arrays(path: &Path, arrays: &[NamedArray], text: &str) -> Result<(), NetworkError> {
    let failed = |source| NetworkError::Write { path: path.to_owned(), source };
    let bytes: Vec<Vec<u8>> =
        arrays.iter().map(|array| array.values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views = arrays.iter().zip(&bytes).map(|(array, bytes)| {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes).expect("arrays hold what their shapes say");
        (array.name.as_str(), view)
    });
    let metadata = HashMap::from([(KEY.to_owned(), text.to_owned())]);
    let file = safetensors::serialize(views, Some(metadata)).expect("names are unique and shapes agree");
    let mut output = atomic_write_file::AtomicWriteFile::open(path).map_err(failed)?;
    output.write_all(&file).map_err(failed)?;
    output.commit().map_err(failed)
}

/// Reads what [`write_arrays`] wrote.
///
/// # Errors
/// When the file cannot be read, is broken or was written by another program.
pub fn read_arrays(path: &Path) -> Result<(Vec<NamedArray>, String), NetworkError> {
    let bytes = std::fs::read(path).map_err(|source| NetworkError::Io { path: path.to_owned(), source })?;
    let broken = |message: String| NetworkError::Safetensors { path: path.to_owned(), message };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| broken(error.to_string()))?;
    let text = metadata.metadata().as_ref().and_then(|texts| texts.get(KEY)).ok_or_else(|| {
        NetworkError::NotAModel { path: path.to_owned(), reason: "its header does not describe one".into() }
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
    let mut arrays = Vec::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(broken(format!("tensor `{name}` holds {:?}", view.dtype())));
        }
        let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        arrays.push(NamedArray { name: name.to_owned(), shape: view.shape().to_vec(), values });
    }
    Ok((arrays, text.clone()))
}
