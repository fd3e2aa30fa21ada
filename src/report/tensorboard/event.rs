//! One event in the encoding of protocol buffers (`tensorboard/compat/proto/event.proto` and `summary.proto`).

/// What happened at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Seconds since 1970.
    pub wall_time: f64,
    /// Optimiser steps done.
    pub step: u64,
    /// Layout of the file; in its first event only.
    pub file_version: Option<String>,
    /// Values by name.
    pub scalars: Vec<(String, f32)>,
}

/// Kinds of values.
const VARINT: u8 = 0;
const EIGHT_BYTES: u8 = 1;
const BYTES: u8 = 2;
const FOUR_BYTES: u8 = 5;

impl Event {
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut message = Vec::new();
        key(&mut message, 1, EIGHT_BYTES);
        message.extend(self.wall_time.to_le_bytes());
        key(&mut message, 2, VARINT);
        varint(&mut message, self.step);
        if let Some(version) = &self.file_version {
            bytes(&mut message, 3, version.as_bytes());
        }
        if !self.scalars.is_empty() {
            let mut summary = Vec::new();
            for (name, scalar) in &self.scalars {
                let mut value = Vec::new();
                bytes(&mut value, 1, name.as_bytes());
                key(&mut value, 2, FOUR_BYTES);
                value.extend(scalar.to_le_bytes());
                bytes(&mut summary, 1, &value);
            }
            bytes(&mut message, 5, &summary);
        }
        message
    }

    /// Reads what [`Event::encoded`] wrote; other fields are passed over.
    pub(super) fn decoded(message: &[u8]) -> Option<Self> {
        let mut event = Self::default();
        for field in fields(message)? {
            match field {
                Field { number: 1, value: Value::EightBytes(bits) } => event.wall_time = f64::from_bits(bits),
                Field { number: 2, value: Value::Varint(step) } => event.step = step,
                Field { number: 3, value: Value::Bytes(text) } => {
                    event.file_version = Some(String::from_utf8(text.to_vec()).ok()?);
                }
                Field { number: 5, value: Value::Bytes(summary) } => {
                    for field in fields(summary)? {
                        if let Field { number: 1, value: Value::Bytes(value) } = field {
                            event.scalars.push(scalar(value)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(event)
    }
}

fn scalar(message: &[u8]) -> Option<(String, f32)> {
    let (mut name, mut scalar) = (String::new(), 0.0);
    for field in fields(message)? {
        match field {
            Field { number: 1, value: Value::Bytes(text) } => name = String::from_utf8(text.to_vec()).ok()?,
            Field { number: 2, value: Value::FourBytes(bits) } => scalar = f32::from_bits(bits),
            _ => {}
        }
    }
    Some((name, scalar))
}

fn key(message: &mut Vec<u8>, number: u8, kind: u8) {
    message.push(number << 3 | kind);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

fn bytes(message: &mut Vec<u8>, number: u8, content: &[u8]) {
    key(message, number, BYTES);
    varint(message, content.len() as u64);
    message.extend(content);
}

struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    EightBytes(u64),
    Bytes(&'a [u8]),
    FourBytes(u32),
}

fn fields(mut message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = read_varint(&mut message)?;
        let mut taken = |count: usize| {
            let (taken, rest) = message.split_at_checked(count)?;
            message = rest;
            Some(taken)
        };
        let value = match (key & 7) as u8 {
            VARINT => Value::Varint(read_varint(&mut message)?),
            EIGHT_BYTES => Value::EightBytes(u64::from_le_bytes(taken(8)?.try_into().ok()?)),
            FOUR_BYTES => Value::FourBytes(u32::from_le_bytes(taken(4)?.try_into().ok()?)),
            BYTES => {
                let count = usize::try_from(read_varint(&mut message)?).ok()?;
                let (taken, rest) = message.split_at_checked(count)?;
                message = rest;
                Value::Bytes(taken)
            }
            _ => return None,
        };
        found.push(Field { number: key >> 3, value });
    }
    Some(found)
}

fn read_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_bytes_that_tensorboard_gives_it_and_reads_back() {
        let event = Event {
            wall_time: 1.5,
            step: 300,
            file_version: None,
            scalars: vec![("a/b".into(), 0.25), ("c".into(), -1.0)],
        };
        // SerializeToString of tensorboard.compat.proto.event_pb2.Event with these fields.
        let expected = "09000000000000f83f10ac022a16\
                        0a0a0a03612f62150000803e0a080a016315000080bf";
        let hexadecimal: String = event.encoded().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, expected);
        assert_eq!(Event::decoded(&event.encoded()), Some(event));
        let first = Event { file_version: Some("brain.Event:2".into()), ..Event::default() };
        assert_eq!(Event::decoded(&first.encoded()), Some(first));
    }

    #[test]
    fn a_message_that_ends_too_early_is_none() {
        let whole = Event { step: 7, scalars: vec![("loss".into(), 0.5)], ..Event::default() }.encoded();
        let cut: Vec<_> = (0..whole.len()).filter_map(|end| Event::decoded(&whole[..end])).collect();
        // Only between its three fields it still is a message.
        assert_eq!(cut.len(), 3);
        assert_eq!(Event::decoded(&[0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), None);
        assert_eq!(Event::decoded(&[0xFF; 12]), None);
    }
}
