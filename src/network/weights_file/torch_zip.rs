//! PyTorch's format since release 1.6: a ZIP archive with the pickle `NAME/data.pkl` and each storage as `NAME/data/KEY`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::rc::Rc;

use zip::ZipArchive;

use super::budget::Budget;
use super::pickle::unpickle;
use super::state_dict::{StorageReference, tensors};
use crate::network::NamedArray;

/// A ZIP archive's first entry.
pub(super) const ZIP_START: [u8; 4] = *b"PK\x03\x04";

/// The floating-point tensors of an archive.
pub(super) fn read_zip(bytes: &[u8]) -> Result<Vec<NamedArray>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let pickle = archive.file_names().find(|name| name.ends_with("/data.pkl")).map(str::to_owned);
    let pickle = pickle.ok_or("it holds no data.pkl")?;
    let folder = pickle.trim_end_matches("data.pkl");
    if let Ok(order) = entry(&mut archive, &format!("{folder}byteorder"), bytes.len())
        && order != b"little"
    {
        return Err("its numbers are big-endian, which is not read".to_owned());
    }
    let (value, _) = unpickle(&entry(&mut archive, &pickle, bytes.len())?)?;
    let mut budget = Budget::of_file(bytes.len() as u64);
    // Each storage is read once, whatever the number of its tensors, and one at a time is in memory.
    let mut of_storage: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (place, tensor) in tensors(&value, &mut budget)?.into_iter().enumerate() {
        of_storage.entry(Rc::clone(&tensor.storage.key)).or_default().push((place, tensor));
    }
    let mut arrays = Vec::new();
    for (key, tensors) in of_storage {
        let storage = entry(&mut archive, &format!("{folder}data/{key}"), bytes.len())?;
        budget.take(storage.len() as u64, 1, || format!("storage {key}"))?;
        for (place, tensor) in tensors {
            let StorageReference { element, count, .. } = tensor.storage;
            if count.checked_mul(element.bytes()).is_none_or(|length| length > storage.len()) {
                return Err(format!("storage {key} is cut off"));
            }
            arrays.extend(tensor.array(&storage, &mut budget)?.map(|array| (place, array)));
        }
    }
    arrays.sort_by_key(|&(place, _)| place);
    Ok(arrays.into_iter().map(|(_, array)| array).collect())
}

/// Content of an entry. PyTorch does not compress, so no entry is longer than the file.
fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str, longest: usize) -> Result<Vec<u8>, String> {
    let file = archive.by_name(name).map_err(|error| format!("{name}: {error}"))?;
    let mut content = Vec::new();
    file.take(longest as u64).read_to_end(&mut content).map_err(|error| format!("{name}: {error}"))?;
    Ok(content)
}
