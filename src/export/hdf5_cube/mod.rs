//! Interpreted cubes as HDF5 files that h5py, xarray and netCDF-4 read with named axes.

mod attributes;
mod chunked;
mod errors;
mod filters;
mod layout;
mod scales;
mod sink;
mod version;

pub use sink::{Hdf5Options, Hdf5Sink};
pub use version::hdf5_version;
