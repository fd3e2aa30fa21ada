//! One parallel pass over the trace headers: the columns that position traces, and what the headers disagree on.

use std::sync::Arc;

use rayon::prelude::*;

use crate::endian::Endian;
use crate::error::SegyError;
use crate::header::TraceHeader;
use crate::layout::Layout;
use crate::source::Source;
use crate::survey::HeaderBytes;

/// Trace identification code (bytes 29-30) of a dead trace.
pub const DEAD_TRACE: i16 = 2;

/// Traces that one task scans, and the most that one read covers.
const BLOCK: usize = 4096;
/// Up to this trace length unmapped files are scanned by reading whole traces, beyond it header by header.
const WHOLE_TRACE_BYTES: u64 = 4096;

/// The header fields that position traces, column by column in file order: 20 bytes a trace.
#[derive(Clone, Debug)]
pub struct TraceIndex {
    pub(crate) inline: Arc<[i32]>,
    pub(crate) crossline: Arc<[i32]>,
    x: Vec<i32>,
    y: Vec<i32>,
    scalar: Vec<i16>,
    identification: Vec<i16>,
}

impl TraceIndex {
    /// How many traces there are.
    pub fn len(&self) -> usize {
        self.inline.len()
    }

    /// Whether there is no trace; never so for an opened file.
    pub fn is_empty(&self) -> bool {
        self.inline.is_empty()
    }

    /// Inline numbers.
    pub fn inline(&self) -> &[i32] {
        &self.inline
    }

    /// Crossline numbers.
    pub fn crossline(&self) -> &[i32] {
        &self.crossline
    }

    /// X coordinates as they stand in the headers, without the scalar.
    pub fn x(&self) -> &[i32] {
        &self.x
    }

    /// Y coordinates as they stand in the headers, without the scalar.
    pub fn y(&self) -> &[i32] {
        &self.y
    }

    /// Coordinate scalars (bytes 71-72).
    pub fn scalar(&self) -> &[i16] {
        &self.scalar
    }

    /// Trace identification codes (bytes 29-30): 1 is live, [`DEAD_TRACE`] is dead.
    pub fn identification(&self) -> &[i16] {
        &self.identification
    }

    /// Whether any trace has a coordinate other than 0.
    pub fn has_coordinates(&self) -> bool {
        self.x.iter().chain(&self.y).any(|&value| value != 0)
    }

    /// Map position of a trace, scalar applied; `None` when there is no such trace.
    pub fn xy(&self, trace: u64) -> Option<[f64; 2]> {
        let at = usize::try_from(trace).ok().filter(|&at| at < self.len())?;
        Some([self.x[at], self.y[at]].map(|value| scaled(value, self.scalar[at])))
    }
}

/// `value` with a scalar of the standard applied: negative ones divide, positive ones multiply, 0 counts as 1.
pub fn scaled(value: i32, scalar: i16) -> f64 {
    let value = f64::from(value);
    match scalar {
        0 => value,
        1.. => value * f64::from(scalar),
        ..0 => value / -f64::from(scalar),
    }
}

/// What the headers of a file disagree on, against the first trace: how many traces, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disagreements {
    pub(crate) samples: Tally,
    pub(crate) start: Tally,
    pub(crate) scalar: Tally,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, trace: u64) {
        if self.count == 0 {
            self.first = trace;
        }
        self.count += 1;
    }

    /// Joins the tally of later traces.
    fn join(self, later: Self) -> Self {
        Self { count: self.count + later.count, first: if self.count > 0 { self.first } else { later.first } }
    }
}

/// Scans all headers.
pub(crate) fn scan(
    source: &Source,
    layout: &Layout,
    endian: Endian,
    bytes: HeaderBytes,
) -> Result<(TraceIndex, Disagreements), SegyError> {
    // Fewer than `u32::MAX`, see `layout::find`.
    let count = layout.traces as usize;
    let no_memory = || SegyError::Memory { path: source.path().to_owned(), traces: layout.traces };
    let long = || zeros::<i32>(count).ok_or_else(no_memory);
    let short = || zeros::<i16>(count).ok_or_else(no_memory);
    let (mut inline, mut crossline, mut x, mut y) = (long()?, long()?, long()?, long()?);
    let (mut scalar, mut identification) = (short()?, short()?);
    let first = Fields::read(&source.array(layout.offset(0))?, endian, bytes);

    let parts = (
        inline.par_chunks_mut(BLOCK),
        crossline.par_chunks_mut(BLOCK),
        x.par_chunks_mut(BLOCK),
        y.par_chunks_mut(BLOCK),
        scalar.par_chunks_mut(BLOCK),
        identification.par_chunks_mut(BLOCK),
    );
    let disagreements = parts
        .into_par_iter()
        .enumerate()
        .map(|(block, (inline, crossline, x, y, scalar, identification))| {
            let begin = (block * BLOCK) as u64;
            let mut found = Disagreements::default();
            each_header(source, layout, begin, inline.len(), |at, header| {
                let fields = Fields::read(header, endian, bytes);
                inline[at] = fields.inline;
                crossline[at] = fields.crossline;
                x[at] = fields.x;
                y[at] = fields.y;
                scalar[at] = fields.scalar;
                identification[at] = fields.identification;
                let trace = begin + at as u64;
                if fields.samples != first.samples {
                    found.samples.add(trace);
                }
                if fields.start != first.start {
                    found.start.add(trace);
                }
                if fields.scalar != first.scalar {
                    found.scalar.add(trace);
                }
            })?;
            Ok(found)
        })
        .try_reduce(Disagreements::default, |earlier, later| {
            Ok(Disagreements {
                samples: earlier.samples.join(later.samples),
                start: earlier.start.join(later.start),
                scalar: earlier.scalar.join(later.scalar),
            })
        })?;
    let index = TraceIndex { inline: inline.into(), crossline: crossline.into(), x, y, scalar, identification };
    Ok((index, disagreements))
}

