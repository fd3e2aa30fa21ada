//! Files made to order, byte by byte and independent of the crate's writer.

use std::path::{Path, PathBuf};

use segy_rs::{
    Access, BinaryHeader, Endian, OpenOptions, SampleFormat, SegyError, SegyFile, TextEncoding, TextHeader, TraceHeader,
};
use tempfile::TempDir;

/// The value at a crossing: small whole numbers, which every sample format holds.
pub(crate) fn amplitude(inline: i32, crossline: i32, sample: usize) -> f32 {
    (inline.wrapping_mul(7).wrapping_add(crossline.wrapping_mul(3)).wrapping_add(sample as i32 * 5)).rem_euclid(100)
        as f32
}

/// A SEG-Y file in the making.
pub(crate) struct Fixture {
    pub(crate) text: [u8; 3200],
    pub(crate) binary: BinaryHeader,
    /// Between the binary header and the first trace.
    pub(crate) extended: Vec<u8>,
    pub(crate) format: SampleFormat,
    /// Header, additional headers, samples.
    pub(crate) traces: Vec<(TraceHeader, Vec<u8>, Vec<f32>)>,
    /// Behind the last trace.
    pub(crate) trailer: Vec<u8>,
}

impl Fixture {
    /// Revision 1, with line numbers at 189 and 193 and ten samples a trace.
    pub(crate) fn new(endian: Endian, format: SampleFormat, crossings: &[(i32, i32)]) -> Self {
        const SAMPLES: usize = 10;
        let mut binary = BinaryHeader::from_bytes([0; 400], endian);
        for (byte, value) in [(3217, 4000), (3221, SAMPLES as i16), (3225, format.code()), (3503, 1)] {
            binary.set_i16(byte, value);
        }
        let binary = with_revision(&binary, 1, 0);
        let traces = crossings
            .iter()
            .enumerate()
            .map(|(trace, &(inline, crossline))| {
                let mut header = TraceHeader::from_bytes([0; 240], endian);
                for (byte, value) in [(5, trace as i32 + 1), (189, inline), (193, crossline)] {
                    header.set_i32(byte, value);
                }
                for (byte, value) in [(29, 1), (115, SAMPLES as i16), (117, 4000)] {
                    header.set_i16(byte, value);
                }
                let samples = (0..SAMPLES).map(|sample| amplitude(inline, crossline, sample)).collect();
                (header, Vec::new(), samples)
            })
            .collect();
        let text = *TextHeader::from_lines(&["C 1 MADE FOR A TEST"], TextEncoding::Ebcdic).bytes();
        Self { text, binary, extended: Vec::new(), format, traces, trailer: Vec::new() }
    }

    /// Big endian, IEEE floats.
    pub(crate) fn plain(crossings: &[(i32, i32)]) -> Self {
        Self::new(Endian::Big, SampleFormat::Float32, crossings)
    }

    pub(crate) fn each_header(mut self, mut change: impl FnMut(usize, &mut TraceHeader)) -> Self {
        self.traces.iter_mut().enumerate().for_each(|(trace, (header, _, _))| change(trace, header));
        self
    }

    pub(crate) fn binary(mut self, change: impl FnOnce(&mut BinaryHeader)) -> Self {
        change(&mut self.binary);
        self
    }

    /// Moves the line numbers from 189 and 193 to other bytes.
    pub(crate) fn lines_at(self, inline_byte: usize, crossline_byte: usize) -> Self {
        self.each_header(|_, header| {
            let lines = (header.get_i32(189), header.get_i32(193));
            header.set_i32(189, 0);
            header.set_i32(193, 0);
            header.set_i32(inline_byte, lines.0);
            header.set_i32(crossline_byte, lines.1);
        })
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.text[..], self.binary.bytes(), &self.extended].concat();
        for (header, additional, samples) in &self.traces {
            bytes.extend_from_slice(header.bytes());
            bytes.extend_from_slice(additional);
            let mut words = Vec::new();
            self.format.encode(samples, &mut words).unwrap();
            if self.binary.endian() == Endian::Little {
                words.chunks_exact_mut(self.format.bytes()).for_each(<[u8]>::reverse);
            }
            bytes.extend_from_slice(&words);
        }
        bytes.extend_from_slice(&self.trailer);
        bytes
    }

    pub(crate) fn open(&self, options: &OpenOptions) -> Result<Opened, SegyError> {
        open(&self.bytes(), options)
    }

    /// Opens the file both ways, and expects the given crossings and nothing else to hold traces.
    pub(crate) fn expect_cube(&self, options: &OpenOptions, crossings: &[(i32, i32)]) -> Opened {
        let mut last = None;
        for access in [Access::Map, Access::Read] {
            let options = OpenOptions { access, ..options.clone() };
            let opened = self.open(&options).unwrap_or_else(|error| panic!("{error}"));
            expect_cube(&opened.file, crossings);
            last = Some(opened);
        }
        last.unwrap()
    }
}

