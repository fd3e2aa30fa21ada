//! What an exported cube says about itself.

use crate::grid::{ClassTable, Geometry, Plane};
use crate::volume::LiveTraces;

/// Name and version of this program, for file headers.
pub const SOFTWARE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// The cube that sections will fill: what every output format states before the first value.
#[derive(Clone, Debug)]
pub struct CubeDescription {
    /// The whole survey, also where only a range of its sections is interpreted.
    pub geometry: Geometry,
    /// Plane of the sections that will arrive.
    pub plane: Plane,
    /// Classes in code order.
    pub classes: ClassTable,
    /// Which traces are live.
    pub live_traces: LiveTraces,
    /// Where the cube comes from.
    pub provenance: Provenance,
}

/// Where an exported cube comes from.
///
/// Holds neither times nor folders, so that equal runs leave equal bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// What the cube shows, in one line.
    pub title: String,
    /// How it was made, in one line.
    pub history: String,
    /// Name of the interpreted file, without its folder.
    pub source_file: String,
    /// SHA-256 of that file, hexadecimal.
    pub source_sha256: Option<String>,
    /// Name and version of the program that wrote the file; [`SOFTWARE`] by default.
    pub software: String,
    /// Name of the model.
    pub model_id: Option<String>,
    /// SHA-256 of the model file, hexadecimal.
    pub model_sha256: Option<String>,
    /// Coordinate reference system, as `EPSG:23031` or WKT.
    pub crs: Option<String>,
    /// Headers of the SEG-Y file behind the cube.
    pub source_headers: Option<SourceHeaders>,
}

impl Default for Provenance {
    fn default() -> Self {
        Self {
            title: String::new(),
            history: String::new(),
            source_file: String::new(),
            source_sha256: None,
            software: SOFTWARE.to_owned(),
            model_id: None,
            model_sha256: None,
            crs: None,
            source_headers: None,
        }
    }
}

/// How the interpreted SEG-Y file was read, and its textual header.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceHeaders {
    /// First byte of the inline number in a trace header, counted from 1.
    pub inline_byte: u16,
    /// First byte of the crossline number.
    pub crossline_byte: u16,
    /// First byte of the easting, where the file has coordinates.
    pub x_byte: Option<u16>,
    /// First byte of the northing.
    pub y_byte: Option<u16>,
    /// Sample format code of the binary header.
    pub sample_format: u16,
    /// Textual header, decoded.
    pub text: String,
}
