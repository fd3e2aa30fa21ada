//! The sink that fills a SEG-Y file.

use std::path::{Path, PathBuf};

use ndarray::{ArrayView1, s};
use rayon::prelude::*;
use segy_rs::{SampleFormat, SegyError, SegyFile, SegyWriter, TextEncoding};

use crate::export::CubeDescription;
use crate::export::partial_file::PartialFile;
use crate::export::section_check::{SectionCheck, invalid};
use crate::grid::{Plane, Section, volume_code};
use crate::predict::{Outputs, PredictedSection, SectionSink, SinkError, Uncertainty};

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
    /// How unsure the chosen class is.
    Uncertainty(Uncertainty),
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
        let needed = match values {
            SegyValues::Class => Outputs::default(),
            SegyValues::Confidence => Outputs { confidence: true, ..Outputs::default() },
            SegyValues::Probability(_) => Outputs { probability: true, ..Outputs::default() },
            SegyValues::Uncertainty(which) => Outputs::default().with(which),
        };
        let check = SectionCheck::new(path, cube, needed)?;
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
        Ok(Self { writer, headers, traces, written: vec![false; sections], values, samples, check, file })
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
                (SegyValues::Uncertainty(which), ..) => {
                    if let Some(values) = predicted.uncertainty(which) {
                        copy(samples, values.row(row));
                    }
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
        (SampleFormat::Int8, _) => Err(invalid(path, "sample format 8 holds whole numbers only; write format 5")),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use segy_rs::OpenOptions;

    use super::*;
    use crate::export::fixture::{cube, file_size_is_limited, folder, interpretation, with_limited_file_size};
    use crate::grid::ClassTable;

    const SHAPE: [usize; 3] = [5, 6, 5];

    /// Writes the sections `from..to` of a cube in memory to `folder/cube.sgy`.
    fn write(folder: &Path, plane: Plane, options: &SegyOptions, from: usize, to: usize) -> Result<PathBuf, SinkError> {
        let cube = cube(SHAPE, plane);
        let sink = SegySink::create(&folder.join("cube.sgy"), &folder.join(".partial"), &cube, None, options)?;
        interpretation(&cube, from, to).send(Box::new(sink), plane, from, to).map(|mut files| files.remove(0))
    }

    #[test]
    fn a_cube_from_memory_gets_a_trace_at_every_crossing() {
        let class = SegyOptions::default();
        for (options, plane, from, to) in [
            (class, Plane::Inline, 0, 5),
            (class, Plane::Crossline, 2, 6),
            (SegyOptions { format: SampleFormat::Int8, ..class }, Plane::Inline, 1, 3),
            (SegyOptions { format: SampleFormat::IbmFloat32, ..class }, Plane::Inline, 0, 5),
            (SegyOptions { values: SegyValues::Confidence, ..class }, Plane::Crossline, 0, 6),
            (SegyOptions { values: SegyValues::Probability(2), ..class }, Plane::Inline, 0, 4),
            (SegyOptions { values: SegyValues::Uncertainty(Uncertainty::Entropy), ..class }, Plane::Inline, 0, 5),
            (SegyOptions { values: SegyValues::Uncertainty(Uncertainty::Deviation), ..class }, Plane::Crossline, 1, 5),
        ] {
            let folder = folder();
            let cube = cube(SHAPE, plane);
            let expected = interpretation(&cube, from, to);
            let file =
                SegyFile::open(write(folder.path(), plane, &options, from, to).unwrap(), &OpenOptions::default())
                    .unwrap();
            assert_eq!((file.trace_count(), file.format(), file.start_ms()), (30, options.format, 1204.0));
            let mut samples = [0.0; SHAPE[2]];
            for (trace, (inline, crossline)) in (0..5).flat_map(|i| (0..6).map(move |j| (i, j))).enumerate() {
                let header = file.trace_header(trace as u64).unwrap();
                let numbers = [cube.geometry.inline.number(inline), cube.geometry.crossline.number(crossline)];
                assert_eq!([9, 21].map(|byte| header.get_i32(byte)), numbers);
                assert_eq!([189, 193].map(|byte| header.get_i32(byte)), numbers);
                assert_eq!(
                    file.index().xy(trace as u64).unwrap(),
                    cube.geometry.xy_from_grid.unwrap().xy(inline, crossline)
                );
                file.read_trace(trace as u64, &mut samples).unwrap();
                for (sample, &value) in samples.iter().enumerate() {
                    let expected = match options.values {
                        SegyValues::Class => f32::from(expected.facies[[inline, crossline, sample]]),
                        SegyValues::Confidence => expected.confidence[[inline, crossline, sample]],
                        SegyValues::Probability(code) => {
                            expected.probability[[inline, crossline, sample, usize::from(code)]]
                        }
                        SegyValues::Uncertainty(which) => expected.uncertainty(which)[[inline, crossline, sample]],
                    };
                    assert_eq!(value, expected, "{options:?} {plane:?}: {inline}, {crossline}, {sample}");
                }
            }
        }
    }

    #[test]
    fn values_that_readers_would_misread_are_refused() {
        let folder = folder();
        let mut cube = cube(SHAPE, Plane::Inline);
        let mut refused = |format, values, classes: usize| {
            cube.classes = ClassTable::from_names((0..classes).map(|code| format!("class {code}"))).unwrap();
            let options = SegyOptions { values, format, ..SegyOptions::default() };
            let path = folder.path().join("cube.sgy");
            SegySink::create(&path, &folder.path().join(".partial"), &cube, None, &options).is_err()
        };
        assert!(refused(SampleFormat::UInt8, SegyValues::Class, 3));
        assert!(refused(SampleFormat::Int8, SegyValues::Confidence, 3));
        assert!(refused(SampleFormat::Int8, SegyValues::Class, 128));
        assert!(!refused(SampleFormat::Int8, SegyValues::Class, 127));
        assert!(refused(SampleFormat::Float32, SegyValues::Probability(3), 3));
    }

    #[test]
    fn equal_runs_leave_equal_bytes_and_a_dropped_sink_nothing() {
        let bytes = |threads: usize| {
            let folder = folder();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let written = pool.install(|| write(folder.path(), Plane::Inline, &SegyOptions::default(), 1, 4));
            fs::read(written.unwrap()).unwrap()
        };
        assert!(bytes(1) == bytes(4), "the file depends on threads");

        let folder = folder();
        let (cube, path) = (cube(SHAPE, Plane::Inline), folder.path().join("cube.sgy"));
        let partial = folder.path().join(".partial");
        let mut sink = SegySink::create(&path, &partial, &cube, None, &SegyOptions::default()).unwrap();
        sink.write(&interpretation(&cube, 0, 1).section(Section::inline(0))).unwrap();
        assert_eq!(fs::read_dir(&partial).unwrap().count(), 1);
        drop(sink);
        assert_eq!(fs::read_dir(&partial).unwrap().count(), 0);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_output_and_leaves_nothing_behind() {
        let folder = folder();
        if file_size_is_limited() {
            let error = write(folder.path(), Plane::Inline, &SegyOptions::default(), 0, 5).unwrap_err();
            assert!(matches!(&error, SinkError::Io { path, .. } if path.ends_with("cube.sgy")), "{error:?}");
            assert!(!error.to_string().contains(".partial"), "{error}");
            assert_eq!(fs::read_dir(folder.path().join(".partial")).unwrap().count(), 0);
            return;
        }
        for limit in [0, 4096] {
            with_limited_file_size(
                module_path!(),
                "a_full_disk_is_an_error_that_names_the_output_and_leaves_nothing_behind",
                limit,
            );
        }
    }
}
