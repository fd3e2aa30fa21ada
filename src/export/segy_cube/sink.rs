//! The sink that fills a SEG-Y file.

use std::path::{Path, PathBuf};

use ndarray::{ArrayView1, s};
use rayon::prelude::*;
use segy_rs::{SampleFormat, SegyError, SegyFile, SegyWriter, TextEncoding};

use crate::export::CubeDescription;
use crate::export::partial_file::PartialFile;
use crate::export::section_check::{SectionCheck, invalid};
use crate::grid::{Plane, Section, volume_code};
use crate::predict::{PredictedSection, SectionSink, SinkError};

use super::headers::Headers;
use super::text::text_header;
use super::traces::TracesOfSections;

/// What the samples of a SEG-Y file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegyValues {
    /// Class code + 1, 0 for no class.
    Class,
    /// Probability of the chosen class.
    Confidence,
    /// Probability of the class with this code.
    Probability(u8),
}

/// How a SEG-Y file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegyOptions {
    /// What the samples are.
    pub values: SegyValues,
    /// IEEE float (5) by default; IBM float (1), or for classes 8-bit integers (8), where a reader wants them.
    pub format: SampleFormat,
    /// Coding of the textual header.
    pub encoding: TextEncoding,
}

impl Default for SegyOptions {
    fn default() -> Self {
        Self { values: SegyValues::Class, format: SampleFormat::Float32, encoding: TextEncoding::Ebcdic }
    }
}

/// Writes interpreted sections to one SEG-Y file of revision 1 with exactly the traces of its source, in their order.
///
/// Traces without an interpretation hold 0. All traces of one crossing, where the source has several, get its values.
/// Equal input leaves equal bytes.
pub struct SegySink<'s> {
    // Before `file`: some systems remove only what is closed.
    writer: SegyWriter,
    headers: Headers<'s>,
    traces: TracesOfSections,
    /// Which sections are written.
    written: Vec<bool>,
    values: SegyValues,
    plane: Plane,
    samples: usize,
    check: SectionCheck,
    file: PartialFile,
}

impl<'s> SegySink<'s> {
    /// Creates the file in `partial_folder`; it becomes `path`, on the same file system, when finished.
    ///
    /// `source` is the interpreted file, whose headers are copied; without it every crossing of the grid gets a trace.
    ///
    /// # Errors
    /// When the description contradicts itself or the source, readers would misread the sample format, or the file
    /// cannot be written.
    pub fn create(
        path: &Path,
        partial_folder: &Path,
        cube: &CubeDescription,
        source: Option<&'s SegyFile>,
        options: &SegyOptions,
    ) -> Result<Self, SinkError> {
        let SegyOptions { values, format, encoding } = *options;
        let (confidence, probability) = match values {
            SegyValues::Class => (false, false),
            SegyValues::Confidence => (true, false),
            SegyValues::Probability(_) => (false, true),
        };
        let check = SectionCheck::new(path, cube, confidence, probability)?;
        check_values(path, cube, values, format)?;
        let samples = cube.geometry.vertical.count;
        if source.is_some_and(|source| source.samples() != samples) {
            return Err(invalid(path, "the source file has another number of samples than the survey"));
        }

        let file = PartialFile::new(path, partial_folder)?;
        let headers = Headers::new(path, source, &cube.geometry);
        let (plane, sections) = (cube.plane, cube.geometry.section_axis(cube.plane).count);
        let section_of = |trace| {
            headers.cell(trace).map(|[inline, crossline]| match plane {
                Plane::Inline => inline,
                Plane::Crossline => crossline,
            })
        };
        let file_headers = headers.file_headers(text_header(cube, values, encoding));
        let writer = SegyWriter::create(file.path(), &file_headers, samples, headers.trace_count(), format)
            .map_err(|error| sink_error(&file, error))?;
        let traces = TracesOfSections::new(headers.trace_count(), sections, section_of);
        Ok(Self { writer, headers, traces, written: vec![false; sections], values, plane, samples, check, file })
    }

    /// Writes `traces` with the samples that `fill` puts into a buffer of zeros.
    fn write_traces(&self, traces: &[u32], fill: impl Fn(u64, &mut [f32]) + Sync) -> Result<(), SinkError> {
        let write = |samples: &mut Vec<f32>, &trace: &u32| {
            let trace = u64::from(trace);
            samples.fill(0.0);
            fill(trace, samples);
            self.writer.write_trace(trace, &self.headers.trace_header(trace)?, samples)
        };
        let written = traces.par_iter().with_min_len(16).try_for_each_init(|| vec![0.0; self.samples], write);
        written.map_err(|error| sink_error(&self.file, error))
    }
}

impl SectionSink for SegySink<'_> {
    fn write(&mut self, predicted: &PredictedSection) -> Result<(), SinkError> {
        self.check.fits(predicted)?;
        let Section { plane, index } = predicted.section;
        self.write_traces(self.traces.of(index), |trace, samples| {
            let Some([inline, crossline]) = self.headers.cell(trace) else {
                return;
            };
            let row = if plane == Plane::Inline { crossline } else { inline };
            match (self.values, &predicted.confidence, &predicted.probability) {
                (SegyValues::Class, ..) => {
                    let codes = predicted.codes.row(row);
                    samples.iter_mut().zip(codes).for_each(|(sample, &code)| *sample = f32::from(volume_code(code)));
                }
                (SegyValues::Confidence, Some(confidence), _) => copy(samples, confidence.row(row)),
                (SegyValues::Probability(code), _, Some(probability)) => {
                    copy(samples, probability.slice(s![usize::from(code), row, ..]));
                }
                // The check has refused such a section.
                _ => {}
            }
        })?;
        self.written[index] = true;
        self.check.taken(predicted);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError> {
        for section in (0..self.written.len()).filter(|&section| !self.written[section]) {
            self.write_traces(self.traces.of(section), |_, _| {})?;
        }
        self.write_traces(self.traces.others(), |_, _| {})?;
        let Self { writer, file, .. } = *self;
        writer.finish().map_err(|error| sink_error(&file, error))?;
        Ok(vec![file.finish()?])
    }
}

fn copy(samples: &mut [f32], values: ArrayView1<'_, f32>) {
    samples.iter_mut().zip(values).for_each(|(sample, &value)| *sample = value);
}

/// Refuses what the file could not hold or readers would misread.
fn check_values(
    path: &Path,
    cube: &CubeDescription,
    values: SegyValues,
    format: SampleFormat,
) -> Result<(), SinkError> {
    match (format, values) {
        (_, SegyValues::Probability(code)) if usize::from(code) >= cube.classes.len() => {
            Err(invalid(path, "the probability of a class beyond the class table was asked for"))
        }
        (SampleFormat::Float32 | SampleFormat::IbmFloat32, _) => Ok(()),
        (SampleFormat::Int8, SegyValues::Class) if cube.classes.len() <= i8::MAX as usize => Ok(()),
        (SampleFormat::Int8, SegyValues::Class) => {
            Err(invalid(path, "sample format 8 holds 127 classes at most; write format 5"))
        }
        (SampleFormat::Int8, _) => Err(invalid(path, "sample format 8 holds no probabilities; write format 5")),
        _ => Err(invalid(path, "few readers know this sample format; write 5, 1 or, for classes, 8")),
    }
}

/// What the system refused the output is told of its final name.
fn sink_error(file: &PartialFile, error: SegyError) -> SinkError {
    match error {
        SegyError::Io { path, source, .. } if path == file.path() => {
            SinkError::Io { path: file.finished_path().to_owned(), source }
        }
        other => SinkError::Segy(other),
    }
}
