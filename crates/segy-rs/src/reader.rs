//! An opened SEG-Y file.

use std::path::Path;

use rayon::prelude::*;

use crate::detect;
use crate::endian::Endian;
use crate::error::SegyError;
use crate::format::SampleFormat;
use crate::header::{BinaryHeader, TraceHeader};
use crate::index::{self, TraceIndex};
use crate::layout::{self, Layout};
use crate::options::OpenOptions;
use crate::recognise::{HEADER_BYTES, Preamble, preamble};
use crate::source::Source;
use crate::survey::{self, NO_TRACE, Survey};
use crate::text::{TEXT_BYTES, TextHeader};
use crate::timing;
use crate::warning::Warning;

/// Bytes that one task of a parallel read covers.
const TASK_BYTES: u64 = 1 << 18;

/// Bytes of the next trace that are fetched while one is decoded; well within the cache next to the processor.
const AHEAD_BYTES: usize = 1 << 13;
/// By how many traces a time slice asks for words in advance: about as many fetches as a processor has under way at a time.
const AHEAD_TRACES: usize = 32;

/// A SEG-Y file opened for reading: headers, trace index, survey frame, and samples on demand.
///
/// Reads take `&self` and may run in any number of threads at once. They fill buffers of the caller.
#[derive(Debug)]
pub struct SegyFile {
    source: Source,
    preamble: Preamble,
    layout: Layout,
    index: TraceIndex,
    survey: Survey,
    interval_us: f64,
    start_ms: f64,
    warnings: Vec<Warning>,
}

impl SegyFile {
    /// Opens a file, scans its trace headers in parallel and finds the frame of the survey.
    ///
    /// # Errors
    /// When the file cannot be read, is not SEG-Y, is cut off, does not say where its line numbers lie, or puts several
    /// traces at one position. Each message names what to do.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, SegyError> {
        let path = path.as_ref();
        let mut warnings = Vec::new();
        let source = Source::open(path, options.access)?;
        let preamble = preamble(&source, options, &mut warnings)?;
        let endian = preamble.binary.endian();
        let layout = layout::find(&source, &preamble, options, &mut warnings)?;
        let first = TraceHeader::from_bytes(source.array(layout.offset(0))?, endian);
        let interval_us = timing::interval_us(&preamble.binary, &first, options, &mut warnings);
        let start_ms = timing::start_ms(&preamble.binary, &first, options, &mut warnings);

