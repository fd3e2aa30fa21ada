//! Widths of the fields that the standard assigns, needed to turn a header from one byte order into the other.

/// Runs of equally wide fields, `(count, width)`, from byte 3201 on (SEG-Y revision 2.0, binary file header).
pub(super) const BINARY: &[(usize, usize)] = &[
    (3, 4),   // 3201-3212 job, line, reel
    (24, 2),  // 3213-3260
    (3, 4),   // 3261-3272 extended counts
    (2, 8),   // 3273-3288 extended sample intervals
    (3, 4),   // 3289-3300 extended counts, byte order constant
    (202, 1), // 3301-3502 unassigned, revision
    (5, 2),   // 3503-3512
    (2, 8),   // 3513-3528 traces, offset of the first trace
    (1, 4),   // 3529-3532 trailers
    (68, 1),  // 3533-3600 unassigned
];

/// Runs of equally wide fields of the trace header, `(count, width)`, from byte 1 on. Unassigned bytes 233-240 count
/// as two 4-byte numbers, as which they are most often used.
pub(super) const TRACE: &[(usize, usize)] = &[
    (7, 4),  // 1-28
    (4, 2),  // 29-36
    (8, 4),  // 37-68
    (2, 2),  // 69-72 scalars
    (4, 4),  // 73-88 coordinates
    (46, 2), // 89-180
    (5, 4),  // 181-200 X, Y, inline, crossline, shot point
    (2, 2),  // 201-204
    (1, 4),  // 205-208
    (5, 2),  // 209-218
    (1, 4),  // 219-222
    (1, 2),  // 223-224
    (1, 4),  // 225-228
    (2, 2),  // 229-232
    (2, 4),  // 233-240
];

/// Reverses the bytes of every field.
pub(super) fn swap(bytes: &mut [u8], fields: &[(usize, usize)]) {
    let mut rest = bytes;
    for &(count, width) in fields {
        let (run, tail) = rest.split_at_mut(count * width);
        run.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_cover_their_headers() {
        let bytes = |fields: &[(usize, usize)]| fields.iter().map(|(count, width)| count * width).sum::<usize>();
        assert_eq!(bytes(BINARY), 400);
        assert_eq!(bytes(TRACE), 240);
    }
}
