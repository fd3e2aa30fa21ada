//! Is this a SEG-Y file at all, in which byte order, with which sample format?

use crate::endian::Endian;
use crate::error::SegyError;
use crate::format::SampleFormat;
use crate::header::BinaryHeader;
use crate::options::OpenOptions;
use crate::source::Source;
use crate::text::{TEXT_BYTES, TextHeader};
use crate::warning::Warning;

/// Length of the textual and the binary header together.
pub(crate) const HEADER_BYTES: u64 = 3600;

/// What the first 3600 bytes say.
#[derive(Debug)]
pub(crate) struct Preamble {
    pub(crate) text: TextHeader,
    pub(crate) binary: BinaryHeader,
    pub(crate) format: SampleFormat,
}

/// Reads the two file headers, or says what the file is instead.
pub(crate) fn preamble(
    source: &Source,
    options: &OpenOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Preamble, SegyError> {
    let path = source.path().to_owned();
    let mut scratch = Vec::new();
    let start = source.bytes(0, source.length().min(HEADER_BYTES) as usize, &mut scratch)?;
    if let Some((what, remedy)) = foreign(start) {
        return Err(SegyError::Foreign { path, what, remedy });
    }
    if source.length() < HEADER_BYTES {
        return Err(SegyError::TooShort { path, bytes: source.length() });
    }
    let text: [u8; TEXT_BYTES] = std::array::from_fn(|at| start[at]);
    let raw: [u8; 400] = std::array::from_fn(|at| start[TEXT_BYTES + at]);
    let (endian, format) = match endian_and_format(raw, options) {
        Ok(found) => found,
        Err(Unrecognised::Pairwise) => return Err(SegyError::PairwiseSwapped { path }),
        Err(Unrecognised::Code(code)) => {
            return Err(if is_seismic_unix(source)? {
                SegyError::Foreign {
                    path,
                    what: "a Seismic Unix file (traces without file headers)",
                    remedy: "convert it with `segyhdrs | segywrite` first",
                }
            } else {
                let problem = match code {
                    4 => "is the obsolete fixed point with gain and is not supported",
                    _ => "SEG-Y does not define; the file is cut off in its head, damaged, or not SEG-Y",
                };
                SegyError::Format { path, code, problem }
            });
        }
    };
    let binary = BinaryHeader::from_bytes(raw, endian);
    if options.endian.is_none() && matches!(binary.get_i32(3297) as u32, 0x0403_0201) {
        warnings.push(Warning::ByteOrder);
    }
    Ok(Preamble { text: TextHeader::from_bytes(text), binary, format })
}

enum Unrecognised {
    Pairwise,
    Code(i16),
}

/// A code from 1 to 16 makes sense in one byte order only, so it settles the order as well. A format that the caller
/// gave leaves the order to the constant of revision 2, and failing that to the standard's own.
fn endian_and_format(raw: [u8; 400], options: &OpenOptions) -> Result<(Endian, SampleFormat), Unrecognised> {
    let constant = match raw[96..100] {
        [1, 2, 3, 4] => Some(Endian::Big),
        [4, 3, 2, 1] => Some(Endian::Little),
        [2, 1, 4, 3] if options.endian.is_none() => return Err(Unrecognised::Pairwise),
        _ => None,
    };
    let code = |endian| BinaryHeader::from_bytes(raw, endian).get_i16(3225);
    let by_code = [Endian::Big, Endian::Little].into_iter().find(|&endian| (1..=16).contains(&code(endian)));
    let endian = options.endian.or(by_code).or(constant).unwrap_or(Endian::Big);
    match options.format.or_else(|| SampleFormat::from_code(code(endian))) {
        Some(format) => Ok((endian, format)),
        None => Err(Unrecognised::Code(code(endian))),
    }
}

fn foreign(start: &[u8]) -> Option<(&'static str, &'static str)> {
    const KNOWN: &[(usize, &[u8], &str)] = &[
        (0, b"\x89PNG", "a PNG picture"),
        (0, b"\xff\xd8\xff", "a JPEG picture"),
        (0, b"II*\0", "a TIFF picture"),
        (0, b"MM\0*", "a TIFF picture"),
        (0, b"%PDF", "a PDF document"),
        (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (0, b"CDF\x01", "a netCDF file"),
        (0, b"CDF\x02", "a netCDF file"),
        (0, b"\x93NUMPY", "a NumPy array"),
        (0, b"VBS\0", "a ZGY file"),
    ];
    const PACKED: &[(usize, &[u8], &str)] = &[
        (0, b"PK\x03\x04", "a ZIP archive"),
        (0, b"\x1f\x8b", "a gzip archive"),
        (0, b"BZh", "a bzip2 archive"),
        (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
        (0, b"\xfd7zXZ", "an xz archive"),
        (257, b"ustar", "a tar archive"),
    ];
    let found = |table: &[(usize, &[u8], &'static str)]| {
        table
            .iter()
            .find(|(at, magic, _)| start.get(*at..).is_some_and(|rest| rest.starts_with(magic)))
            .map(|(_, _, what)| *what)
    };
    if let Some(what) = found(KNOWN) {
        return Some((what, "give the path of a SEG-Y file"));
    }
    if let Some(what) = found(PACKED) {
        return Some((what, "unpack it first"));
    }
    // Storage unit label of revisions 1 and 2: a sequence number, then `SY1.0` or the like.
    if start.get(4..8).is_some_and(|label| label.starts_with(b"SY") && label[2].is_ascii_digit() && label[3] == b'.') {
        return Some(("SEG-Y behind a 128-byte tape label", "strip the label with `tail -c +129 FILE > NEW` first"));
    }
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    if !start.is_empty() && start.iter().all(is_text) && start.contains(&b'\n') {
        return Some(("a text file", "give the path of a SEG-Y file"));
    }
    None
}

/// Whether the file begins with a trace header and its length is a whole number of such traces of 4-byte samples.
fn is_seismic_unix(source: &Source) -> Result<bool, SegyError> {
    let head: [u8; 240] = source.array(0)?;
    Ok([Endian::Big, Endian::Little].into_iter().any(|endian| {
        let samples = u64::from(endian.u16([head[114], head[115]]));
        let interval = endian.u16([head[116], head[117]]);
        samples > 0 && interval > 0 && source.length().is_multiple_of(240 + 4 * samples)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(code: [u8; 2], constant: [u8; 4]) -> [u8; 400] {
        let mut raw = [0; 400];
        raw[24..26].copy_from_slice(&code);
        raw[96..100].copy_from_slice(&constant);
        raw
    }

    #[test]
    fn the_format_code_settles_the_byte_order() {
        let found = |code, constant, options: OpenOptions| endian_and_format(raw(code, constant), &options).ok();
        let default = OpenOptions::default;
        let float = SampleFormat::Float32;
        assert_eq!(found([0, 5], [0; 4], default()), Some((Endian::Big, float)));
        assert_eq!(found([5, 0], [0; 4], default()), Some((Endian::Little, float)));
        assert_eq!(found([5, 0], [4, 3, 2, 1], default()), Some((Endian::Little, float)));
        assert_eq!(found([5, 0], [1, 2, 3, 4], default()), Some((Endian::Little, float)));
        assert_eq!(found([0, 0], [0; 4], default()), None);
        assert_eq!(found([0, 4], [0; 4], default()), None);
        assert_eq!(found([0, 5], [2, 1, 4, 3], default()), None);
        let given = OpenOptions { format: Some(float), ..default() };
        assert_eq!(found([0, 0], [4, 3, 2, 1], given.clone()), Some((Endian::Little, float)));
        assert_eq!(found([0, 1], [0; 4], given), Some((Endian::Big, float)));
    }
}
