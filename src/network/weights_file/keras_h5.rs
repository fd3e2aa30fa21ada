//! Keras' HDF5 files: a group for each layer, named in the attribute `layer_names`, which names its tensors in `weight_names`; or as
//! release 3 writes them ([`super::keras_layers`]).

use std::path::Path;

use hdf5::types::{FixedAscii, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Dataset, Group};

use super::budget::Budget;
use super::keras::converted;
use super::keras_layers::read_layers;
use crate::network::NamedArray;

/// An HDF5 file's first bytes.
pub(super) const HDF5_START: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Longest name that is read.
const LONGEST: usize = 256;

/// The tensors of the file at `path`, which is `length` bytes long.
pub(super) fn read_keras(path: &Path, length: u64) -> Result<Vec<NamedArray>, String> {
    let failed = |error: hdf5::Error| error.to_string();
    let file = hdf5::File::open(path).map_err(failed)?;
    let root = match file.group("model_weights") {
        Ok(group) => group,
        Err(_) => file.group("/").map_err(failed)?,
    };
    let mut budget = Budget::of_file(length);
    let arrays = match root.group("layers") {
        Ok(layers) if root.attr("layer_names").is_err() => read_layers(&layers, &mut budget)?,
        _ => read_named_layers(&root, &mut budget)?,
    };
    if arrays.is_empty() { Err("it holds no layers with weights".to_owned()) } else { Ok(arrays) }
}

fn read_named_layers(root: &Group, budget: &mut Budget) -> Result<Vec<NamedArray>, String> {
    let mut arrays = Vec::new();
    for layer in &texts(root, "layer_names", budget)? {
        let group = root.group(layer).map_err(|_| format!("layer `{layer}` is missing"))?;
        for weight in texts(&group, "weight_names", budget)? {
            let dataset = group.dataset(&weight).map_err(|_| format!("tensor `{weight}` of `{layer}` is missing"))?;
            let array = array(&dataset, budget).map_err(|message| format!("tensor `{weight}`: {message}"))?;
            arrays.push(converted(layer, &weight, array));
        }
    }
    Ok(arrays)
}

/// A tensor that has no name yet.
pub(super) fn array(dataset: &Dataset, budget: &mut Budget) -> Result<NamedArray, String> {
    let shape = dataset.shape();
    let count = shape.iter().fold(1_u64, |count, &side| count.saturating_mul(side as u64));
    budget.take(count, size_of::<f32>(), || "it".to_owned())?;
    let values = dataset.read_raw::<f32>().map_err(|error| error.to_string())?;
    Ok(NamedArray { name: String::new(), shape, values })
}

/// The texts of an attribute, of fixed length as h5py writes bytes, or of any.
pub(super) fn texts(group: &Group, name: &str, budget: &mut Budget) -> Result<Vec<String>, String> {
    let failed = |error: hdf5::Error| format!("its `{name}`: {error}");
    let attribute = group.attr(name).map_err(|_| format!("`{}` has no attribute `{name}`", group.name()))?;
    let descriptor = attribute.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(failed)?;
    budget.take(attribute.size() as u64, LONGEST, || format!("the names in `{name}`"))?;
    let all = |texts: Vec<String>| Ok(texts);
    match descriptor {
        TypeDescriptor::FixedAscii(length) | TypeDescriptor::FixedUnicode(length) if length <= LONGEST => {
            let texts = attribute.read_raw::<FixedAscii<LONGEST>>().map_err(failed)?;
            all(texts.iter().map(|text| text.as_str().to_owned()).collect())
        }
        TypeDescriptor::VarLenAscii => {
            let texts = attribute.read_raw::<VarLenAscii>().map_err(failed)?;
            all(texts.iter().map(|text| text.as_str().to_owned()).collect())
        }
        TypeDescriptor::VarLenUnicode => {
            let texts = attribute.read_raw::<VarLenUnicode>().map_err(failed)?;
            all(texts.iter().map(|text| text.as_str().to_owned()).collect())
        }
        // An empty list has no texts and, in h5py, numbers as its type.
        _ if attribute.size() == 0 => Ok(Vec::new()),
        _ => Err(format!("its `{name}` holds no texts")),
    }
}
