//! A new file from a geometry: every crossing of a regular grid has a trace.

use std::ffi::OsString;
use std::path::Path;

use rayon::prelude::*;

use crate::error::SegyError;
use crate::format::SampleFormat;
use crate::header::{BinaryHeader, TraceHeader};
use crate::survey::LineNumbers;
use crate::text::{TextEncoding, TextHeader};
use crate::writer::{FileHeaders, SegyWriter};

/// Axes, position and storage of a cube to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct CubeSpec {
    /// Inline numbers; the file is sorted by inline.
    pub inline: LineNumbers,
    /// Crossline numbers.
    pub crossline: LineNumbers,
    /// Samples a trace.
    pub samples: usize,
    /// Sample interval in microseconds, or in millimetres for a cube in depth.
    pub interval_us: u16,
    /// Position of the first sample in milliseconds, or in metres.
    pub start_ms: i16,
    /// Map positions; without them the coordinates are 0.
    pub map: Option<MapGrid>,
    /// How samples are stored.
    pub format: SampleFormat,
    /// Lines of the textual header, at most 40 of 76 characters.
    pub text: Vec<String>,
    /// Coding of the textual header.
    pub encoding: TextEncoding,
}

/// Map positions of a regular grid: `origin + inline_index * per_inline + crossline_index * per_crossline`, in metres
/// or feet, stored as whole numbers with a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapGrid {
    /// `[x, y]` of the first trace.
    pub origin: [f64; 2],
    /// Step from one inline to the next.
    pub per_inline: [f64; 2],
    /// Step from one crossline to the next.
    pub per_crossline: [f64; 2],
    /// Coordinate scalar of bytes 71-72: -100 stores hundredths.
    pub scalar: i16,
}

impl CubeSpec {
    /// The file headers of the cube, revision 1.
    pub fn file_headers(&self) -> FileHeaders {
        FileHeaders {
            text: TextHeader::from_lines(&self.text, self.encoding),
            binary: BinaryHeader::new(self.samples, self.interval_us, self.format),
        }
    }

    /// The trace header at a crossing; `path` names the file in errors.
    ///
    /// # Errors
    /// When a coordinate does not fit its four bytes with the chosen scalar.
    pub fn trace_header(
        &self,
        path: &Path,
        inline_index: usize,
        crossline_index: usize,
    ) -> Result<TraceHeader, SegyError> {
        let sequence = (inline_index * self.crossline.count + crossline_index + 1) as i32;
        let (inline, crossline) = (self.inline.number(inline_index), self.crossline.number(crossline_index));
        let mut header = TraceHeader::new();
        for (byte, value) in
            [(1, sequence), (5, sequence), (9, inline), (21, crossline), (189, inline), (193, crossline)]
        {
            header.set_i32(byte, value);
        }
        for (byte, value) in [(29, 1), (35, 1), (89, 1), (109, self.start_ms)] {
            header.set_i16(byte, value);
        }
        header.set_u16(117, self.interval_us);
        if let Some(map) = &self.map {
            header.set_i16(71, map.scalar);
            let xy = map.stored(path, inline_index, crossline_index)?;
            for (byte, value) in [(73, xy[0]), (77, xy[1]), (181, xy[0]), (185, xy[1])] {
                header.set_i32(byte, value);
            }
        }
        Ok(header)
    }
}

impl MapGrid {
    /// `[x, y]` at a crossing as whole numbers, to be read with the scalar.
    fn stored(&self, path: &Path, inline_index: usize, crossline_index: usize) -> Result<[i32; 2], SegyError> {
        let factor = match self.scalar {
            0 => 1.0,
            1.. => 1.0 / f64::from(self.scalar),
            ..0 => -f64::from(self.scalar),
        };
        let mut stored = [0; 2];
        for axis in 0..2 {
            let position = self.origin[axis]
                + inline_index as f64 * self.per_inline[axis]
                + crossline_index as f64 * self.per_crossline[axis];
            let value = (position * factor).round();
            if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) {
                return Err(SegyError::HeaderRange {
                    path: path.to_owned(),
                    what: ["the X coordinate", "the Y coordinate"][axis],
                    value: format!("{position} with the scalar {}", self.scalar),
                    range: "32 bits; choose a coarser scalar",
                });
            }
            stored[axis] = value as i32;
        }
        Ok(stored)
    }
}

/// Writes a cube whose traces `fill` gives by inline and crossline index, in parallel and in no particular order.
///
/// The file appears under `path` only when it is complete, in place of any file of that name.
///
/// # Errors
/// When the file cannot be written, a line number, coordinate or count does not fit its header field, or a value does
/// not fit the sample format.
pub fn write_cube(
    path: impl AsRef<Path>,
    spec: &CubeSpec,
    fill: impl Fn(usize, usize, &mut [f32]) + Sync,
) -> Result<(), SegyError> {
    let path = path.as_ref();
    for (what, axis) in [("the last inline", spec.inline), ("the last crossline", spec.crossline)] {
        let last = i128::from(axis.first) + axis.count.saturating_sub(1) as i128 * i128::from(axis.step);
        if i32::try_from(last).is_err() {
            let (value, range) = (last.to_string(), "32 bits");
            return Err(SegyError::HeaderRange { path: path.to_owned(), what, value, range });
        }
    }
    let name = path.file_name().ok_or(SegyError::NotAFile { path: path.to_owned(), kind: "a directory" })?;
    let mut partial_name = OsString::from(".");
    partial_name.push(name);
    partial_name.push(".partial");
    let partial = path.with_file_name(partial_name);

    let written = write_all(&partial, spec, fill)
        .and_then(|()| std::fs::rename(&partial, path).map_err(|source| SegyError::io(path, "create", source)));
    if written.is_err() {
        // The reason of the failure matters more than a left-over that cannot be removed either.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn write_all(path: &Path, spec: &CubeSpec, fill: impl Fn(usize, usize, &mut [f32]) + Sync) -> Result<(), SegyError> {
    let traces = (spec.inline.count as u64).saturating_mul(spec.crossline.count as u64);
    let writer = SegyWriter::create(path, &spec.file_headers(), spec.samples, traces, spec.format)?;
    (0..spec.inline.count).into_par_iter().try_for_each_init(
        || vec![0.0; spec.samples],
        |samples, inline_index| {
            for crossline_index in 0..spec.crossline.count {
                samples.fill(0.0);
                fill(inline_index, crossline_index, samples);
                let header = spec.trace_header(path, inline_index, crossline_index)?;
                let trace = inline_index as u64 * spec.crossline.count as u64 + crossline_index as u64;
                writer.write_trace(trace, &header, samples)?;
            }
            Ok(())
        },
    )?;
    writer.finish()
}
