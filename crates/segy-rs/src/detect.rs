//! Which header bytes hold the inline and crossline numbers and the coordinates, found out from a sample of the traces.

use std::collections::BTreeSet;
use std::fmt;

use crate::endian::Endian;
use crate::error::SegyError;
use crate::header::TraceHeader;
use crate::index::{each_header, long};
use crate::layout::Layout;
use crate::options::OpenOptions;
use crate::source::Source;
use crate::survey::{HeaderBytes, Span, span};

/// Where inline and crossline numbers are found in practice, best known first: revision 1; its predecessors; Kingdom;
/// plain 2-D; unassigned bytes that various programs fill.
const LINE_BYTES: &[(u16, u16)] =
    &[(189, 193), (9, 21), (5, 21), (17, 13), (17, 25), (9, 13), (221, 225), (233, 237), (181, 185)];
/// Where coordinates are found, best first: CDP, source, group.
const XY_BYTES: &[(u16, u16)] = &[(181, 185), (73, 77), (81, 85)];

/// Files of no more traces are looked at whole.
const WHOLE: u64 = 1 << 14;
/// Of longer ones so many runs of traces ...
const RUNS: u64 = 256;
/// ... of this length.
const RUN: u64 = 64;
/// A frame that is filled less than this is no survey.
const LEAST_COVERAGE: f64 = 0.05;

/// A pair of header fields that was looked at for inline and crossline numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Header byte of the inline number.
    pub inline_byte: u16,
    /// Header byte of the crossline number.
    pub crossline_byte: u16,
    /// What the numbers there look like.
    pub finding: Finding,
}

/// What the numbers in a pair of header fields look like.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// Line numbers: smallest and largest inline and crossline.
    Lines {
        /// Inlines.
        inlines: (i32, i32),
        /// Crosslines.
        crosslines: (i32, i32),
    },
    /// One field is 0 in every trace, or both are in most.
    Zero,
    /// Both fields are the same in every trace.
    Constant,
    /// The numbers span a frame that the traces leave almost empty, or each line has one trace only.
    Scattered,
}

impl Candidate {
    fn zero(inline_byte: u16, crossline_byte: u16) -> Self {
        Self { inline_byte, crossline_byte, finding: Finding::Zero }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {} and {}: ", self.inline_byte, self.crossline_byte)?;
        match &self.finding {
            Finding::Lines { inlines, crosslines } => {
                write!(f, "inlines {} to {}, crosslines {} to {}", inlines.0, inlines.1, crosslines.0, crosslines.1)
            }
            Finding::Zero => write!(f, "zeros"),
            Finding::Constant => write!(f, "the same in every trace"),
            Finding::Scattered => write!(f, "no lines"),
        }
    }
}

/// How much a pair of fields looks like line numbers, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quality {
    /// Several traces at most crossings: gathers, or wrong fields.
    Repeated,
    /// One line along which the other field merely counts the traces of the file.
    Counter,
    /// One line.
    Line,
    /// Lines in both directions.
    Grid,
}

/// Finds the header bytes that the options leave open.
pub(crate) fn header_bytes(
    source: &Source,
    layout: &Layout,
    endian: Endian,
    options: &OpenOptions,
) -> Result<HeaderBytes, SegyError> {
    for (field, byte) in [
        ("inline", options.inline_byte),
        ("crossline", options.crossline_byte),
        ("X coordinate", options.x_byte),
        ("Y coordinate", options.y_byte),
    ] {
        if let Some(byte) = byte.filter(|byte| !(1..=237).contains(byte)) {
            return Err(SegyError::HeaderByte { field, byte });
        }
    }
    let given = [options.inline_byte, options.crossline_byte].into_iter().flatten();
    let sample = Sample::read(source, layout, endian, given)?;
    let (inline, crossline) = match (options.inline_byte, options.crossline_byte) {
        (Some(inline), Some(crossline)) => {
            // Mostly unnumbered traces are refused before their number decides how much memory the index takes.
            if layout.traces > 1 && sample.is_mostly_unnumbered(inline, crossline) {
                let looked_at = vec![Candidate::zero(inline, crossline)];
                return Err(SegyError::NoLineNumbers { path: source.path().to_owned(), looked_at });
            }
            (inline, crossline)
        }
        (inline, crossline) => line_bytes(source, &sample, layout.traces, |pair| {
            inline.is_none_or(|byte| byte == pair.0) && crossline.is_none_or(|byte| byte == pair.1)
        })?,
    };
    let (x, y) = match (options.x_byte, options.y_byte) {
        (Some(x), Some(y)) => (x, y),
        (Some(x), None) => (x, (x + 4).min(237)),
        (None, Some(y)) => (y.saturating_sub(4).max(1), y),
        (None, None) => xy_bytes(&sample, (inline, crossline)),
    };
    Ok(HeaderBytes { inline, crossline, x, y })
}

