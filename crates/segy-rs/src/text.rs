//! Textual file headers: 40 lines of 80 characters, in EBCDIC or ASCII.

use std::fmt;

/// Length of a textual header, and of each extended one, in bytes.
pub const TEXT_BYTES: usize = 3200;
const LINE_BYTES: usize = 80;
const LINES: usize = TEXT_BYTES / LINE_BYTES;

/// How the characters of a textual header are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// EBCDIC, code page 037.
    Ebcdic,
    /// ASCII; bytes above 127 are taken as Latin-1.
    Ascii,
}

/// A textual header: 40 lines of 80 characters, and the bytes they were read from.
#[derive(Clone, PartialEq, Eq)]
pub struct TextHeader {
    bytes: Box<[u8; TEXT_BYTES]>,
    encoding: TextEncoding,
}

impl TextHeader {
    /// A header of these lines, numbered `C 1 ` to `C40 ` where a line does not begin with such a number already.
    ///
    /// Lines beyond the 40th and characters beyond the 80th column are dropped; characters outside Latin-1 become `?`.
    pub fn from_lines<S: AsRef<str>>(lines: &[S], encoding: TextEncoding) -> Self {
        let mut bytes = Box::new([encode(' ', encoding); TEXT_BYTES]);
        for (index, line) in bytes.chunks_exact_mut(LINE_BYTES).enumerate() {
            let text = lines.get(index).map_or("", |text| text.as_ref());
            let number = format!("C{:>2} ", index + 1);
            let is_numbered = [&number, &format!("C{:02} ", index + 1)]
                .into_iter()
                .any(|number| text.starts_with(number.as_str()) || text == number.trim_end());
            let prefix = if is_numbered { "" } else { &number };
            for (byte, character) in line.iter_mut().zip(prefix.chars().chain(text.chars())) {
                *byte = encode(character, encoding);
            }
        }
        Self { bytes, encoding }
    }

    /// Takes 3200 bytes as they stand in a file and finds out how they are coded.
    pub fn from_bytes(bytes: [u8; TEXT_BYTES]) -> Self {
        let encoding = detect(&bytes);
        Self { bytes: Box::new(bytes), encoding }
    }

    /// The 3200 bytes as they stand in the file.
    pub fn bytes(&self) -> &[u8; TEXT_BYTES] {
        &self.bytes
    }

    /// How the characters are coded.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The 40 lines without trailing blanks; control characters read as blanks.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = String> + '_ {
        (0..LINES).map(|index| {
            let line = &self.bytes[index * LINE_BYTES..(index + 1) * LINE_BYTES];
            let mut text: String = line.iter().map(|&byte| decode(byte, self.encoding)).collect();
            text.truncate(text.trim_end().len());
            text
        })
    }
}

impl fmt::Display for TextHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Debug for TextHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextHeader")
            .field("encoding", &self.encoding)
            .field("lines", &self.lines().collect::<Vec<_>>())
            .finish()
    }
}

/// The coding that makes more of the bytes letters, digits and blanks; ASCII where neither does.
fn detect(bytes: &[u8]) -> TextEncoding {
    let plain = |encoding, blank: u8| {
        bytes.iter().filter(|&&byte| byte == blank || decode(byte, encoding).is_ascii_alphanumeric()).count()
    };
    if plain(TextEncoding::Ebcdic, 0x40) > plain(TextEncoding::Ascii, 0x20) {
        TextEncoding::Ebcdic
    } else {
        TextEncoding::Ascii
    }
}

pub(crate) fn decode(byte: u8, encoding: TextEncoding) -> char {
    let character = match encoding {
        TextEncoding::Ascii => char::from(byte),
        TextEncoding::Ebcdic => char::from(LATIN_1_OF_EBCDIC[usize::from(byte)]),
    };
    if character.is_control() { ' ' } else { character }
}

fn encode(character: char, encoding: TextEncoding) -> u8 {
    let latin_1 = u8::try_from(u32::from(character)).unwrap_or(b'?');
    match encoding {
        TextEncoding::Ascii => latin_1,
        // The table holds each of the 256 values once.
        TextEncoding::Ebcdic => {
            LATIN_1_OF_EBCDIC.iter().position(|&other| other == latin_1).map_or(0x6f, |at| at as u8)
        }
    }
}

/// Code page 037.
#[rustfmt::skip]
const LATIN_1_OF_EBCDIC: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x9d, 0x85, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a,
    0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c,
    0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac,
    0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f,
    0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22,
    0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
    0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4,
    0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae,
    0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7,
    0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5,
    0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff,
    0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_both_encodings() {
        let lines = ["C 1 FACIES {~} [a] |x| \\ ^ é", "no number", "", "C04 numbered otherwise"];
        for encoding in [TextEncoding::Ebcdic, TextEncoding::Ascii] {
            let header = TextHeader::from_bytes(*TextHeader::from_lines(&lines, encoding).bytes());
            assert_eq!(header.encoding(), encoding);
            let read: Vec<_> = header.lines().collect();
            assert_eq!(read.len(), 40);
            assert_eq!(read[0], lines[0]);
            assert_eq!(read[1], "C 2 no number");
            assert_eq!(read[2], "C 3");
            assert_eq!(read[3], lines[3]);
            assert_eq!(read[39], "C40");
        }
    }

    #[test]
    fn known_bytes_of_code_page_037() {
        for (byte, character) in [(0xc3, 'C'), (0x40, ' '), (0xf0, '0'), (0x81, 'a'), (0x4d, '('), (0x7a, ':')] {
            assert_eq!(decode(byte, TextEncoding::Ebcdic), character);
        }
    }

    #[test]
    fn long_lines_are_cut_and_foreign_characters_replaced() {
        let header = TextHeader::from_lines(
            &["C 1 ".to_owned() + &"x".repeat(100) + "y", "\u{4e2d}".to_owned()],
            TextEncoding::Ebcdic,
        );
        let lines: Vec<_> = header.lines().collect();
        assert_eq!(lines[0].len(), 80);
        assert_eq!(lines[1], "C 2 ?");
    }

    #[test]
    fn any_bytes_read_as_forty_lines_of_printable_characters() {
        for bytes in [[0u8; TEXT_BYTES], [0xff; TEXT_BYTES], std::array::from_fn(|i| (i * 7) as u8)] {
            let header = TextHeader::from_bytes(bytes);
            assert_eq!(header.lines().len(), 40);
            assert!(header.lines().all(|line| line.chars().count() <= 80 && !line.chars().any(char::is_control)));
        }
    }
}
