//! TFRecord: length, checksum of the length, content, checksum of the content.
//!
//! Layout as `tensorflow/core/lib/io/record_writer.h` describes it; checksums are CRC-32C, masked.

const HEAD: usize = 12;
const TAIL: usize = 4;

/// A record with its checksums.
pub(super) fn framed(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(HEAD + content.len() + TAIL);
    record.extend(length);
    record.extend(masked(&length).to_le_bytes());
    record.extend(content);
    record.extend(masked(content).to_le_bytes());
    record
}

/// The contents of all records up to the first that is not whole.
pub(super) fn contents(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((content, rest)) = first(bytes) {
        found.push(content);
        bytes = rest;
    }
    found
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(8)?;
    let (length_sum, rest) = rest.split_at_checked(4)?;
    let count = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (content, rest) = rest.split_at_checked(count)?;
    let (content_sum, rest) = rest.split_at_checked(TAIL)?;
    let is_whole = length_sum == masked(length).to_le_bytes() && content_sum == masked(content).to_le_bytes();
    is_whole.then_some((content, rest))
}

/// The checksum of bytes that may hold checksums themselves.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_tensorflow() {
        // The head of every event file: a record of 24 bytes, as TensorFlow writes it.
        assert_eq!(framed(&[0; 24])[..HEAD], [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22]);
    }

    #[test]
    fn what_is_cut_off_or_damaged_ends_the_file() {
        let records: Vec<u8> = [&b"one"[..], b"", b"three"].iter().flat_map(|content| framed(content)).collect();
        assert_eq!(contents(&records), [&b"one"[..], b"", b"three"]);
        for end in 0..records.len() {
            assert!(contents(&records[..end]).len() < 3, "{end}");
        }
        for place in 0..records.len() {
            let mut damaged = records.clone();
            damaged[place] ^= 4;
            assert!(contents(&damaged).len() < 3, "{place}");
        }
        let mut greedy = u64::MAX.to_le_bytes().to_vec();
        greedy.extend(masked(&greedy).to_le_bytes());
        assert!(contents(&greedy).is_empty());
    }
}
