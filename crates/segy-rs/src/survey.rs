//! The frame of a survey: line numbers, and which trace lies at which crossing.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::SegyError;
use crate::index::{Tally, TraceIndex};
use crate::options::Duplicates;
use crate::warning::Warning;

/// Marks a crossing without a trace.
pub(crate) const NO_TRACE: u32 = u32::MAX;
/// Any frame may have so many crossings ...
const CELLS_ALWAYS: u64 = 1 << 22;
/// ... and so many for each trace.
const CELLS_PER_TRACE: u64 = 16;

/// Regular line numbering: line `index` carries the number `first + index * step`.
///
/// Numbers ascend whatever the order of the file: `first` is the smallest number and `step` is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineNumbers {
    /// The smallest number.
    pub first: i32,
    /// Distance between neighbouring numbers, at least 1.
    pub step: i32,
    /// How many lines there are.
    pub count: usize,
}

impl LineNumbers {
    /// Number of the line at `index`.
    pub fn number(&self, index: usize) -> i32 {
        (i64::from(self.first) + index as i64 * i64::from(self.step)) as i32
    }

    /// Index of the line that carries `number`, if there is one.
    pub fn index(&self, number: i32) -> Option<usize> {
        let distance = i64::from(number) - i64::from(self.first);
        let step = i64::from(self.step).max(1);
        if distance % step != 0 {
            return None;
        }
        usize::try_from(distance / step).ok().filter(|&index| index < self.count)
    }

    /// The largest number.
    pub fn last(&self) -> i32 {
        self.number(self.count.saturating_sub(1))
    }
}

/// First bytes (1 to 237) of the 4-byte trace header fields that position traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderBytes {
    /// Inline number.
    pub inline: u16,
    /// Crossline number.
    pub crossline: u16,
    /// X coordinate.
    pub x: u16,
    /// Y coordinate.
    pub y: u16,
}

/// In which order the file holds its traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sorting {
    /// Inline by inline: the traces of each inline follow each other.
    Inline,
    /// Crossline by crossline.
    Crossline,
    /// Neither.
    Irregular,
}

/// The frame of a survey and the place of every trace in it. Crossings may lack a trace.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Inline numbers.
    pub inline: LineNumbers,
    /// Crossline numbers.
    pub crossline: LineNumbers,
    /// Header bytes that the positions were read from.
    pub bytes: HeaderBytes,
    /// Order of the traces in the file.
    pub sorting: Sorting,
    /// Crossings without a trace.
    pub missing: u64,
    /// Traces that were left out because another one lies at the same crossing.
    pub duplicates: u64,
    /// Traces that lie at no crossing, because both their numbers are 0 and the survey does not reach there.
    pub unplaced: u64,
    /// Trace numbers, `[inline, crossline]`.
    cells: Vec<u32>,
    inline_of_trace: Arc<[i32]>,
    crossline_of_trace: Arc<[i32]>,
}

impl Survey {
    /// The trace at a crossing, by indices; `None` where the survey has none.
    pub fn trace_at(&self, inline_index: usize, crossline_index: usize) -> Option<u64> {
        if inline_index >= self.inline.count || crossline_index >= self.crossline.count {
            return None;
        }
        match self.cell(inline_index, crossline_index) {
            NO_TRACE => None,
            trace => Some(u64::from(trace)),
        }
    }

    /// `(inline index, crossline index)` of a trace, also of a duplicate that was left out; `None` for a trace that
    /// lies nowhere or does not exist.
    pub fn cell_of(&self, trace: u64) -> Option<(usize, usize)> {
        let at = usize::try_from(trace).ok()?;
        let inline = self.inline.index(*self.inline_of_trace.get(at)?)?;
        let crossline = self.crossline.index(*self.crossline_of_trace.get(at)?)?;
        Some((inline, crossline))
    }

    /// The trace number or `NO_TRACE`; the indices must lie within the frame.
    pub(crate) fn cell(&self, inline_index: usize, crossline_index: usize) -> u32 {
        self.cells[inline_index * self.crossline.count + crossline_index]
    }

    /// The trace numbers of an inline, which must lie within the frame, and of all that follow it; `NO_TRACE` for none.
    pub(crate) fn cells_from(&self, inline_index: usize) -> &[u32] {
        &self.cells[inline_index * self.crossline.count..]
    }
}

