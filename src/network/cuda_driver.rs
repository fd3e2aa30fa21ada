//! What libtorch's bindings do not tell about a CUDA device, asked of the driver itself (CUDA Driver API).

use std::ffi::c_int;

use libloading::os::unix::{Library, Symbol};

use super::{Device, NetworkError, host_memory};

/// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `..._MINOR`.
const COMPUTE_CAPABILITY: [c_int; 2] = [75, 76];

impl Device {
    /// Major and minor compute capability of a CUDA device.
    ///
    /// # Errors
    /// When this is the CPU or the driver does not say.
    pub(super) fn compute_capability(self) -> Result<[usize; 2], NetworkError> {
        let missing = || NetworkError::DeviceMissing {
            device: self.to_string(),
            reason: "the driver does not tell its compute capability".into(),
        };
        match self.0 {
            tch::Device::Cuda(number) => compute_capability(number).ok_or_else(missing),
            _ => Err(missing()),
        }
    }

    /// Bytes free on the device, for the CPU in the machine; `None` where the driver or the system does not say.
    pub fn free_memory(self) -> Option<u64> {
        if !self.is_cuda() {
            return host_memory::free();
        }
        // A tensor makes the device's context current on this thread.
        let _small = tch::Tensor::f_zeros([1], (tch::Kind::Float, self.0)).ok()?;
        free_memory()
    }
}

/// Major and minor compute capability of the device with this number; `None` where the driver does not say.
fn compute_capability(number: usize) -> Option<[usize; 2]> {
    let device = c_int::try_from(number).ok()?;
    // SAFETY: the names and signatures are those of CUDA's driver API, stable since its first release. The driver is already
    // initialised by libtorch, `cuInit` may be repeated, and both outputs point at live integers.
    #[expect(unsafe_code, reason = "calls into the CUDA driver")]
    unsafe {
        let driver = Library::new("libcuda.so.1").ok()?;
        let initialise: Symbol<unsafe extern "C" fn(u32) -> c_int> = driver.get(b"cuInit\0").ok()?;
        let find: Symbol<unsafe extern "C" fn(*mut c_int, c_int) -> c_int> = driver.get(b"cuDeviceGet\0").ok()?;
        let attribute: Symbol<unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int> =
            driver.get(b"cuDeviceGetAttribute\0").ok()?;
        let mut handle = 0;
        if initialise(0) != 0 || find(&mut handle, device) != 0 {
            return None;
        }
        let mut values = [0; 2];
        for (value, what) in values.iter_mut().zip(COMPUTE_CAPABILITY) {
            if attribute(value, what, handle) != 0 {
                return None;
            }
        }
        Some(values.map(|value| usize::try_from(value).unwrap_or(0)))
    }
}

/// Bytes of memory that are free on the device that is current on this thread; `None` where the driver does not say.
fn free_memory() -> Option<u64> {
    let (mut free, mut total) = (0_usize, 0_usize);
    // SAFETY: as above; `cuMemGetInfo` needs the context that libtorch made current on this thread and says so by its result
    // where there is none.
    #[expect(unsafe_code, reason = "calls into the CUDA driver")]
    unsafe {
        let driver = Library::new("libcuda.so.1").ok()?;
        let memory: Symbol<unsafe extern "C" fn(*mut usize, *mut usize) -> c_int> =
            driver.get(b"cuMemGetInfo_v2\0").ok()?;
        if memory(&mut free, &mut total) != 0 {
            return None;
        }
    }
    Some(free as u64)
}
