//! Python pickles, as far as state dictionaries go.
//!
//! A pickle is a program for a stack machine (Python's `pickletools` lists the instructions). Here it can build plain
//! values, dictionaries, and references to tensors; a class or function that tensors do not need is refused by name. Values that a pickle
//! can repeat are shared, and nesting is limited, so that no file can make more of itself than it holds.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::storage::Element;

/// Deepest nesting.
const DEEPEST: usize = 32;

/// Classes and functions that state dictionaries need, beside PyTorch's storages.
const KNOWN_GLOBALS: [&str; 5] = [
    "collections OrderedDict",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch.nn.parameter Parameter",
];

/// What a pickle builds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Integer(i64),
    Text(Rc<str>),
    Tuple(Tuple),
    Dict(Collection<(Value, Value)>),
    List(Collection<Value>),
    /// `module name` of a Python class or function.
    Global(Rc<str>),
    /// Arguments of a persistent reference: `('storage', class, key, device, count)`.
    Reference(Tuple),
    /// Arguments of `torch._utils._rebuild_tensor_v2`.
    Tensor(Tuple),
    /// Anything else.
    Opaque,
}

/// Values that do not change, and how deep they nest.
#[derive(Clone, Debug)]
pub(super) struct Tuple {
    pub(super) items: Rc<[Value]>,
    depth: usize,
}

/// Values that grow, and how deep they nest.
#[derive(Clone, Debug)]
pub(super) struct Collection<T> {
    pub(super) items: Vec<T>,
    depth: usize,
}

impl<T> Collection<T> {
    fn new() -> Self {
        Self { items: Vec::new(), depth: 1 }
    }

    /// Adds an item whose value nests as deep as `depth`.
    fn push(&mut self, item: T, depth: usize) -> Result<(), String> {
        self.depth = deeper(self.depth.max(1 + depth))?;
        self.items.push(item);
        Ok(())
    }
}

impl Value {
    fn depth(&self) -> usize {
        match self {
            Self::Tuple(tuple) | Self::Reference(tuple) | Self::Tensor(tuple) => tuple.depth,
            Self::Dict(dict) => dict.depth,
            Self::List(list) => list.depth,
            _ => 0,
        }
    }
}

/// Runs the pickle at the start of `bytes`; gives its value and its length.
pub(super) fn unpickle(bytes: &[u8]) -> Result<(Value, usize), String> {
    let mut machine = Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    while let Some(instruction) = machine.byte()? {
        if instruction == b'.' {
            return Ok((machine.pop()?, machine.at));
        }
        machine.execute(instruction)?;
    }
    Err("the pickle has no end".to_owned())
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: BTreeMap<u64, Value>,
}

