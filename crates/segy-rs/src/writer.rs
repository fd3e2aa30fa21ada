//! Writing a SEG-Y file of fixed-length traces, in any order and from any number of threads.

use std::cell::RefCell;
use std::fs::{File, OpenOptions as FileOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::SegyError;
use crate::format::SampleFormat;
use crate::header::{BinaryHeader, TraceHeader};
use crate::positional::write_all_at;
use crate::reader::SegyFile;
use crate::recognise::HEADER_BYTES;
use crate::text::TextHeader;

thread_local! {
    /// The bytes of the trace that this thread is writing.
    static TRACE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The textual and the binary header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeaders {
    /// The textual header.
    pub text: TextHeader,
    /// The binary header. [`SegyWriter`] sets what it decides itself: number of samples, sample format, revision, fixed
    /// trace length, and no extended textual headers, additional trace headers or trailers.
    pub binary: BinaryHeader,
}

impl FileHeaders {
    /// The headers of an opened file, to write another one like it.
    pub fn of(file: &SegyFile) -> Self {
        Self { text: file.text().clone(), binary: file.binary_header().clone() }
    }
}

/// Writes a big-endian SEG-Y file whose length is fixed from the start, so that traces can be written in any order.
///
/// The file lies at its final length under the given path from the beginning. Who wants it to appear only when it is
/// complete gives a temporary path and renames the file after [`SegyWriter::finish`].
#[derive(Debug)]
pub struct SegyWriter {
    path: PathBuf,
    file: File,
    samples: usize,
    trace_count: u64,
    format: SampleFormat,
    trace_bytes: u64,
    /// One bit a trace.
    written: Vec<AtomicU64>,
}

impl SegyWriter {
    /// Creates a file of `trace_count` traces of `samples` samples and writes its headers.
    ///
    /// A file of that name is removed first rather than cut short, since a program may have mapped it.
    ///
    /// # Errors
    /// When the file cannot be created, the path names something other than a file, or the headers cannot count the
    /// traces or samples.
    pub fn create(
        path: impl AsRef<Path>,
        headers: &FileHeaders,
        samples: usize,
        trace_count: u64,
        format: SampleFormat,
    ) -> Result<Self, SegyError> {
        let path = path.as_ref();
        let length = file_length(path, samples, trace_count, format)?;
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(SegyError::NotAFile { path: path.to_owned(), kind: "a directory" });
            }
            Ok(_) => std::fs::remove_file(path).map_err(|source| SegyError::io(path, "replace", source))?,
            Err(_) => {}
        }
        let file = FileOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|source| SegyError::io(path, "create", source))?;
        file.set_len(length).map_err(|source| SegyError::io(path, "set the length of", source))?;
        let words = trace_count.div_ceil(64) as usize;
        let writer = Self::around(path, file, samples, trace_count, format, std::iter::repeat_n(0, words));
        writer.write_file_headers(headers)?;
        Ok(writer)
    }

    /// Opens a file that [`SegyWriter::create`] began with the same arguments, keeping the traces that it holds.
    ///
    /// Which traces are still missing is for the caller to know; [`SegyWriter::finish`] does not check it.
    ///
    /// # Errors
    /// As [`SegyWriter::create`], and when the file has another length than these arguments give.
    pub fn resume(
        path: impl AsRef<Path>,
        headers: &FileHeaders,
        samples: usize,
        trace_count: u64,
        format: SampleFormat,
    ) -> Result<Self, SegyError> {
        let path = path.as_ref();
        let expected = file_length(path, samples, trace_count, format)?;
        let file = FileOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|source| SegyError::io(path, "continue", source))?;
        let actual = file.metadata().map_err(|source| SegyError::io(path, "examine", source))?.len();
        if actual != expected {
            return Err(SegyError::NotResumable { path: path.to_owned(), expected, actual });
        }
        let words = trace_count.div_ceil(64) as usize;
        let writer = Self::around(path, file, samples, trace_count, format, std::iter::repeat_n(u64::MAX, words));
        writer.write_file_headers(headers)?;
        Ok(writer)
    }

    /// Writes one trace, in place of what stood there. The header's number of samples is set; all else is kept.
    ///
    /// # Errors
    /// When there is no such trace, `samples` has another length, a value does not fit the sample format, or the file
    /// cannot be written.
    pub fn write_trace(&self, trace: u64, header: &TraceHeader, samples: &[f32]) -> Result<(), SegyError> {
        if trace >= self.trace_count {
            return Err(SegyError::OutOfRange {
                path: self.path.clone(),
                what: "trace",
                index: trace,
                count: self.trace_count,
            });
        }
        if samples.len() != self.samples {
            return Err(SegyError::BufferLength {
                path: self.path.clone(),
                expected: self.samples,
                actual: samples.len(),
            });
        }
        TRACE.with_borrow_mut(|bytes| {
            bytes.clear();
            bytes.extend_from_slice(&header.to_big_endian_bytes());
            // A count that does not fit stands in the binary header alone.
            let count = u16::try_from(self.samples).unwrap_or(0);
            bytes[114..116].copy_from_slice(&count.to_be_bytes());
            self.format.encode(samples, bytes).map_err(|sample| SegyError::Unrepresentable {
                path: self.path.clone(),
                trace,
                sample,
                value: samples[sample],
                code: self.format.code(),
            })?;
            write_all_at(&self.file, bytes, HEADER_BYTES + trace * self.trace_bytes)
                .map_err(|source| SegyError::io(&self.path, "write", source))
        })?;
        self.written[(trace / 64) as usize].fetch_or(1 << (trace % 64), Ordering::Relaxed);
        Ok(())
    }

    /// Makes sure that every trace was written and that the file has reached the disk.
    ///
    /// # Errors
    /// When traces are missing or the system cannot write the file out.
    pub fn finish(self) -> Result<(), SegyError> {
        let missing =
            |trace: &u64| self.written[(trace / 64) as usize].load(Ordering::Relaxed) & (1 << (trace % 64)) == 0;
        if let Some(first) = (0..self.trace_count).find(missing) {
            let count = (first..self.trace_count).filter(missing).count() as u64;
            return Err(SegyError::Unwritten { path: self.path, first, count });
        }
        self.file.sync_all().map_err(|source| SegyError::io(&self.path, "write out", source))
    }

    fn around(
        path: &Path,
        file: File,
        samples: usize,
        trace_count: u64,
        format: SampleFormat,
        written: impl Iterator<Item = u64>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            file,
            samples,
            trace_count,
            format,
            trace_bytes: trace_bytes(samples, format),
            written: written.map(AtomicU64::new).collect(),
        }
    }

    fn write_file_headers(&self, headers: &FileHeaders) -> Result<(), SegyError> {
        let mut binary = headers.binary.to_big_endian();
        binary.declare(self.samples, self.format);
        let bytes = [headers.text.bytes().as_slice(), binary.bytes()].concat();
        write_all_at(&self.file, &bytes, 0).map_err(|source| SegyError::io(&self.path, "write", source))
    }
}

fn trace_bytes(samples: usize, format: SampleFormat) -> u64 {
    TraceHeader::BYTES as u64 + samples as u64 * format.bytes() as u64
}

/// Length of a file, provided that its headers can count the samples and that traces can be counted in 32 bits.
fn file_length(path: &Path, samples: usize, trace_count: u64, format: SampleFormat) -> Result<u64, SegyError> {
    let outside =
        |what, value: String, range| Err(SegyError::HeaderRange { path: path.to_owned(), what, value, range });
    if !(1..=i32::MAX as usize).contains(&samples) {
        return outside("the number of samples", samples.to_string(), "1 to 2147483647");
    }
    if !(1..u64::from(u32::MAX)).contains(&trace_count) {
        return outside("the number of traces", trace_count.to_string(), "1 to 4294967294");
    }
    // 2^31 samples of 8 bytes in 2^32 traces just exceed 64 bits.
    let length =
        trace_count.checked_mul(trace_bytes(samples, format)).and_then(|bytes| bytes.checked_add(HEADER_BYTES));
    match length {
        Some(length) if i64::try_from(length).is_ok() => Ok(length),
        _ => outside("the length", format!("{trace_count} traces of {samples} samples"), "63 bits"),
    }
}
