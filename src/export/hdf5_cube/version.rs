//! Which HDF5 library is compiled in.

/// Version of the HDF5 library, `2.2.0`.
pub fn hdf5_version() -> String {
    let (major, minor, release) = hdf5::library_version();
    format!("{major}.{minor}.{release}")
}