/// Finds the frame that the line numbers of all traces span and puts every trace into it.
pub(crate) fn build(
    path: &Path,
    index: &TraceIndex,
    bytes: HeaderBytes,
    policy: Duplicates,
    warnings: &mut Vec<Warning>,
) -> Result<Survey, SegyError> {
    let (inlines, crosslines) = (index.inline(), index.crossline());
    let all = |_: usize| true;
    let numbered = |trace: usize| inlines[trace] != 0 || crosslines[trace] != 0;
    let mut unplaced = Tally::default();
    let (mut inline, mut crossline) = (span(inlines, all), span(crosslines, all));
    if !inlines.par_iter().zip(crosslines).all(|(&inline, &crossline)| inline != 0 || crossline != 0) {
        // Traces numbered (0, 0) are padding, unless the other traces come within a step of there.
        let (others_inline, others_crossline) = (span(inlines, numbered), span(crosslines, numbered));
        if let (Some(others_inline), Some(others_crossline)) = (others_inline, others_crossline)
            && !(others_inline.is_near(0) && others_crossline.is_near(0))
        {
            (inline, crossline) = (Some(others_inline), Some(others_crossline));
            (0..inlines.len()).filter(|&trace| !numbered(trace)).for_each(|trace| unplaced.add(trace as u64));
        }
    }
    let (Some(inline), Some(crossline)) = (inline, crossline) else {
        return Err(SegyError::NoTraces { path: path.to_owned(), offset: 0 });
    };

    let traces = inlines.len() as u64;
    let cells = inline.count().saturating_mul(crossline.count());
    let widest = inline.divisor.max(crossline.divisor);
    if cells > CELLS_ALWAYS.max(traces.saturating_mul(CELLS_PER_TRACE)) || widest > i32::MAX as u64 {
        return Err(SegyError::Sparse {
            path: path.to_owned(),
            inlines: (inline.min, inline.max),
            crosslines: (crossline.min, crossline.max),
            inline_byte: bytes.inline,
            crossline_byte: bytes.crossline,
            cells,
            traces,
            trace: outlier(inlines, crosslines),
        });
    }
    let (inline, crossline) = (inline.numbers(), crossline.numbers());

    let no_memory = || SegyError::Memory { path: path.to_owned(), traces };
    let mut table: Vec<u32> = Vec::new();
    // Within a small multiple of the number of traces, see above.
    table.try_reserve_exact(cells as usize).map_err(|_| no_memory())?;
    table.resize(cells as usize, NO_TRACE);
    let mut filled = 0;
    let mut duplicates = 0;
    let mut first_pair = None;
    for trace in 0..inlines.len() {
        let (Some(i), Some(j)) = (inline.index(inlines[trace]), crossline.index(crosslines[trace])) else {
            continue;
        };
        let cell = &mut table[i * crossline.count + j];
        if *cell == NO_TRACE {
            filled += 1;
            *cell = trace as u32;
        } else {
            duplicates += 1;
            first_pair.get_or_insert((u64::from(*cell), trace));
            if policy == Duplicates::Last {
                *cell = trace as u32;
            }
        }
    }
    if let (Duplicates::Error, Some((first, second))) = (policy, first_pair) {
        return Err(SegyError::Duplicates {
            path: path.to_owned(),
            first,
            second: second as u64,
            inline: inlines[second],
            crossline: crosslines[second],
            inline_byte: bytes.inline,
            crossline_byte: bytes.crossline,
            count: duplicates,
        });
    }
    if duplicates > 0 {
        warnings.push(Warning::Duplicates { traces: duplicates });
    }
    if unplaced.count > 0 {
        warnings.push(Warning::Unplaced { traces: unplaced.count, first: unplaced.first });
    }
    Ok(Survey {
        inline,
        crossline,
        bytes,
        sorting: sorting(index, inline, crossline),
        missing: cells - filled,
        duplicates,
        unplaced: unplaced.count,
        cells: table,
        inline_of_trace: Arc::clone(&index.inline),
        crossline_of_trace: Arc::clone(&index.crossline),
    })
}

/// Smallest and largest of some numbers and the greatest common divisor of their distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) min: i32,
    pub(crate) max: i32,
    /// 0 where all numbers are equal.
    pub(crate) divisor: u64,
}

impl Span {
    /// Lines that the span holds.
    pub(crate) fn count(&self) -> u64 {
        self.min.abs_diff(self.max) as u64 / self.divisor.max(1) + 1
    }

