//! PyTorch's format before release 1.6, in which torchvision's older weights still come: pickles of a magic number, a
//! protocol, the system and the state dictionary; a pickled list of storage keys; then the storages, each with its count.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::budget::Budget;
use super::pickle::{Value, unpickle};
use super::state_dict::tensors;
use crate::network::NamedArray;

/// A pickle of the magic number 0x1950a86a20f9469cfc6c.
pub(super) const LEGACY_START: [u8; 15] =
    [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];

/// The floating-point tensors of a legacy file.
pub(super) fn read_legacy(bytes: &[u8]) -> Result<Vec<NamedArray>, String> {
    let mut at = 0;
    let mut next = || {
        let (value, length) = unpickle(bytes.get(at..).unwrap_or_default())?;
        at += length;
        Ok::<_, String>(value)
    };
    let (_magic, _protocol, _system) = (next()?, next()?, next()?);
    let mut budget = Budget::of_file(bytes.len() as u64);
    let tensors = tensors(&next()?, &mut budget)?;
    let Value::List(keys) = next()? else { return Err("its list of storages is missing".to_owned()) };

    let elements: BTreeMap<_, _> =
        tensors.iter().map(|tensor| (Rc::clone(&tensor.storage.key), tensor.storage.element)).collect();
    let mut storages = BTreeMap::new();
    for key in &keys.items {
        let Value::Text(key) = key else { return Err("its list of storages is broken".to_owned()) };
        let cut_off = || format!("it is cut off in storage {key}");
        let count = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(cut_off)?;
        // Storages of no tensor have no known size, and PyTorch writes none such.
        let element = elements.get(&**key).ok_or_else(|| format!("storage {key} belongs to no tensor"))?;
        let length =
            usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(element.bytes()));
        let end = length.and_then(|length| (at + 8).checked_add(length)).ok_or_else(cut_off)?;
        storages.insert(Rc::clone(key), bytes.get(at + 8..end).ok_or_else(cut_off)?);
        at = end;
    }
    let arrays = tensors.into_iter().map(|tensor| {
        let storage = storages.get(&tensor.storage.key).ok_or("a storage is missing")?;
        tensor.array(storage, &mut budget)
    });
    arrays.filter_map(Result::transpose).collect()
}
