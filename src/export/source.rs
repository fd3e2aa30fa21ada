//! What an exported cube takes over from the SEG-Y file behind it.

use ndarray::Array2;
use segy_rs::SegyFile;

use crate::grid::Geometry;

use super::SourceHeaders;

impl SourceHeaders {
    /// The headers of an opened file.
    pub fn of(file: &SegyFile) -> Self {
        let bytes = file.survey().bytes;
        let positions = file.index().has_coordinates();
        Self {
            inline_byte: bytes.inline,
            crossline_byte: bytes.crossline,
            x_byte: positions.then_some(bytes.x),
            y_byte: positions.then_some(bytes.y),
            sample_format: file.format().code().unsigned_abs(),
            text: file.text().lines().map(|line| format!("{line:80}")).collect(),
        }
    }
}

/// Map positions `[x, y]` of the traces as the headers have them, each `[inline, crossline]`; `None` where they have none.
///
/// Crossings without a trace, or whose trace has no position, get that of the survey's grid, or else NaN. Of several
/// traces at one crossing the one that is read counts.
pub fn exact_positions(file: &SegyFile, geometry: &Geometry) -> Option<[Array2<f64>; 2]> {
    let index = file.index();
    if !index.has_coordinates() {
        return None;
    }
    let shape = (geometry.inline.count, geometry.crossline.count);
    let on_grid = |i, j| geometry.xy_from_grid.map_or([f64::NAN; 2], |affine| affine.xy(i, j));
    let mut positions = [0, 1].map(|axis| Array2::from_shape_fn(shape, |(i, j)| on_grid(i, j)[axis]));
    for (number, (&inline, &crossline)) in index.inline().iter().zip(index.crossline()).enumerate() {
        let trace = number as u64;
        let read = file.survey().cell_of(trace).and_then(|(i, j)| file.survey().trace_at(i, j)) == Some(trace);
        let cell = geometry.inline.index(inline).zip(geometry.crossline.index(crossline)).filter(|_| read);
        let recorded = index.xy(trace).filter(|&xy| xy != [0.0, 0.0]);
        if let (Some(cell), Some(xy)) = (cell, recorded) {
            for axis in 0..2 {
                positions[axis][cell] = xy[axis];
            }
        }
    }
    Some(positions)
}

/// Unit of map positions that the binary header (byte 3255) declares: `ft` or `m`.
pub fn position_unit(file: &SegyFile) -> &'static str {
    if file.binary_header().get_i16(3255) == 2 { "ft" } else { "m" }
}