/// Hands the headers of `count` traces from `begin` on to `visit`, with their position in that range.
pub(crate) fn each_header(
    source: &Source,
    layout: &Layout,
    begin: u64,
    count: usize,
    mut visit: impl FnMut(usize, &[u8; TraceHeader::BYTES]),
) -> Result<(), SegyError> {
    if source.is_mapped() {
        return each_mapped_header(source, layout, begin, count, visit);
    }
    let mut scratch = Vec::new();
    // Reads cost by the call, so short traces are read many at a time.
    let together = if layout.trace_bytes > WHOLE_TRACE_BYTES { 1 } else { 256 };
    let mut at = 0;
    while at < count {
        let run = together.min(count - at);
        let length = (run as u64 - 1) * layout.trace_bytes + TraceHeader::BYTES as u64;
        // `run` traces of at most `WHOLE_TRACE_BYTES`, or one header.
        let bytes = source.bytes(layout.offset(begin + at as u64), length as usize, &mut scratch)?;
        for trace in bytes.chunks(layout.trace_bytes as usize) {
            if let Some(header) = trace.first_chunk() {
                visit(at, header);
            }
            at += 1;
        }
    }
    Ok(())
}

/// Copies headers out before it visits them: copies do not wait for each other, so the processor fetches many of these
/// far-apart places at a time.
fn each_mapped_header(
    source: &Source,
    layout: &Layout,
    begin: u64,
    count: usize,
    mut visit: impl FnMut(usize, &[u8; TraceHeader::BYTES]),
) -> Result<(), SegyError> {
    const TOGETHER: usize = 32;
    let mut headers = [[0; TraceHeader::BYTES]; TOGETHER];
    for at in (0..count).step_by(TOGETHER) {
        let headers = &mut headers[..TOGETHER.min(count - at)];
        for (header, trace) in headers.iter_mut().zip(begin + at as u64..) {
            *header = source.array(layout.offset(trace))?;
        }
        headers.iter().enumerate().for_each(|(place, header)| visit(at + place, header));
    }
    Ok(())
}

struct Fields {
    inline: i32,
    crossline: i32,
    x: i32,
    y: i32,
    scalar: i16,
    identification: i16,
    samples: i16,
    start: i16,
}

impl Fields {
    #[inline]
    fn read(header: &[u8; TraceHeader::BYTES], endian: Endian, bytes: HeaderBytes) -> Self {
        Self {
            inline: long(header, bytes.inline, endian),
            crossline: long(header, bytes.crossline, endian),
            x: long(header, bytes.x, endian),
            y: long(header, bytes.y, endian),
            scalar: short(header, 71, endian),
            identification: short(header, 29, endian),
            samples: short(header, 115, endian),
            start: short(header, 109, endian),
        }
    }
}

/// The number in the four bytes from `byte` on, which `HeaderBytes` and the tables of `detect` keep within the header.
#[inline]
pub(crate) fn long(header: &[u8; TraceHeader::BYTES], byte: u16, endian: Endian) -> i32 {
    let at = usize::from(byte) - 1;
    endian.u32([header[at], header[at + 1], header[at + 2], header[at + 3]]) as i32
}

#[inline]
fn short(header: &[u8; TraceHeader::BYTES], byte: u16, endian: Endian) -> i16 {
    let at = usize::from(byte) - 1;
    endian.u16([header[at], header[at + 1]]) as i16
}

/// A vector of zeros, or `None` where memory does not suffice.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Option<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).ok()?;
    values.resize(count, T::default());
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_multiply_divide_or_do_nothing() {
        for (scalar, expected) in
            [(0, 60_747_945.0), (1, 60_747_945.0), (-1, 60_747_945.0), (-10, 6_074_794.5), (100, 6_074_794_500.0)]
        {
            assert_eq!(scaled(60_747_945, scalar), expected);
        }
        assert_eq!(scaled(-5, i16::MIN), 5.0 / -32_768.0);
    }

    #[test]
    fn tallies_keep_the_first_trace() {
        let (mut early, mut late) = (Tally::default(), Tally::default());
        late.add(9);
        late.add(10);
        assert_eq!(early.join(late), Tally { count: 2, first: 9 });
        early.add(3);
        assert_eq!(early.join(late), Tally { count: 3, first: 3 });
    }
}
