//! What a JPEG file says of itself before it is decoded (ITU-T T.81, annex B).

/// Facts from the markers of a JPEG file.
pub(super) struct JpegHeader {
    /// Colours of a pixel; 4 are inks.
    pub(super) components: u8,
    /// Whether the end marker follows the picture.
    pub(super) is_whole: bool,
}

const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// Walks the segments up to the first scan and looks for the end behind it; a thumbnail's end inside a segment does not count.
pub(super) fn read_jpeg_header(bytes: &[u8]) -> JpegHeader {
    let mut header = JpegHeader { components: 0, is_whole: false };
    let mut place = 2;
    while let Some(&[0xFF, marker]) = bytes.get(place..place + 2) {
        if marker == 0xFF {
            // A fill byte.
            place += 1;
            continue;
        }
        let Some(&[high, low]) = bytes.get(place + 2..place + 4) else { break };
        // Frame headers but not tables (C4), extensions (C8) and arithmetic conditions (CC).
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            header.components = bytes.get(place + 9).copied().unwrap_or(0);
        }
        if marker == START_OF_SCAN {
            // Within compressed data FF is always followed by 00 or a restart marker.
            header.is_whole = bytes[place..].windows(2).any(|pair| pair == [0xFF, END_OF_IMAGE]);
            break;
        }
        place += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
    }
    header
}
