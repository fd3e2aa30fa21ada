//! Where tensors live, and how libtorch gets there.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::NetworkError;

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first CUDA device where one can be used, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// One CUDA device.
    Cuda(usize),
}

/// A device that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(pub(super) tch::Device);

impl FromStr for DeviceChoice {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let cuda = |number: &str| number.parse().ok().map(Self::Cuda);
        let choice = match text {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "cuda" => Some(Self::Cuda(0)),
            _ => text.strip_prefix("cuda:").and_then(cuda),
        };
        choice.ok_or_else(|| NetworkError::DeviceName { text: text.to_owned() })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl DeviceChoice {
    /// The device, with libtorch's CUDA part loaded where it is needed.
    ///
    /// Must run before any other call into libtorch, which looks for CUDA once and remembers the answer.
    ///
    /// # Errors
    /// When a CUDA device is asked for and cannot be used.
    pub fn open(self) -> Result<Device, NetworkError> {
        let missing = |reason: String| NetworkError::DeviceMissing { device: self.to_string(), reason };
        match self {
            Self::Cpu => Ok(Device(tch::Device::Cpu)),
            Self::Auto => match load_cuda() {
                Ok(()) if tch::Cuda::is_available() => Ok(Device(tch::Device::Cuda(0))),
                _ => Ok(Device(tch::Device::Cpu)),
            },
            Self::Cuda(number) => {
                load_cuda().map_err(missing)?;
                let count = if tch::Cuda::is_available() { tch::Cuda::device_count() } else { 0 };
                if (number as i64) < count {
                    Ok(Device(tch::Device::Cuda(number)))
                } else {
                    Err(missing(format!("the driver offers {count} CUDA devices")))
                }
            }
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            tch::Device::Cuda(number) => write!(f, "cuda:{number}"),
            _ => f.write_str("cpu"),
        }
    }
}

impl Device {
    /// The CPU.
    pub fn cpu() -> Self {
        Self(tch::Device::Cpu)
    }

    /// Whether this is a CUDA device.
    pub fn is_cuda(self) -> bool {
        self.0.is_cuda()
    }
}

/// Loads the CUDA driver and libtorch's CUDA part for the rest of the process.
fn load_cuda() -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // Without a driver the CUDA part, a gigabyte, would be loaded for nothing.
    for name in ["libcuda.so.1", "libtorch_cuda.so"] {
        // SAFETY: both run initialisers of their vendors' making only, which the C++ side would run just the same
        // had the linker named the libraries; RTLD_GLOBAL lets libtorch find the operators that they register.
        #[expect(unsafe_code, reason = "loading a shared library runs its initialisers")]
        let library = unsafe { Library::open(Some(name), RTLD_NOW | RTLD_GLOBAL) };
        // The system's words, which name the file that is missing, are behind the crate's.
        let words = |error: libloading::Error| error.source().map_or_else(|| error.to_string(), ToString::to_string);
        // Dropping the handle would unload the library.
        std::mem::forget(library.map_err(words)?);
    }
    Ok(())
}

/// Sets how many CPU threads one operation may use, for calls from this thread.
pub fn set_threads(threads: usize) {
    tch::set_num_threads(threads.try_into().unwrap_or(i32::MAX));
}

/// What libtorch says of itself.
#[derive(Clone, Debug)]
pub struct LibraryVersions {
    /// The release this build needs.
    pub libtorch: &'static str,
    /// Whether oneDNN, the fast CPU convolutions, is there.
    pub onednn: bool,
    /// CUDA devices that the driver offers, or why none can be used.
    pub cuda: Result<usize, String>,
}

/// The release of libtorch that this build needs.
pub fn library_release() -> &'static str {
    "2.11.0"
}

/// Versions and devices, for `facies doctor`.
pub fn library_versions() -> LibraryVersions {
    let cuda = load_cuda().and_then(|()| {
        if tch::Cuda::is_available() { Ok(tch::Cuda::device_count() as usize) } else { Err("no device".into()) }
    });
    LibraryVersions { libtorch: library_release(), onednn: tch::utils::has_mkldnn(), cuda }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_names_read_back() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda", DeviceChoice::Cuda(0)),
            ("cuda:3", DeviceChoice::Cuda(3)),
        ] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap(), choice);
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        assert!("gpu".parse::<DeviceChoice>().is_err());
        assert!("cuda:x".parse::<DeviceChoice>().is_err());
    }
}