impl<'a> Machine<'a> {
    fn execute(&mut self, instruction: u8) -> Result<(), String> {
        match instruction {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.since_mark()?),
            b'N' | b'F' | b'G' => {
                match instruction {
                    b'F' => drop(self.line()?),
                    b'G' => drop(self.take(8)?),
                    _ => {}
                }
                self.stack.push(Value::Opaque);
            }
            0x88 | 0x89 => self.stack.push(Value::Integer(i64::from(instruction == 0x88))),
            b'I' | b'L' => {
                let number = self.line()?.trim_end_matches('L').parse();
                self.stack.push(number.map_or(Value::Opaque, Value::Integer));
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.stack.push(Value::Integer(number.into()));
            }
            b'K' => self.push_unsigned(1)?,
            b'M' => self.push_unsigned(2)?,
            0x8a => {
                let length = self.length(1)?;
                let number = signed(self.take(length)?);
                self.stack.push(number.map_or(Value::Opaque, Value::Integer));
            }
            b'X' | b'T' => self.push_text(4)?,
            0x8c | b'U' => self.push_text(1)?,
            0x8d => self.push_text(8)?,
            b'B' | b'C' => {
                let length = self.length(if instruction == b'B' { 4 } else { 1 })?;
                self.take(length)?;
                self.stack.push(Value::Opaque);
            }
            b']' => self.stack.push(Value::List(Collection::new())),
            b'}' => self.stack.push(Value::Dict(Collection::new())),
            b')' => self.push_tuple(Vec::new())?,
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(instruction - 0x84))?;
                self.push_tuple(items)?;
            }
            b't' => {
                let items = self.since_mark()?;
                self.push_tuple(items)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.extend_list(items)?;
            }
            b's' => {
                let pair = self.pop_many(2)?;
                self.extend_dict(pair)?;
            }
            b'u' => {
                let pairs = self.since_mark()?;
                self.extend_dict(pairs)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(global(module, name)?);
            }
            0x93 => {
                let names = self.pop_many(2)?;
                let [Value::Text(module), Value::Text(name)] = &names[..] else { return Err(confused()) };
                let global = global(module, name)?;
                self.stack.push(global);
            }
            b'R' | 0x81 => {
                let call = self.pop_many(2)?;
                self.stack.push(called(&call[0], &call[1]));
            }
            // Attributes of an object; state dictionaries carry version numbers in them.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let Value::Tuple(arguments) = self.pop()? else { return Err(confused()) };
                self.stack.push(Value::Reference(arguments));
            }
            b'q' => self.memorise(1)?,
            b'r' => self.memorise(4)?,
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            other => return Err(format!("its pickle holds instruction {other:#04x}, which no state dictionary needs")),
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<Option<u8>, String> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or("the file is cut off")?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were asked for"))
    }

    /// An unsigned number of `width` bytes.
    fn unsigned(&mut self, width: usize) -> Result<u64, String> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn length(&mut self, width: usize) -> Result<usize, String> {
        usize::try_from(self.unsigned(width)?).map_err(|_| "the file is cut off".to_owned())
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or("the file is cut off")?;
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|_| confused())
    }

    fn push_unsigned(&mut self, width: usize) -> Result<(), String> {
        let number = self.unsigned(width)?;
        self.stack.push(Value::Integer(number as i64));
        Ok(())
    }

    fn push_text(&mut self, width: usize) -> Result<(), String> {
        let length = self.length(width)?;
        let text = String::from_utf8_lossy(self.take(length)?);
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn push_tuple(&mut self, items: Vec<Value>) -> Result<(), String> {
        let depth = deeper(1 + items.iter().map(Value::depth).max().unwrap_or(0))?;
        self.stack.push(Value::Tuple(Tuple { items: items.into(), depth }));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() > floor { self.stack.pop().ok_or_else(confused) } else { Err(confused()) }
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, String> {
        let mut items: Vec<_> = (0..count).map(|_| self.pop()).collect::<Result<_, _>>()?;
        items.reverse();
        Ok(items)
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.marks.pop().ok_or_else(confused)?;
        Ok(self.stack.split_off(mark))
    }

    fn extend_list(&mut self, items: Vec<Value>) -> Result<(), String> {
        match self.stack.last_mut() {
            Some(Value::List(list)) => {
                for item in items {
                    let depth = item.depth();
                    list.push(item, depth)?;
                }
            }
            Some(_) => {}
            None => return Err(confused()),
        }
        Ok(())
    }

    fn extend_dict(&mut self, pairs: Vec<Value>) -> Result<(), String> {
        if !pairs.len().is_multiple_of(2) {
            return Err(confused());
        }
        let mut pairs = pairs.into_iter();
        match self.stack.last_mut() {
            Some(Value::Dict(dict)) => {
                while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                    let depth = key.depth().max(value.depth());
                    dict.push((key, value), depth)?;
                }
            }
            Some(_) => {}
            None => return Err(confused()),
        }
        Ok(())
    }

    fn memorise(&mut self, width: usize) -> Result<(), String> {
        let place = self.unsigned(width)?;
        self.remember(place)
    }

    fn remember(&mut self, place: u64) -> Result<(), String> {
        // Dictionaries and lists grow after they were remembered, and no state dictionary repeats one.
        let value = match self.stack.last().ok_or_else(confused)? {
            Value::Dict(_) | Value::List(_) => Value::Opaque,
            value => value.clone(),
        };
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, width: usize) -> Result<(), String> {
        let place = self.unsigned(width)?;
        self.stack.push(self.memo.get(&place).ok_or_else(confused)?.clone());
        Ok(())
    }
}

/// A class or function that state dictionaries need; any other is refused, although nothing would run it.
fn global(module: &str, name: &str) -> Result<Value, String> {
    let full = format!("{module} {name}");
    let is_known = match module {
        "torch" => Element::from_class(name).is_some() || matches!(name, "Size" | "device" | "float32" | "float16"),
        _ => KNOWN_GLOBALS.contains(&full.as_str()),
    };
    if is_known {
        Ok(Value::Global(full.into()))
    } else {
        Err(format!("its pickle names `{module}.{name}`, which no state dictionary needs; it was not run"))
    }
}

/// What a call gives.
fn called(function: &Value, arguments: &Value) -> Value {
    let (Value::Global(name), Value::Tuple(arguments)) = (function, arguments) else { return Value::Opaque };
    match &**name {
        "collections OrderedDict" if arguments.items.is_empty() => Value::Dict(Collection::new()),
        "torch._utils _rebuild_tensor" | "torch._utils _rebuild_tensor_v2" => Value::Tensor(arguments.clone()),
        "torch._utils _rebuild_parameter" | "torch.nn.parameter Parameter" => {
            // Dictionaries and lists are not shared, so that a call repeated would copy them as often.
            match arguments.items.first() {
                Some(Value::Tensor(tensor)) => Value::Tensor(tensor.clone()),
                _ => Value::Opaque,
            }
        }
        _ => Value::Opaque,
    }
}

/// A little-endian two's complement number.
fn signed(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 {
        return None;
    }
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
    let mut number = [fill; 8];
    number[..bytes.len()].copy_from_slice(bytes);
    Some(i64::from_le_bytes(number))
}

fn deeper(depth: usize) -> Result<usize, String> {
    if depth > DEEPEST { Err(format!("its pickle nests deeper than {DEEPEST} levels")) } else { Ok(depth) }
}

fn confused() -> String {
    "its pickle makes no sense".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gives_nothing_that_would_be_copied_each_time() {
        let of = |argument: &str| {
            let pickle = format!("ctorch._utils\n_rebuild_parameter\n{argument}\u{85}R.");
            unpickle(&pickle.chars().map(|byte| byte as u8).collect::<Vec<_>>()).unwrap().0
        };
        assert!(matches!(of("]"), Value::Opaque) && matches!(of("}"), Value::Opaque));
        assert!(matches!(of("ctorch._utils\n_rebuild_tensor_v2\n)R"), Value::Tensor(_)));
    }
}