/// The 4-byte fields of interest of some traces.
struct Sample {
    /// Trace numbers.
    traces: Vec<u64>,
    /// Values in the order of `traces`, for each byte of `LINE_BYTES` and `XY_BYTES`, and those given.
    columns: Vec<(u16, Vec<i32>)>,
}

impl Sample {
    fn read(
        source: &Source,
        layout: &Layout,
        endian: Endian,
        given: impl Iterator<Item = u16>,
    ) -> Result<Self, SegyError> {
        let known = LINE_BYTES.iter().chain(XY_BYTES).flat_map(|&(a, b)| [a, b]);
        let bytes: BTreeSet<u16> = known.chain(given).collect();
        let mut sample =
            Self { traces: Vec::new(), columns: bytes.into_iter().map(|byte| (byte, Vec::new())).collect() };
        let runs: Vec<(u64, u64)> = if layout.traces <= WHOLE {
            vec![(0, layout.traces)]
        } else {
            // The first run at the beginning of the file, the last at its end.
            (0..RUNS).map(|run| (run * (layout.traces - RUN) / (RUNS - 1), RUN)).collect()
        };
        for (begin, count) in runs {
            each_header(source, layout, begin, count as usize, |at, header: &[u8; TraceHeader::BYTES]| {
                sample.traces.push(begin + at as u64);
                for (byte, column) in &mut sample.columns {
                    column.push(long(header, *byte, endian));
                }
            })?;
        }
        Ok(sample)
    }

    /// Whether most traces have 0 for both numbers.
    fn is_mostly_unnumbered(&self, inline_byte: u16, crossline_byte: u16) -> bool {
        let pairs = self.column(inline_byte).iter().zip(self.column(crossline_byte));
        pairs.filter(|&pair| pair == (&0, &0)).count() * 2 > self.traces.len()
    }

    fn column(&self, byte: u16) -> &[i32] {
        self.columns.iter().find(|(other, _)| *other == byte).map_or(&[], |(_, column)| column)
    }
}

fn line_bytes(
    source: &Source,
    sample: &Sample,
    traces: u64,
    allowed: impl Fn(&(u16, u16)) -> bool,
) -> Result<(u16, u16), SegyError> {
    let mut looked_at = Vec::new();
    let mut good: Vec<(Quality, Candidate)> = Vec::new();
    for &(inline_byte, crossline_byte) in LINE_BYTES.iter().filter(|pair| allowed(pair)) {
        let (quality, finding) = judge(sample, traces, inline_byte, crossline_byte);
        let candidate = Candidate { inline_byte, crossline_byte, finding };
        if let Some(quality) = quality {
            let same = |other: &Candidate| {
                sample.column(other.inline_byte) == sample.column(inline_byte)
                    && sample.column(other.crossline_byte) == sample.column(crossline_byte)
            };
            if !good.iter().any(|(_, other)| same(other)) {
                good.push((quality, candidate.clone()));
            }
        }
        looked_at.push(candidate);
    }
    // Stable: candidates of one quality keep the order of the table.
    good.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    let path = source.path().to_owned();
    let Some((best, first)) = good.first() else {
        return Err(SegyError::NoLineNumbers { path, looked_at });
    };
    let is_standard = |candidate: &Candidate| (candidate.inline_byte, candidate.crossline_byte) == LINE_BYTES[0];
    // The standard's own place is trusted among equals, and never passed over silently for a better-looking one.
    let mut others = good.iter().skip(1);
    if is_standard(first) || !others.any(|(quality, other)| quality == best || is_standard(other)) {
        return Ok((first.inline_byte, first.crossline_byte));
    }
    Err(SegyError::AmbiguousLineNumbers {
        path,
        candidates: good.into_iter().map(|(_, candidate)| candidate).collect(),
    })
}

