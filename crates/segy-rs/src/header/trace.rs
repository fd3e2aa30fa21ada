//! The trace header, 240 bytes before the samples of each trace.

use std::fmt;

use super::fields;
use crate::endian::Endian;

/// The 240 bytes of a trace header. Fields are addressed by the byte numbers of the standard, 1 to 240.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceHeader {
    bytes: [u8; Self::BYTES],
    endian: Endian,
}

impl TraceHeader {
    /// Length of a trace header in bytes.
    pub const BYTES: usize = 240;

    /// A header of zeros, big endian.
    pub fn new() -> Self {
        Self { bytes: [0; Self::BYTES], endian: Endian::Big }
    }

    /// Takes 240 bytes as they stand in a file.
    pub fn from_bytes(bytes: [u8; Self::BYTES], endian: Endian) -> Self {
        Self { bytes, endian }
    }

    /// The 240 bytes, in the header's own byte order.
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.bytes
    }

    /// Byte order of the numbers.
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// The number in bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn get_i16(&self, byte: usize) -> i16 {
        self.get_u16(byte) as i16
    }

    /// The unsigned number in bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn get_u16(&self, byte: usize) -> u16 {
        self.endian.u16([self.bytes[byte - 1], self.bytes[byte]])
    }

    /// The number in the four bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn get_i32(&self, byte: usize) -> i32 {
        self.endian.u32(std::array::from_fn(|at| self.bytes[byte - 1 + at])) as i32
    }

    /// Writes a number into bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn set_i16(&mut self, byte: usize, value: i16) {
        self.bytes[byte - 1..][..2].copy_from_slice(&self.endian.bytes_u16(value as u16));
    }

    /// Writes an unsigned number into bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn set_u16(&mut self, byte: usize, value: u16) {
        self.set_i16(byte, value as i16);
    }

    /// Writes a number into the four bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 1 to 240.
    pub fn set_i32(&mut self, byte: usize, value: i32) {
        self.bytes[byte - 1..][..4].copy_from_slice(&self.endian.bytes_u32(value as u32));
    }

    /// The 240 bytes with every field of the standard in big-endian byte order.
    pub fn to_big_endian_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = self.bytes;
        if self.endian == Endian::Little {
            fields::swap(&mut bytes, fields::TRACE);
        }
        bytes
    }
}

impl Default for TraceHeader {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceHeader")
            .field("inline", &self.get_i32(189))
            .field("crossline", &self.get_i32(193))
            .field("x", &self.get_i32(181))
            .field("y", &self.get_i32(185))
            .field("scalar", &self.get_i16(71))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_where_the_standard_has_them() {
        let mut header = TraceHeader::new();
        header.set_i32(189, 339);
        header.set_i16(71, -10);
        header.set_u16(115, 40_000);
        assert_eq!(header.bytes()[188..192], [0, 0, 1, 83]);
        assert_eq!(header.bytes()[70..72], [0xff, 0xf6]);
        assert_eq!((header.get_i32(189), header.get_i16(71), header.get_u16(115)), (339, -10, 40_000));
    }

    #[test]
    fn turning_a_little_endian_header_keeps_every_number() {
        let mut little = TraceHeader::from_bytes([0; 240], Endian::Little);
        let longs = [1, 21, 37, 73, 85, 181, 185, 189, 193, 197, 205, 219, 225, 233, 237];
        let shorts = [29, 71, 89, 109, 115, 117, 169, 201, 215, 217, 223, 229, 231];
        longs.iter().for_each(|&byte| little.set_i32(byte, -(byte as i32) * 65_537));
        shorts.iter().for_each(|&byte| little.set_i16(byte, byte as i16 * 101));
        let big = TraceHeader::from_bytes(little.to_big_endian_bytes(), Endian::Big);
        longs.iter().for_each(|&byte| assert_eq!(big.get_i32(byte), little.get_i32(byte), "{byte}"));
        shorts.iter().for_each(|&byte| assert_eq!(big.get_i16(byte), little.get_i16(byte), "{byte}"));
    }
}
