//! From the value of a pickle to named tensors.

use std::rc::Rc;

use super::budget::Budget;
use super::pickle::{Tuple, Value};
use super::storage::Element;
use crate::network::NamedArray;

/// Longest key of a storage; PyTorch's are numbers.
const LONGEST_KEY: usize = 256;

/// Where a tensor's numbers lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StorageReference {
    pub(super) key: Rc<str>,
    pub(super) element: Element,
    /// Numbers in the storage.
    pub(super) count: usize,
}

/// A tensor of a state dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TensorReference {
    name: String,
    pub(super) storage: StorageReference,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// The tensors of a state dictionary, or of one inside a checkpoint under `state_dict` or `model`, if their descriptions stay within
/// `budget`.
pub(super) fn tensors(value: &Value, budget: &mut Budget) -> Result<Vec<TensorReference>, String> {
    let Value::Dict(dict) = value else { return Err("it holds no dictionary of tensors".to_owned()) };
    let named = |wanted: &str| {
        dict.items.iter().find_map(|(key, value)| match (key, value) {
            (Value::Text(key), Value::Dict(_)) if **key == *wanted => Some(value),
            _ => None,
        })
    };
    if let Some(inner) = named("state_dict").or_else(|| named("model")) {
        return tensors(inner, budget);
    }
    let mut found = Vec::new();
    for (key, value) in &dict.items {
        if let (Value::Text(name), Value::Tensor(arguments)) = (key, value) {
            let dimensions = arguments.items.iter().map(|value| match value {
                Value::Tuple(sides) => sides.items.len() as u64,
                _ => 0,
            });
            let described = || format!("the description of tensor {}", found.len() + 1);
            budget.take(dimensions.sum(), size_of::<usize>(), described)?;
            budget.take(1, size_of::<TensorReference>() + name.len(), described)?;
            let tensor =
                tensor(name, arguments).ok_or_else(|| format!("tensor `{name}` is described in an unknown way"))?;
            found.push(tensor);
        }
    }
    if found.is_empty() { Err("it holds no tensors".to_owned()) } else { Ok(found) }
}

/// `(storage, offset, shape, strides, ...)`.
fn tensor(name: &str, arguments: &Tuple) -> Option<TensorReference> {
    let [Value::Reference(storage), Value::Integer(offset), Value::Tuple(shape), Value::Tuple(strides), ..] =
        &*arguments.items
    else {
        return None;
    };
    let numbers = |tuple: &Tuple| tuple.items.iter().map(size).collect::<Option<Vec<_>>>();
    let (shape, strides) = (numbers(shape)?, numbers(strides)?);
    if shape.len() != strides.len() {
        return None;
    }
    let offset = usize::try_from(*offset).ok()?;
    Some(TensorReference { name: name.to_owned(), storage: reference(storage)?, offset, shape, strides })
}

/// `('storage', class, key, device, count, ...)`.
pub(super) fn reference(arguments: &Tuple) -> Option<StorageReference> {
    let [Value::Text(_), Value::Global(class), Value::Text(key), _, count, ..] = &*arguments.items else { return None };
    let element = Element::from_class(class.strip_prefix("torch ")?)?;
    if key.len() > LONGEST_KEY {
        return None;
    }
    Some(StorageReference { key: Rc::clone(key), element, count: size(count)? })
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    }
}

impl TensorReference {
    /// The tensor's values out of those of its storage, if they stay within `budget`; `None` for numbers that are no floats.
    pub(super) fn array(self, storage: &[u8], budget: &mut Budget) -> Result<Option<NamedArray>, String> {
        let Self { name, storage: StorageReference { element, .. }, offset, shape, strides } = self;
        if matches!(element, Element::Other(_)) {
            return Ok(None);
        }
        let outside = || format!("tensor `{name}` reaches beyond its storage");
        let available = storage.len() / element.bytes();
        let count = shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side)).ok_or_else(outside)?;
        if count == 0 {
            return Ok(Some(NamedArray { name, shape, values: Vec::new() }));
        }
        let reach = shape
            .iter()
            .zip(&strides)
            .try_fold(offset, |reach, (&side, &stride)| reach.checked_add(side.saturating_sub(1).checked_mul(stride)?));
        // A stride of 0 could make much of little.
        if count > available || reach.is_none_or(|reach| reach >= available) {
            return Err(outside());
        }
        budget.take(count as u64, size_of::<f32>(), || format!("tensor `{name}`"))?;
        let contiguous = strides.iter().zip(contiguous_strides(&shape)).all(|(&actual, expected)| actual == expected);
        let bytes = |first: usize, count: usize| &storage[first * element.bytes()..(first + count) * element.bytes()];
        let values = if contiguous {
            element.floats(bytes(offset, count))
        } else {
            let each = (0..count).flat_map(|place| bytes(offset + position(place, &shape, &strides), 1));
            element.floats(&each.copied().collect::<Vec<_>>())
        };
        Ok(Some(NamedArray { name, shape, values }))
    }
}

/// Strides of an array whose last axis is the fastest.
fn contiguous_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides: Vec<usize> = shape
        .iter()
        .rev()
        .scan(1_usize, |stride, &side| {
            let this = *stride;
            *stride = stride.saturating_mul(side);
            Some(this)
        })
        .collect();
    strides.reverse();
    strides
}

/// Where the value at `place`, counted in the order of `shape`, lies.
fn position(mut place: usize, shape: &[usize], strides: &[usize]) -> usize {
    let mut position = 0;
    for (&side, &stride) in shape.iter().zip(strides).rev() {
        position += place % side * stride;
        place /= side;
    }
    position
}
