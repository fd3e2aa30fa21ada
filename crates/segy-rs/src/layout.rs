//! Where the traces of a file lie: start, length and number, decided by the file's length where the headers disagree.

use crate::endian::Endian;
use crate::error::SegyError;
use crate::header::{BinaryHeader, TraceHeader};
use crate::options::{OpenOptions, Truncated};
use crate::recognise::{HEADER_BYTES, Preamble};
use crate::source::Source;
use crate::text::{TEXT_BYTES, TextEncoding, decode};
use crate::warning::Warning;

/// Traces that the search for a trace of another length looks at.
const WALK_LIMIT: u64 = 100_000;
/// Extended textual headers among which the one that ends them is searched, 13 MB.
const STANZA_LIMIT: usize = 4096;

/// Traces of one length, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Offset of the first trace.
    pub(crate) start: u64,
    /// Bytes before the samples of each trace: 240, or a multiple of it with additional trace headers.
    pub(crate) header_bytes: u64,
    /// Bytes of a whole trace.
    pub(crate) trace_bytes: u64,
    /// Samples a trace.
    pub(crate) samples: usize,
    /// Whole traces in the file.
    pub(crate) traces: u64,
}

impl Layout {
    /// Offset of the header of `trace`.
    pub(crate) fn offset(&self, trace: u64) -> u64 {
        self.start + trace * self.trace_bytes
    }
}

/// One reading of the headers, and how well the file bears it out.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    start: u64,
    end: u64,
    samples: u64,
    trace_bytes: u64,
    /// Whole traces fill the file exactly.
    divides: bool,
    /// Trace headers of the same kind as the first stand where this reading expects them.
    repeats: bool,
}

impl Candidate {
    /// Length counts more than repetition: sample values can look like a header, and headers can differ.
    fn score(&self) -> u8 {
        2 * u8::from(self.divides) + u8::from(self.repeats)
    }
}