    fn numbers(&self) -> LineNumbers {
        LineNumbers {
            first: self.min,
            // `build` has refused wider steps.
            step: self.divisor.max(1) as i32,
            count: self.count() as usize,
        }
    }

    /// Whether `number` would be a line of the span or the next one beyond its ends.
    fn is_near(&self, number: i32) -> bool {
        let step = self.divisor.max(1) as i64;
        let number = i64::from(number);
        (number - i64::from(self.min)) % step == 0
            && (i64::from(self.min) - step..=i64::from(self.max) + step).contains(&number)
    }
}

/// The span of the numbers whose position is `wanted`.
pub(crate) fn span(numbers: &[i32], wanted: impl Fn(usize) -> bool + Sync) -> Option<Span> {
    let start = (0..numbers.len()).find(|&at| wanted(at))?;
    let origin = numbers[start];
    let (min, max, divisor) = numbers
        .par_iter()
        .enumerate()
        .with_min_len(1 << 14)
        .filter(|(at, _)| wanted(*at))
        .fold(
            || (origin, origin, 0),
            |(min, max, divisor), (_, &number)| {
                let distance = u64::from(number.abs_diff(origin));
                let known = divisor != 0 && distance % divisor == 0;
                (min.min(number), max.max(number), if known { divisor } else { common_divisor(divisor, distance) })
            },
        )
        .reduce(|| (origin, origin, 0), |a, b| (a.0.min(b.0), a.1.max(b.1), common_divisor(a.2, b.2)));
    Some(Span { min, max, divisor })
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The trace whose numbers lie farthest from the median.
fn outlier(inlines: &[i32], crosslines: &[i32]) -> u64 {
    let farthest = |numbers: &[i32]| {
        let mut ordered = numbers.to_vec();
        let middle = ordered.len() / 2;
        let (_, &mut median, _) = ordered.select_nth_unstable(middle);
        // The first of equals: `max_by_key` keeps the last.
        numbers.iter().map(|number| number.abs_diff(median)).enumerate().rev().max_by_key(|&(_, distance)| distance)
    };
    match (farthest(inlines), farthest(crosslines)) {
        (Some(inline), Some(crossline)) if crossline.1 > inline.1 => crossline.0 as u64,
        (Some(inline), _) => inline.0 as u64,
        _ => 0,
    }
}

/// Sorted by inline when every inline is one run of traces, and likewise for crosslines.
fn sorting(index: &TraceIndex, inline: LineNumbers, crossline: LineNumbers) -> Sorting {
    let in_runs = |numbers: &[i32], lines: LineNumbers| {
        let mut present = vec![false; lines.count];
        numbers.iter().filter_map(|&number| lines.index(number)).for_each(|line| present[line] = true);
        let runs = 1 + numbers.windows(2).filter(|pair| pair[0] != pair[1]).count();
        runs <= present.iter().filter(|&&present| present).count()
    };
    if in_runs(index.inline(), inline) {
        Sorting::Inline
    } else if in_runs(index.crossline(), crossline) {
        Sorting::Crossline
    } else {
        Sorting::Irregular
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_find_the_step_of_any_order() {
        for (numbers, min, max, divisor, count) in [
            (&[5, 5, 5][..], 5, 5, 0, 1),
            (&[10, 8, 6, 2], 2, 10, 2, 5),
            (&[100, 130, 115], 100, 130, 15, 3),
            (&[i32::MIN, i32::MAX], i32::MIN, i32::MAX, u64::from(u32::MAX), 2),
            (&[-3, 0, 3], -3, 3, 3, 3),
        ] {
            let span = span(numbers, |_| true).unwrap();
            assert_eq!((span.min, span.max, span.divisor, span.count()), (min, max, divisor, count), "{numbers:?}");
        }
        assert_eq!(span(&[1, 2], |_| false), None);
    }

    #[test]
    fn numbers_and_indices_are_inverse() {
        for axis in
            [LineNumbers { first: -7, step: 3, count: 5 }, LineNumbers { first: i32::MIN, step: i32::MAX, count: 3 }]
        {
            for index in 0..axis.count {
                assert_eq!(axis.index(axis.number(index)), Some(index));
                assert_eq!(axis.index(axis.number(index).wrapping_add(1)), None);
            }
        }
    }

    #[test]
    fn the_outlier_is_named() {
        assert_eq!(outlier(&[1, 1, 900, 2], &[5, 6, 7, 8]), 2);
        assert_eq!(outlier(&[1, 1, 2, 2], &[-900, 6, 7, 8]), 0);
    }
}
