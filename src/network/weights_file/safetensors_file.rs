//! safetensors: a header of names, types and shapes, and then the values.

use safetensors::{Dtype, SafeTensors};

use super::storage::Element;
use crate::network::NamedArray;
use crate::network::array_file::KEY as NOTE;

/// The floating-point tensors of a safetensors file.
pub(super) fn read_safetensors(bytes: &[u8]) -> Result<Vec<NamedArray>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut arrays = Vec::new();
    for (name, view) in file.iter() {
        let element = match view.dtype() {
            Dtype::F64 => Element::Float64,
            Dtype::F32 => Element::Float32,
            Dtype::F16 => Element::Float16,
            Dtype::BF16 => Element::BFloat16,
            _ => continue,
        };
        arrays.push(NamedArray {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            values: element.floats(view.data()),
        });
    }
    Ok(arrays)
}

/// What an import of ours wrote into the header.
pub(super) fn note(bytes: &[u8]) -> Option<String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    metadata.metadata().as_ref()?.get(NOTE).cloned()
}
