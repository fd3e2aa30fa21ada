//! The binary file header, bytes 3201-3600.

use std::fmt;

use super::fields;
use crate::endian::Endian;
use crate::format::SampleFormat;

/// First byte of the binary header in the standard's counting.
const FIRST: usize = 3201;

/// The 400 bytes of a binary file header. Fields are addressed by the byte numbers of the standard, 3201 to 3600.
#[derive(Clone, PartialEq, Eq)]
pub struct BinaryHeader {
    bytes: [u8; 400],
    endian: Endian,
}

impl BinaryHeader {
    /// A header of revision 1 for stacked traces of one length: big endian, metres.
    ///
    /// A sample interval beyond 65,535 µs does not fit and is left 0.
    pub fn new(samples: usize, interval_us: u16, format: SampleFormat) -> Self {
        let mut header = Self { bytes: [0; 400], endian: Endian::Big };
        header.set_i16(3213, 1);
        header.set_i16(3217, interval_us as i16);
        header.set_i16(3227, 1);
        header.set_i16(3229, 4);
        header.set_i16(3255, 1);
        header.declare(samples, format);
        header
    }

    /// Takes 400 bytes as they stand in a file.
    pub fn from_bytes(bytes: [u8; 400], endian: Endian) -> Self {
        Self { bytes, endian }
    }

    /// The 400 bytes, in the header's own byte order.
    pub fn bytes(&self) -> &[u8; 400] {
        &self.bytes
    }

    /// Byte order of the numbers.
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// The number in bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn get_i16(&self, byte: usize) -> i16 {
        self.get_u16(byte) as i16
    }

    /// The unsigned number in bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn get_u16(&self, byte: usize) -> u16 {
        self.endian.u16(self.field(byte))
    }

    /// The number in the four bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn get_i32(&self, byte: usize) -> i32 {
        self.endian.u32(self.field(byte)) as i32
    }

    /// The unsigned number in the eight bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn get_u64(&self, byte: usize) -> u64 {
        self.endian.u64(self.field(byte))
    }

    /// The IEEE floating-point number in the eight bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn get_f64(&self, byte: usize) -> f64 {
        f64::from_bits(self.get_u64(byte))
    }

    /// Writes a number into bytes `byte` and `byte + 1`.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn set_i16(&mut self, byte: usize, value: i16) {
        self.bytes[byte - FIRST..][..2].copy_from_slice(&self.endian.bytes_u16(value as u16));
    }

    /// Writes a number into the four bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn set_i32(&mut self, byte: usize, value: i32) {
        self.bytes[byte - FIRST..][..4].copy_from_slice(&self.endian.bytes_u32(value as u32));
    }

    /// Writes an unsigned number into the eight bytes from `byte` on.
    ///
    /// # Panics
    /// When the field does not lie within bytes 3201 to 3600.
    pub fn set_u64(&mut self, byte: usize, value: u64) {
        self.bytes[byte - FIRST..][..8].copy_from_slice(&self.endian.bytes_u64(value));
    }

    /// `(major, minor)` revision of the standard; what no revision writes reads as `(0, 0)`.
    ///
    /// Revision 1 defines one fixed-point number in bytes 3501-3502, revision 2 one byte each. Numbers written the
    /// wrong way round (0, 1), and the decimal 10 and hexadecimal 0x10 for 1.0, are understood.
    pub fn revision(&self) -> (u8, u8) {
        match self.field(3501) {
            [0, 0] => (0, 0),
            [major @ 1..=2, minor] => (major, minor),
            [0, 1 | 10 | 0x10] => (1, 0),
            [0, 2 | 20 | 0x20] => (2, 0),
            _ => (0, 0),
        }
    }

    /// The same header in big-endian byte order.
    pub(crate) fn to_big_endian(&self) -> Self {
        let mut header = self.clone();
        if self.endian == Endian::Little {
            fields::swap(&mut header.bytes, fields::BINARY);
            header.endian = Endian::Big;
        }
        header
    }

    /// Declares traces of one length, no extended textual headers, no additional trace headers, no trailers; revision 1,
    /// or 2 where only that revision can count the samples.
    pub(crate) fn declare(&mut self, samples: usize, format: SampleFormat) {
        let short = u16::try_from(samples).ok();
        self.set_i16(3221, short.unwrap_or(0) as i16);
        self.set_i32(3269, if short.is_some() { 0 } else { i32::try_from(samples).unwrap_or(i32::MAX) });
        self.set_i16(3225, format.code());
        self.set_i32(3297, 0x0102_0304);
        self.bytes[3501 - FIRST] = if short.is_some() { 1 } else { 2 };
        self.bytes[3502 - FIRST] = 0;
        self.set_i16(3503, 1);
        self.set_i16(3505, 0);
        self.set_i16(3507, 0);
        self.set_u64(3513, 0);
        self.set_u64(3521, 0);
        self.set_i32(3529, 0);
    }

    fn field<const N: usize>(&self, byte: usize) -> [u8; N] {
        std::array::from_fn(|at| self.bytes[byte - FIRST + at])
    }
}

impl fmt::Debug for BinaryHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinaryHeader")
            .field("endian", &self.endian)
            .field("revision", &self.revision())
            .field("format", &self.get_i16(3225))
            .field("samples", &self.get_u16(3221))
            .field("interval_us", &self.get_u16(3217))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_as_they_are_found_written() {
        for (bytes, revision) in [
            ([0, 0], (0, 0)),
            ([1, 0], (1, 0)),
            ([0, 1], (1, 0)),
            ([0, 0x10], (1, 0)),
            ([2, 0], (2, 0)),
            ([2, 1], (2, 1)),
            ([0, 2], (2, 0)),
            ([0x40, 0x40], (0, 0)),
            ([0, 99], (0, 0)),
        ] {
            let mut header = BinaryHeader::new(1, 1, SampleFormat::Float32);
            header.bytes[300..302].copy_from_slice(&bytes);
            assert_eq!(header.revision(), revision, "{bytes:?}");
        }
    }

    #[test]
    fn turning_a_little_endian_header_keeps_every_number() {
        let mut little = BinaryHeader::from_bytes([0; 400], Endian::Little);
        little.set_i32(3201, -7);
        little.set_i16(3255, 2);
        little.set_u64(3273, 0.5f64.to_bits());
        little.set_i32(3269, 70_000);
        little.set_u64(3521, 3600);
        let big = little.to_big_endian();
        assert_eq!(big.endian(), Endian::Big);
        assert_eq!((big.get_i32(3201), big.get_i16(3255)), (-7, 2));
        assert_eq!((big.get_f64(3273), big.get_i32(3269), big.get_u64(3521)), (0.5, 70_000, 3600));
        assert_eq!(&big.bytes()[..4], &(-7i32).to_be_bytes());
    }

    #[test]
    fn counts_beyond_sixteen_bits_take_revision_two() {
        let header = BinaryHeader::new(65_535, 2000, SampleFormat::Float32);
        assert_eq!((header.get_u16(3221), header.get_i32(3269), header.revision()), (65_535, 0, (1, 0)));
        let header = BinaryHeader::new(65_536, 2000, SampleFormat::Float32);
        assert_eq!((header.get_u16(3221), header.get_i32(3269), header.revision()), (0, 65_536, (2, 0)));
    }
}
