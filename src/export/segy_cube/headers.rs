//! File and trace headers of an interpreted volume.

use std::path::{Path, PathBuf};

use segy_rs::{
    BinaryHeader, CubeSpec, FileHeaders, LineNumbers, MapGrid, SegyError, SegyFile, TextHeader, TraceHeader,
};

use crate::grid::{Geometry, LineAxis, VerticalAxis};

/// Coordinate scalars for a new file, finest first: centimetres where the coordinates allow it.
const SCALARS: [i16; 3] = [-100, -10, 1];

/// Makes the headers of a volume.
pub(super) enum Headers<'s> {
    /// Another file's, with what interpreted values need changed.
    Copied {
        /// The interpreted file.
        source: &'s SegyFile,
        /// Axes of the cube.
        geometry: Geometry,
    },
    /// New ones for every crossing of the grid, inline by inline.
    New {
        /// Name of the output, for messages.
        path: PathBuf,
        /// The grid.
        spec: Box<CubeSpec>,
    },
}

impl<'s> Headers<'s> {
    /// For the traces of `source`, or for a new file `path` where there is none.
    pub(super) fn new(path: &Path, source: Option<&'s SegyFile>, geometry: &Geometry) -> Self {
        match source {
            Some(source) => Self::Copied { source, geometry: geometry.clone() },
            None => Self::New { path: path.to_owned(), spec: Box::new(spec(geometry)) },
        }
    }

    /// How many traces the volume has.
    pub(super) fn trace_count(&self) -> u64 {
        match self {
            Self::Copied { source, .. } => source.trace_count(),
            Self::New { spec, .. } => spec.inline.count as u64 * spec.crossline.count as u64,
        }
    }

    /// Grid position `[inline index, crossline index]` of a trace; `None` for one that lies at no crossing.
    pub(super) fn cell(&self, trace: u64) -> Option<[usize; 2]> {
        match self {
            Self::Copied { source, geometry } => {
                let (index, at) = (source.index(), trace as usize);
                let inline = geometry.inline.index(*index.inline().get(at)?)?;
                let crossline = geometry.crossline.index(*index.crossline().get(at)?)?;
                Some([inline, crossline])
            }
            Self::New { spec, .. } => {
                let crosslines = spec.crossline.count.max(1);
                Some([trace as usize / crosslines, trace as usize % crosslines])
            }
        }
    }

    /// The file headers, with `text` for a textual header.
    pub(super) fn file_headers(&self, text: TextHeader) -> FileHeaders {
        let binary = match self {
            Self::Copied { source, geometry } => {
                let mut binary: BinaryHeader = source.binary_header().clone();
                binary.set_i16(3217, interval_us(&geometry.vertical) as i16);
                if binary.get_i16(3229) == 0 {
                    // Of unknown order in the source; 4 is what readers expect of a stacked volume.
                    binary.set_i16(3229, 4);
                }
                binary
            }
            Self::New { spec, .. } => spec.file_headers().binary,
        };
        FileHeaders { text, binary }
    }

    /// Header of the trace at place `trace` of the file.
    ///
    /// # Errors
    /// When the source cannot be read, or a new coordinate does not fit.
    pub(super) fn trace_header(&self, trace: u64) -> Result<TraceHeader, SegyError> {
        match self {
            Self::Copied { source, geometry } => copied(source, trace, &geometry.vertical),
            Self::New { path, spec } => {
                let crosslines = spec.crossline.count.max(1);
                spec.trace_header(path, trace as usize / crosslines, trace as usize % crosslines)
            }
        }
    }
}

/// The source's header; line numbers and coordinates go, unscaled, from where they were found to where readers look.
fn copied(source: &SegyFile, trace: u64, vertical: &VerticalAxis) -> Result<TraceHeader, SegyError> {
    let mut header = source.trace_header(trace)?;
    let (index, at) = (source.index(), trace as usize);
    let (inline, crossline) = (index.inline()[at], index.crossline()[at]);
    for (byte, number) in [(9, inline), (189, inline), (21, crossline), (193, crossline)] {
        header.set_i32(byte, number);
    }
    if index.has_coordinates() {
        let (x, y) = (index.x()[at], index.y()[at]);
        for (byte, value) in [(73, x), (181, x), (77, y), (185, y)] {
            header.set_i32(byte, value);
        }
    }
    // Live seismic data, coordinates as lengths.
    header.set_i16(29, 1);
    header.set_i16(89, 1);
    header.set_i16(109, delay(vertical.start, header.get_i16(215)));
    header.set_u16(115, u16::try_from(vertical.count).unwrap_or(0));
    header.set_u16(117, interval_us(vertical));
    // The trace weighting factor: readers multiply samples by 2 to this power.
    header.set_i16(169, 0);
    Ok(header)
}

