//! Dimension scales, made by the library's own H5DS functions, which the wrapper lacks.

use std::ffi::{CString, c_char, c_uint};

use hdf5::Dataset;
use hdf5_sys::h5::herr_t;
use hdf5_sys::h5i::hid_t;

#[expect(unsafe_code, reason = "the wrapper has no binding for the dimension-scale calls")]
// SAFETY: signatures as in H5DSpublic.h of HDF5 1.8 and later.
unsafe extern "C" {
    fn H5DSset_scale(scale: hid_t, name: *const c_char) -> herr_t;
    fn H5DSattach_scale(dataset: hid_t, scale: hid_t, dimension: c_uint) -> herr_t;
    fn H5DSset_label(dataset: hid_t, dimension: c_uint, label: *const c_char) -> herr_t;
}

/// Turns a one-dimensional dataset into the dimension scale `name`.
pub(super) fn make_scale(dataset: &Dataset, name: &str) -> hdf5::Result<()> {
    let name = c_string(name)?;
    checked(|| {
        #[expect(unsafe_code, reason = "foreign call")]
        // SAFETY: the handle is open, the string ends with NUL and outlives the call, the library's lock is held.
        unsafe {
            H5DSset_scale(dataset.id(), name.as_ptr())
        }
    })
}

/// Attaches `scales`, with their names, to the dimensions of `dataset` in order.
pub(super) fn attach_scales(dataset: &Dataset, scales: &[(&str, &Dataset)]) -> hdf5::Result<()> {
    for (dimension, (name, scale)) in scales.iter().enumerate() {
        let label = c_string(name)?;
        checked(|| {
            #[expect(unsafe_code, reason = "foreign call")]
            // SAFETY: both handles are open and the library's lock is held.
            unsafe {
                H5DSattach_scale(dataset.id(), scale.id(), dimension as c_uint)
            }
        })?;
        checked(|| {
            #[expect(unsafe_code, reason = "foreign call")]
            // SAFETY: the handle is open, the string ends with NUL and outlives the call, the library's lock is held.
            unsafe {
                H5DSset_label(dataset.id(), dimension as c_uint, label.as_ptr())
            }
        })?;
    }
    Ok(())
}

/// Makes a call under the library's lock and turns a negative answer into its error.
pub(super) fn checked(call: impl FnOnce() -> herr_t) -> hdf5::Result<()> {
    hdf5::sync::sync(|| hdf5::h5check(call())).map(|_| ())
}

fn c_string(name: &str) -> hdf5::Result<CString> {
    CString::new(name).map_err(|error| hdf5::Error::Internal(error.to_string()))
}