        let bytes = detect::header_bytes(&source, &layout, endian, options)?;
        let (index, disagreements) = index::scan(&source, &layout, endian, bytes)?;
        if disagreements.samples.count > 0 {
            let index::Tally { count: traces, first } = disagreements.samples;
            warnings.push(Warning::VaryingSampleCounts { traces, first });
        }
        if disagreements.start.count > 0 {
            let index::Tally { count: traces, first } = disagreements.start;
            warnings.push(Warning::VaryingStart { traces, first });
        }
        if !index.has_coordinates() {
            warnings.push(Warning::NoCoordinates);
        } else if disagreements.scalar.count > 0 {
            warnings.push(Warning::VaryingScalar);
        }
        let survey = survey::build(path, &index, bytes, options.duplicates, &mut warnings)?;
        Ok(Self { source, preamble, layout, index, survey, interval_us, start_ms, warnings })
    }

    /// The path that the file was opened by.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Length of the file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.source.length()
    }

    /// The textual header.
    pub fn text(&self) -> &TextHeader {
        &self.preamble.text
    }

    /// Reads the extended textual headers, which lie between the binary header and the first trace.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn extended_text(&self) -> Result<Vec<TextHeader>, SegyError> {
        let count = (self.layout.start - HEADER_BYTES) / TEXT_BYTES as u64;
        (0..count)
            .map(|at| Ok(TextHeader::from_bytes(self.source.array(HEADER_BYTES + at * TEXT_BYTES as u64)?)))
            .collect()
    }

    /// The binary header.
    pub fn binary_header(&self) -> &BinaryHeader {
        &self.preamble.binary
    }

    /// How samples are stored.
    pub fn format(&self) -> SampleFormat {
        self.preamble.format
    }

    /// Byte order of headers and samples.
    pub fn endian(&self) -> Endian {
        self.preamble.binary.endian()
    }

    /// `(major, minor)` revision of the standard that the file declares.
    pub fn revision(&self) -> (u8, u8) {
        self.preamble.binary.revision()
    }

    /// Samples a trace.
    pub fn samples(&self) -> usize {
        self.layout.samples
    }

    /// Sample interval in microseconds, or in millimetres where the file is in depth; greater than 0.
    pub fn interval_us(&self) -> f64 {
        self.interval_us
    }

    /// Position of the first sample in milliseconds, or in metres where the file is in depth; may be negative.
    pub fn start_ms(&self) -> f64 {
        self.start_ms
    }

    /// Whole traces in the file, wherever they lie.
    pub fn trace_count(&self) -> u64 {
        self.layout.traces
    }

    /// The header columns that position traces.
    pub fn index(&self) -> &TraceIndex {
        &self.index
    }

    /// The frame of the survey.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// What is odd about the file.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Reads the header of a trace.
    ///
    /// # Errors
    /// When there is no such trace or the file cannot be read.
    pub fn trace_header(&self, trace: u64) -> Result<TraceHeader, SegyError> {
        self.check("trace", trace, self.layout.traces)?;
        self.source.check_length()?;
        Ok(TraceHeader::from_bytes(self.source.array(self.layout.offset(trace))?, self.endian()))
    }

    /// Reads the samples of a trace into `out`, which holds [`SegyFile::samples`] values.
    ///
    /// # Errors
    /// When there is no such trace, `out` has another length, or the file cannot be read.
    pub fn read_trace(&self, trace: u64, out: &mut [f32]) -> Result<(), SegyError> {
        self.check("trace", trace, self.layout.traces)?;
        self.read_rows(1, out, |_| trace as u32)
    }

    /// Reads the samples of consecutive traces of the file into `out`, `[trace, sample]`; its length says how many.
    ///
    /// # Errors
    /// When there are not so many traces, `out` holds no whole number of traces, or the file cannot be read.
    pub fn read_traces(&self, first: u64, out: &mut [f32]) -> Result<(), SegyError> {
        let count = out.len() / self.layout.samples;
        if count > 0 {
            self.check("trace", first.saturating_add(count as u64 - 1), self.layout.traces)?;
        }
        self.read_rows(count, out, |row| first as u32 + row as u32)
    }

    /// Reads an inline, by index, into `out`, `[crossline, sample]`. Missing traces read as 0.
    ///
    /// # Errors
    /// When there is no such inline, `out` has another length, or the file cannot be read.
    pub fn read_inline(&self, inline_index: usize, out: &mut [f32]) -> Result<(), SegyError> {
        self.check("inline index", inline_index as u64, self.survey.inline.count as u64)?;
        self.read_rows(self.survey.crossline.count, out, |row| self.survey.cell(inline_index, row))
    }

    /// Reads a crossline, by index, into `out`, `[inline, sample]`. Missing traces read as 0.
    ///
    /// # Errors
    /// When there is no such crossline, `out` has another length, or the file cannot be read.
    pub fn read_crossline(&self, crossline_index: usize, out: &mut [f32]) -> Result<(), SegyError> {
        self.check("crossline index", crossline_index as u64, self.survey.crossline.count as u64)?;
        self.read_rows(self.survey.inline.count, out, |row| self.survey.cell(row, crossline_index))
    }

    /// Reads one sample of every trace into `out`, `[inline, crossline]`. Missing traces read as 0.
    ///
    /// # Errors
    /// When there is no such sample, `out` has another length, or the file cannot be read.
    pub fn read_time_slice(&self, sample: usize, out: &mut [f32]) -> Result<(), SegyError> {
        self.check("sample", sample as u64, self.layout.samples as u64)?;
        let width = self.survey.crossline.count;
        self.check_buffer(self.survey.inline.count.checked_mul(width), out)?;
        self.source.check_length()?;
        match self.format().bytes() {
            1 => self.gather_slice::<1>(sample, out),
            2 => self.gather_slice::<2>(sample, out),
            3 => self.gather_slice::<3>(sample, out),
            4 => self.gather_slice::<4>(sample, out),
            _ => self.gather_slice::<8>(sample, out),
        }
    }

    /// Collects the words of each row, which lie far apart, asking for them in advance, and decodes them together.
    fn gather_slice<const WORD: usize>(&self, sample: usize, out: &mut [f32]) -> Result<(), SegyError> {
        let width = self.survey.crossline.count;
        let offset =
            |trace: u32| self.layout.offset(u64::from(trace)) + self.layout.header_bytes + (sample * WORD) as u64;
        let row = |(words, scratch): &mut (Vec<[u8; WORD]>, Vec<u8>), (inline_index, row): (usize, &mut [f32])| {
            // Bytes of zero are the number 0 in every format.
            words.clear();
            words.resize(width, [0; WORD]);
            let cells = self.survey.cells_from(inline_index);
            for (at, word) in words.iter_mut().enumerate() {
                if let Some(&trace) = cells.get(at + AHEAD_TRACES) {
                    self.source.prefetch(offset(trace), WORD);
                }
                if cells[at] != NO_TRACE {
                    word.copy_from_slice(self.source.bytes(offset(cells[at]), WORD, scratch)?);
                }
            }
            self.format().decode(self.endian(), words.as_flattened(), row);
            Ok(())
        };
        out.par_chunks_mut(width).enumerate().try_for_each_init(Default::default, row)
    }

    /// Reads the traces that `trace_of_row` names into the rows of `out`, in parallel; `NO_TRACE` gives zeros.
    fn read_rows(
        &self,
        rows: usize,
        out: &mut [f32],
        trace_of_row: impl Fn(usize) -> u32 + Sync,
    ) -> Result<(), SegyError> {
        let samples = self.layout.samples;
        self.check_buffer(rows.checked_mul(samples), out)?;
        self.source.check_length()?;
        let rows_a_task = (TASK_BYTES / self.layout.trace_bytes).max(1) as usize;
        out.par_chunks_mut(rows_a_task * samples).enumerate().try_for_each_init(Vec::new, |scratch, (task, part)| {
            let trace_of_row = |row| trace_of_row(task * rows_a_task + row);
            if self.source.is_mapped() {
                self.read_mapped_part(part, scratch, trace_of_row)
            } else {
                self.read_part(part, scratch, trace_of_row)
            }
        })
    }

    /// Decodes rows one after the other out of the map, and meanwhile has the next one fetched: processors follow bytes by
    /// themselves only to the end of a page, which is where many a trace ends.
    fn read_mapped_part(
        &self,
        out: &mut [f32],
        scratch: &mut Vec<u8>,
        trace_of_row: impl Fn(usize) -> u32,
    ) -> Result<(), SegyError> {
        let sample_bytes = self.layout.samples * self.format().bytes();
        let begin = |trace: u32| self.layout.offset(u64::from(trace)) + self.layout.header_bytes;
        let rows = out.len() / self.layout.samples;
        for (row, values) in out.chunks_exact_mut(self.layout.samples).enumerate() {
            if row + 1 < rows {
                self.source.prefetch(begin(trace_of_row(row + 1)), sample_bytes.min(AHEAD_BYTES));
            }
            match trace_of_row(row) {
                NO_TRACE => values.fill(0.0),
                trace => {
                    let bytes = self.source.bytes(begin(trace), sample_bytes, scratch)?;
                    self.format().decode(self.endian(), bytes, values);
                }
            }
        }
        Ok(())
    }

    /// Reads rows one after the other, runs of traces that follow each other in the file at once.
    fn read_part(
        &self,
        out: &mut [f32],
        scratch: &mut Vec<u8>,
        trace_of_row: impl Fn(usize) -> u32,
    ) -> Result<(), SegyError> {
        let samples = self.layout.samples;
        let (header_bytes, trace_bytes) = (self.layout.header_bytes as usize, self.layout.trace_bytes as usize);
        let rows = out.len() / samples;
        let mut row = 0;
        while row < rows {
            let first = trace_of_row(row);
            if first == NO_TRACE {
                out[row * samples..(row + 1) * samples].fill(0.0);
                row += 1;
                continue;
            }
            let mut run = 1;
            while row + run < rows && u64::from(trace_of_row(row + run)) == u64::from(first) + run as u64 {
                run += 1;
            }
            let begin = self.layout.offset(u64::from(first)) + self.layout.header_bytes;
            let bytes = self.source.bytes(begin, run * trace_bytes - header_bytes, scratch)?;
            let rows_of_run = out[row * samples..(row + run) * samples].chunks_exact_mut(samples);
            for (bytes, values) in bytes.chunks(trace_bytes).zip(rows_of_run) {
                self.format().decode(self.endian(), bytes, values);
            }
            row += run;
        }
        Ok(())
    }

    fn check(&self, what: &'static str, index: u64, count: u64) -> Result<(), SegyError> {
        if index < count {
            return Ok(());
        }
        Err(SegyError::OutOfRange { path: self.path().to_owned(), what, index, count })
    }

    fn check_buffer(&self, expected: Option<usize>, out: &[f32]) -> Result<(), SegyError> {
        if expected == Some(out.len()) {
            return Ok(());
        }
        let expected = expected.unwrap_or(usize::MAX);
        Err(SegyError::BufferLength { path: self.path().to_owned(), expected, actual: out.len() })
    }
}
