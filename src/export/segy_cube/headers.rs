//! Trace headers of an interpreted volume.

use segy_rs::{SegyFile, TraceHeader};

use crate::grid::{Affine, Geometry, VerticalAxis};

/// Coordinate scalars to choose from for a new file, finest first; negative ones divide.
const SCALARS: [i16; 3] = [-100, -10, 1];

/// Makes the header of every trace of a volume.
pub(super) enum Headers<'s> {
    /// Copies of another file's, with what interpreted values need changed.
    Copied { source: &'s SegyFile, vertical: VerticalAxis, positions: bool },
    /// New ones for every crossing of the grid, inline by inline.
    New { geometry: Geometry, scalar: i16 },
}

impl<'s> Headers<'s> {
    /// For the traces of `source`, or for a new file where there is none.
    pub(super) fn new(source: Option<&'s SegyFile>, geometry: &Geometry) -> Self {
        match source {
            Some(source) => {
                Self::Copied { source, vertical: geometry.vertical, positions: source.index().has_coordinates() }
            }
            None => Self::New { geometry: geometry.clone(), scalar: coordinate_scalar(geometry) },
        }
    }

    /// Header of the trace at place `trace` of the file.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(super) fn header(&self, trace: u64) -> Result<TraceHeader, segy_rs::SegyError> {
        match self {
            Self::Copied { source, vertical, positions } => {
                let mut header = source.trace_header(trace)?;
                let (index, at) = (source.index(), trace as usize);
                set_lines(&mut header, index.inline()[at], index.crossline()[at]);
                if *positions {
                    set_position(&mut header, [index.x()[at], index.y()[at]]);
                }
                set_common(&mut header, vertical);
                Ok(header)
            }
            Self::New { geometry, scalar } => {
                let mut header = TraceHeader::new();
                let crosslines = geometry.crossline.count as u64;
                let (inline, crossline) = ((trace / crosslines) as usize, (trace % crosslines) as usize);
                let number = i32::try_from(trace + 1).unwrap_or(i32::MAX);
                header.set_i32(1, number);
                header.set_i32(5, number);
                set_lines(&mut header, geometry.inline.number(inline), geometry.crossline.number(crossline));
                if let Some(affine) = &geometry.xy_from_grid {
                    header.set_i16(71, *scalar);
                    set_position(&mut header, affine.xy(inline, crossline).map(|value| unscaled(value, *scalar)));
                }
                set_common(&mut header, &geometry.vertical);
                Ok(header)
            }
        }
    }
}

fn set_lines(header: &mut TraceHeader, inline: i32, crossline: i32) {
    for (byte, number) in [(9, inline), (189, inline), (21, crossline), (193, crossline)] {
        header.set_i32(byte, number);
    }
}

/// Integers as the scalar in bytes 71-72 wants them.
fn set_position(header: &mut TraceHeader, [x, y]: [i32; 2]) {
    for (byte, value) in [(73, x), (181, x), (77, y), (185, y)] {
        header.set_i32(byte, value);
    }
}

fn set_common(header: &mut TraceHeader, vertical: &VerticalAxis) {
    header.set_i16(29, 1);
    header.set_i16(89, 1);
    header.set_i16(109, delay(vertical.start, header.get_i16(215)));
    header.set_u16(115, u16::try_from(vertical.count).unwrap_or(0));
    header.set_u16(117, interval_us(vertical));
    // Readers multiply samples by 2 to the power of this trace weighting factor.
    header.set_i16(169, 0);
}

/// Sample interval for the headers, in µs (mm in depth); 0 where it does not fit.
pub(super) fn interval_us(vertical: &VerticalAxis) -> u16 {
    let interval = (vertical.step * 1000.0).round();
    if interval <= f64::from(u16::MAX) { interval as u16 } else { 0 }
}

/// Delay recording time that reads as `start` with the time `scalar` of bytes 215-216, as near as 16 bits allow.
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
    let Some(affine) = &geometry.xy_from_grid else { return 0 };
    let largest = largest_coordinate(affine, geometry);
    let fits = |scalar: &i16| largest * unscale(*scalar) < f64::from(i32::MAX);
    SCALARS.into_iter().find(fits).unwrap_or(1)
}

fn largest_coordinate(affine: &Affine, geometry: &Geometry) -> f64 {
    let ends = |count: usize| [0, count.saturating_sub(1)];
    let corners = ends(geometry.inline.count).into_iter().flat_map(|i| ends(geometry.crossline.count).map(|j| (i, j)));
    corners.flat_map(|(i, j)| affine.xy(i, j)).fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

fn unscale(scalar: i16) -> f64 {
    if scalar < 0 { -f64::from(scalar) } else { 1.0 }
}

fn unscaled(value: f64, scalar: i16) -> i32 {
    (value * unscale(scalar)).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_reads_as_the_start_under_any_time_scalar() {
        for (start, scalar, expected) in
            [(1204.0, 0, 1204), (1204.0, 1, 1204), (12.5, -10, 125), (-3000.0, 1000, -3), (4.0, 77, 4), (1e9, 0, i16::MAX)]
        {
            assert_eq!(delay(start, scalar), expected, "{start} ms, scalar {scalar}");
        }
    }

    #[test]
    fn coordinates_of_a_new_file_are_as_fine_as_they_can_be() {
        let mut cube = crate::export::fixture::cube([3, 3, 2], crate::grid::Plane::Inline);
        for (x, scalar) in [(605_835.5, -100), (30_000_000.0, -10), (300_000_000.0, 1)] {
            cube.geometry.xy_from_grid.as_mut().unwrap().origin[0] = x;
            let header = Headers::new(None, &cube.geometry).header(4).unwrap();
            assert_eq!(header.get_i16(71), scalar);
            let read = f64::from(header.get_i32(181)) / if scalar < 0 { -f64::from(scalar) } else { 1.0 };
            assert!((read - (x + 0.5 - 12.5)).abs() < 1.0, "{read}");
            assert_eq!((header.get_i32(1), header.get_i32(189), header.get_i32(193)), (5, 302, 989));
        }
    }
}