fn judge(sample: &Sample, traces: u64, inline_byte: u16, crossline_byte: u16) -> (Option<Quality>, Finding) {
    let (mut trace_numbers, mut inlines, mut crosslines) = (Vec::new(), Vec::new(), Vec::new());
    let pairs = sample.column(inline_byte).iter().zip(sample.column(crossline_byte));
    // Padding traces, both of whose numbers are 0, say nothing about the rest.
    for (&trace, (&inline, &crossline)) in sample.traces.iter().zip(pairs).filter(|(_, pair)| *pair != (&0, &0)) {
        trace_numbers.push(trace);
        inlines.push(inline);
        crosslines.push(crossline);
    }
    let zero = |numbers: &[i32]| numbers.iter().all(|&number| number == 0);
    if sample.is_mostly_unnumbered(inline_byte, crossline_byte) || zero(&inlines) || zero(&crosslines) {
        return (None, Finding::Zero);
    }
    // A few damaged headers must not hide the survey, so the outermost numbers are left out where they make no sense.
    let whole = [&inlines, &crosslines].map(|numbers| span(numbers, |_| true));
    let core = [&inlines, &crosslines].map(|numbers| span(&trimmed(numbers), |_| true));
    let Some([inline, crossline]) = [whole, core].into_iter().find_map(|spans| match spans {
        [Some(inline), Some(crossline)] if makes_a_frame(inline, crossline, traces) => Some([inline, crossline]),
        _ => None,
    }) else {
        return (None, Finding::Scattered);
    };
    let lines = [inline.count(), crossline.count()];
    if traces > 1 && lines == [1, 1] {
        return (None, Finding::Constant);
    }
    let crossings: BTreeSet<(i32, i32)> = inlines.iter().copied().zip(crosslines.iter().copied()).collect();
    let quality = if crossings.len() * 2 < inlines.len() {
        Quality::Repeated
    } else if !lines.contains(&1) {
        Quality::Grid
    } else {
        let along = if lines[0] == 1 { &crosslines } else { &inlines };
        let offset = |at: usize| i64::from(along[at]) - trace_numbers[at] as i64;
        let counts = traces > 1 && (0..=1).contains(&offset(0)) && (0..along.len()).all(|at| offset(at) == offset(0));
        // The standard says that its own field is no counter.
        if counts && (inline_byte, crossline_byte) != LINE_BYTES[0] { Quality::Counter } else { Quality::Line }
    };
    let finding = Finding::Lines { inlines: (inline.min, inline.max), crosslines: (crossline.min, crossline.max) };
    (Some(quality), finding)
}

/// Whether so many traces fill such a frame well enough; where lines run both ways, most have more than one trace.
fn makes_a_frame(inline: Span, crossline: Span, traces: u64) -> bool {
    let (traces, lines) = (traces as f64, [inline.count() as f64, crossline.count() as f64]);
    let several_each = traces >= 1.2 * lines[0] && traces >= 1.2 * lines[1];
    traces >= LEAST_COVERAGE * lines[0] * lines[1] && (several_each || lines.contains(&1.0))
}

/// The numbers in order without the outermost half per cent at either end.
fn trimmed(numbers: &[i32]) -> Vec<i32> {
    let mut ordered = numbers.to_vec();
    ordered.sort_unstable();
    let cut = if ordered.len() < 8 { 0 } else { (ordered.len() / 200).max(1) };
    ordered[cut..ordered.len() - cut].to_vec()
}

/// The first pair of coordinates that vary; failing that, the first that are not all 0; failing that, the standard's.
fn xy_bytes(sample: &Sample, lines: (u16, u16)) -> (u16, u16) {
    let overlaps = |byte: u16| [lines.0, lines.1].iter().any(|line| line.abs_diff(byte) < 4);
    let pairs = || XY_BYTES.iter().copied().filter(|&(x, y)| !overlaps(x) && !overlaps(y));
    let any = |(x, y): (u16, u16), test: fn(&[i32]) -> bool| test(sample.column(x)) || test(sample.column(y));
    pairs()
        .find(|&pair| any(pair, |numbers| numbers.windows(2).any(|pair| pair[0] != pair[1])))
        .or_else(|| pairs().find(|&pair| any(pair, |numbers| numbers.iter().any(|&number| number != 0))))
        .unwrap_or(XY_BYTES[0])
}