/// A new file in the grid of `geometry`; text and sample format are set elsewhere.
fn spec(geometry: &Geometry) -> CubeSpec {
    let numbers = |axis: &LineAxis| LineNumbers { first: axis.first, step: axis.step, count: axis.count };
    CubeSpec {
        inline: numbers(&geometry.inline),
        crossline: numbers(&geometry.crossline),
        samples: geometry.vertical.count,
        interval_us: interval_us(&geometry.vertical),
        start_ms: delay(geometry.vertical.start, 0),
        map: geometry.xy_from_grid.map(|affine| MapGrid {
            origin: affine.origin,
            per_inline: affine.per_inline,
            per_crossline: affine.per_crossline,
            scalar: coordinate_scalar(geometry),
        }),
        format: segy_rs::SampleFormat::Float32,
        text: Vec::new(),
        encoding: segy_rs::TextEncoding::Ebcdic,
    }
}

/// Sample interval for the headers, in µs (mm in depth); 0 where it does not fit.
fn interval_us(vertical: &VerticalAxis) -> u16 {
    let interval = (vertical.step * 1000.0).round();
    if interval <= f64::from(u16::MAX) { interval as u16 } else { 0 }
}

/// Delay recording time that reads as `start` with the time scalar of bytes 215-216, as near as 16 bits allow.
fn delay(start: f64, scalar: i16) -> i16 {
    let scale = match scalar {
        10 | 100 | 1000 | 10_000 => f64::from(scalar),
        -10 | -100 | -1000 | -10_000 => -1.0 / f64::from(scalar),
        _ => 1.0,
    };
    (start / scale).round() as i16
}

/// The finest scalar with which every corner of the survey fits 32 bits.
fn coordinate_scalar(geometry: &Geometry) -> i16 {
    let Some(affine) = geometry.xy_from_grid else {
        return 0;
    };
    let ends = |axis: &LineAxis| [0, axis.count.saturating_sub(1)];
    let mut largest: f64 = 0.0;
    for inline in ends(&geometry.inline) {
        for crossline in ends(&geometry.crossline) {
            largest = affine.xy(inline, crossline).into_iter().fold(largest, |largest, at| largest.max(at.abs()));
        }
    }
    let fits = |scalar: &i16| largest * f64::from(-scalar).max(1.0) < f64::from(i32::MAX);
    SCALARS.into_iter().find(fits).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::cube;
    use crate::grid::Plane;

    #[test]
    fn the_delay_reads_as_the_start_under_any_time_scalar() {
        for (start, scalar, expected) in [
            (1204.0, 0, 1204),
            (1204.0, 1, 1204),
            (12.5, -10, 125),
            (-3000.0, 1000, -3),
            (4.0, 77, 4),
            (1e9, 0, i16::MAX),
        ] {
            assert_eq!(delay(start, scalar), expected, "{start} ms, scalar {scalar}");
        }
    }

    #[test]
    fn coordinates_of_a_new_file_are_as_fine_as_they_can_be() {
        let mut cube = cube([3, 3, 2], Plane::Inline);
        for (x, scalar) in [(605_835.5, -100), (30_000_000.0, -10), (300_000_000.0, 1)] {
            cube.geometry.xy_from_grid.as_mut().unwrap().origin[0] = x;
            let header = Headers::new(Path::new("new.sgy"), None, &cube.geometry).trace_header(4).unwrap();
            assert_eq!(header.get_i16(71), scalar);
            let read = segy_rs::scaled(header.get_i32(181), scalar);
            assert!((read - (x + 0.5 - 12.5)).abs() <= 0.5, "{read}");
            assert_eq!((header.get_i32(1), header.get_i32(189), header.get_i32(193)), (5, 302, 989));
        }
    }
}