pub(crate) fn find(
    source: &Source,
    preamble: &Preamble,
    options: &OpenOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Layout, SegyError> {
    let path = || source.path().to_owned();
    let binary = &preamble.binary;
    let header_bytes = 240 * (1 + additional_headers(binary));
    let starts = starts(source, binary)?;
    let declared_samples = declared_samples(binary);

    let mut best: Option<Candidate> = None;
    for &start in &starts {
        let mut counts = vec![declared_samples, trace_samples(source, start, binary.endian())?];
        if let Some(samples) = options.samples {
            counts = vec![samples as u64];
        }
        for end in ends(source, binary) {
            for &samples in counts.iter().filter(|&&samples| (1..=i32::MAX as u64).contains(&samples)) {
                let trace_bytes = header_bytes + samples * preamble.format.bytes() as u64;
                let candidate = examine(source, start, end, samples, trace_bytes)?;
                if best.is_none_or(|best| candidate.score() > best.score()) {
                    best = Some(candidate);
                }
            }
        }
    }
    let Some(best) = best else {
        return Err(if source.length() <= HEADER_BYTES {
            SegyError::NoTraces { path: path(), offset: source.length() }
        } else {
            SegyError::NoSamples { path: path() }
        });
    };
    if best.end <= best.start {
        return Err(SegyError::NoTraces { path: path(), offset: best.start });
    }

    let trace_count = trace_samples(source, best.start, binary.endian())?;
    let traces = (best.end - best.start) / best.trace_bytes;
    if !best.divides {
        let offset = best.start + traces * best.trace_bytes;
        let present = best.end - offset;
        if traces == 0 || options.truncated == Truncated::Error {
            if let Some((trace, other)) = first_other_length(source, &best, preamble, header_bytes, trace_count)? {
                return Err(SegyError::VariableLength { path: path(), first: trace_count, trace, other });
            }
            if options.samples.is_none() && !best.repeats && trace_count > 0 && trace_count != declared_samples {
                return Err(SegyError::SampleCount {
                    path: path(),
                    binary: declared_samples,
                    trace: trace_count,
                    bytes: best.end - best.start,
                });
            }
            return Err(SegyError::Truncated {
                path: path(),
                trace: traces,
                offset,
                expected: best.trace_bytes,
                present,
            });
        }
        warnings.push(Warning::Truncated { offset, bytes: present });
    }
    if traces >= u64::from(u32::MAX) {
        return Err(SegyError::TooManyTraces { path: path(), traces });
    }

    if best.start != starts[0] {
        warnings.push(Warning::DataStart { declared: starts[0], used: best.start });
    }
    let counts = [declared_samples, trace_count];
    if counts.iter().any(|&count| count != 0 && count != best.samples) {
        warnings.push(Warning::SampleCounts { binary: counts[0], trace: counts[1], used: best.samples });
    }
    let declared_traces = if binary.revision().0 >= 2 { binary.get_u64(3513) } else { 0 };
    if declared_traces != 0 && declared_traces != traces {
        warnings.push(Warning::TraceCount { declared: declared_traces, actual: traces });
    }
    Ok(Layout {
        start: best.start,
        header_bytes,
        trace_bytes: best.trace_bytes,
        // At most `i32::MAX`, see above.
        samples: best.samples as usize,
        traces,
    })
}

/// Samples a trace as the binary header counts them. Before revision 2 the extended count is unassigned and often junk.
fn declared_samples(binary: &BinaryHeader) -> u64 {
    let short = u64::from(binary.get_u16(3221));
    let extended = u64::try_from(binary.get_i32(3269)).unwrap_or(0);
    if extended > 0 && (short == 0 || binary.revision().0 >= 2) { extended } else { short }
}

/// Samples of the trace at `offset` as its header counts them; 0 where the file has no header there.
fn trace_samples(source: &Source, offset: u64, endian: Endian) -> Result<u64, SegyError> {
    if offset.saturating_add(TraceHeader::BYTES as u64) > source.length() {
        return Ok(0);
    }
    Ok(u64::from(endian.u16(source.array(offset + 114)?)))
}

/// Additional 240-byte headers of each trace, a notion of revision 2.
fn additional_headers(binary: &BinaryHeader) -> u64 {
    if binary.revision().0 >= 2 { u64::try_from(binary.get_i16(3507)).unwrap_or(0) } else { 0 }
}

/// Offsets at which the first trace may begin, the declared one first.
fn starts(source: &Source, binary: &BinaryHeader) -> Result<Vec<u64>, SegyError> {
    let (major, _) = binary.revision();
    let mut starts = Vec::new();
    if major >= 2 {
        starts.push(binary.get_u64(3521));
    }
    let extended = match binary.get_i16(3505) {
        -1 => end_of_stanzas(source)?,
        count => u64::try_from(count).ok().map(|count| HEADER_BYTES + count * TEXT_BYTES as u64),
    };
    if major == 0 {
        starts.push(HEADER_BYTES);
    }
    starts.extend(extended);
    starts.push(HEADER_BYTES);
    let mut seen = Vec::new();
    for start in starts {
        if (HEADER_BYTES..=source.length()).contains(&start) && !seen.contains(&start) {
            seen.push(start);
        }
    }
    Ok(seen)
}

/// Offset behind the extended textual header that holds `((SEG: EndText))`.
fn end_of_stanzas(source: &Source) -> Result<Option<u64>, SegyError> {
    let mut offset = HEADER_BYTES;
    let mut scratch = Vec::new();
    for _ in 0..STANZA_LIMIT {
        if offset + TEXT_BYTES as u64 > source.length() {
            break;
        }
        let bytes = source.bytes(offset, TEXT_BYTES, &mut scratch)?;
        offset += TEXT_BYTES as u64;
        let ends = [TextEncoding::Ebcdic, TextEncoding::Ascii].into_iter().any(|encoding| {
            let letters = bytes.iter().map(|&byte| decode(byte, encoding)).filter(|c| !c.is_whitespace());
            letters.map(|c| c.to_ascii_lowercase()).collect::<String>().contains("((seg:endtext))")
        });
        if ends {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}

/// Offsets at which the last trace may end: before the trailers of revision 2, or at the end of the file.
fn ends(source: &Source, binary: &BinaryHeader) -> Vec<u64> {
    let trailers = if binary.revision().0 >= 2 { u64::try_from(binary.get_i32(3529)).unwrap_or(0) } else { 0 };
    let before = source.length().checked_sub(trailers * TEXT_BYTES as u64).filter(|_| trailers > 0);
    before.into_iter().chain([source.length()]).collect()
}

fn examine(source: &Source, start: u64, end: u64, samples: u64, trace_bytes: u64) -> Result<Candidate, SegyError> {
    let body = end.saturating_sub(start);
    let divides = body > 0 && body.is_multiple_of(trace_bytes);
    let traces = body / trace_bytes;
    // Sample count and interval, the fields most likely to be filled and equal in all headers.
    let mark = |trace: u64| source.array::<4>(start + trace * trace_bytes + 114);
    let mut repeats = traces > 0;
    if traces > 0 {
        let first = mark(0)?;
        for trace in [1, traces / 2, traces - 1] {
            repeats &= first != [0; 4] && (trace >= traces || mark(trace)? == first);
        }
    }
    Ok(Candidate { start, end, samples, trace_bytes, divides, repeats })
}

/// The first trace whose header counts other samples than trace 0, provided that traces of the lengths in their own
/// headers follow each other to the end of the file (or as far as it is worth looking).
fn first_other_length(
    source: &Source,
    candidate: &Candidate,
    preamble: &Preamble,
    header_bytes: u64,
    first: u64,
) -> Result<Option<(u64, u64)>, SegyError> {
    let (mut offset, mut other) = (candidate.start, None);
    for trace in 0..WALK_LIMIT {
        if offset == candidate.end {
            return Ok(other);
        }
        let samples = trace_samples(source, offset, preamble.binary.endian())?;
        if samples == 0 || offset > candidate.end {
            return Ok(None);
        }
        if samples != first && other.is_none() {
            other = Some((trace, samples));
        }
        offset += header_bytes + samples * preamble.format.bytes() as u64;
    }
    Ok(other)
}
