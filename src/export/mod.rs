//! Section sinks: interpreted sections into HDF5 and SEG-Y files.
//!
//! Every output covers the whole survey, holds class code + 1 (0 = no class), and appears under its name only when complete.

#[cfg(test)]
mod fixture;
mod hdf5_cube;
mod partial_file;
mod provenance;
mod section_check;
mod segy_cube;
mod source;

pub use hdf5_cube::{Hdf5Options, Hdf5Sink, hdf5_version};
pub use provenance::{CubeDescription, Provenance, SOFTWARE, SourceHeaders};
pub use segy_cube::{SegyOptions, SegySink, SegyValues};
pub use source::{exact_positions, position_unit};