/// An opened file and the folder that holds it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: SegyFile,
    _folder: TempDir,
}

pub(crate) fn open(bytes: &[u8], options: &OpenOptions) -> Result<Opened, SegyError> {
    let (folder, path) = store(bytes);
    Ok(Opened { file: SegyFile::open(path, options)?, _folder: folder })
}

pub(crate) fn store(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a file with späces.sgy");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Reads everything in every direction and compares it with `amplitude`.
pub(crate) fn expect_cube(file: &SegyFile, crossings: &[(i32, i32)]) {
    let (survey, samples) = (file.survey(), file.samples());
    let [inlines, crosslines] = [survey.inline.count, survey.crossline.count];
    let expected = |i: usize, j: usize, sample: usize| {
        let (inline, crossline) = (survey.inline.number(i), survey.crossline.number(j));
        if crossings.contains(&(inline, crossline)) { amplitude(inline, crossline, sample) } else { 0.0 }
    };
    for i in 0..inlines {
        let mut section = vec![f32::NAN; crosslines * samples];
        file.read_inline(i, &mut section).unwrap();
        for (at, value) in section.into_iter().enumerate() {
            assert_eq!(value, expected(i, at / samples, at % samples), "inline index {i}, value {at}");
        }
    }
    for j in 0..crosslines {
        let mut section = vec![f32::NAN; inlines * samples];
        file.read_crossline(j, &mut section).unwrap();
        for (at, value) in section.into_iter().enumerate() {
            assert_eq!(value, expected(at / samples, j, at % samples), "crossline index {j}, value {at}");
        }
    }
    for sample in 0..samples {
        let mut slice = vec![f32::NAN; inlines * crosslines];
        file.read_time_slice(sample, &mut slice).unwrap();
        for (at, value) in slice.into_iter().enumerate() {
            assert_eq!(value, expected(at / crosslines, at % crosslines, sample), "sample {sample}, value {at}");
        }
    }
    let mut placed = 0;
    for i in 0..inlines {
        for j in 0..crosslines {
            let numbers = (survey.inline.number(i), survey.crossline.number(j));
            let trace = survey.trace_at(i, j);
            assert_eq!(trace.is_some(), crossings.contains(&numbers), "{numbers:?}");
            if let Some(trace) = trace {
                placed += 1;
                assert_eq!(survey.cell_of(trace), Some((i, j)));
                let mut values = vec![f32::NAN; samples];
                file.read_trace(trace, &mut values).unwrap();
                assert!(values.iter().enumerate().all(|(sample, &value)| value == expected(i, j, sample)));
            }
        }
    }
    assert_eq!(placed, crossings.len());
    assert_eq!(survey.missing as usize, inlines * crosslines - placed);
}

/// All crossings of some lines, inline by inline.
pub(crate) fn grid(
    inlines: impl IntoIterator<Item = i32>,
    crosslines: impl IntoIterator<Item = i32> + Clone,
) -> Vec<(i32, i32)> {
    inlines
        .into_iter()
        .flat_map(|inline| crosslines.clone().into_iter().map(move |crossline| (inline, crossline)))
        .collect()
}

pub(crate) fn with_revision(binary: &BinaryHeader, major: u8, minor: u8) -> BinaryHeader {
    let mut bytes = *binary.bytes();
    bytes[300..302].copy_from_slice(&[major, minor]);
    BinaryHeader::from_bytes(bytes, binary.endian())
}

/// The message of an error with its causes, which must name the file.
pub(crate) fn message(error: &SegyError, path: Option<&Path>) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    if let Some(path) = path {
        assert!(message.contains(&path.display().to_string()), "{message}");
    }
    message
}
