//! Where tensors live, and how libtorch gets there.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::NetworkError;

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first CUDA device where one can be used, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// These CUDA devices, at least one.
    Cuda(Vec<usize>),
    /// Every CUDA device.
    EveryCuda,
}

/// A device that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(pub(super) tch::Device);

impl FromStr for DeviceChoice {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let choice = match text {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "cuda" => Some(Self::Cuda(vec![0])),
            "cuda:all" => Some(Self::EveryCuda),
            _ => {
                let number = |name: &str| name.strip_prefix("cuda:")?.parse().ok();
                let numbers: Option<Vec<usize>> = text.split(',').map(number).collect();
                let twice = |numbers: &[usize]| (1..numbers.len()).any(|at| numbers[..at].contains(&numbers[at]));
                numbers.filter(|numbers| !twice(numbers)).map(Self::Cuda)
            }
        };
        choice.ok_or_else(|| NetworkError::DeviceName { text: text.to_owned() })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(numbers) => {
                let names: Vec<String> = numbers.iter().map(|number| format!("cuda:{number}")).collect();
                f.write_str(&names.join(","))
            }
            Self::EveryCuda => f.write_str("cuda:all"),
        }
    }
}

impl DeviceChoice {
    /// The devices, at least one, with libtorch's CUDA part loaded where it is needed. Predictions use them all, the rest the
    /// first.
    ///
    /// Must run before any other call into libtorch, which looks for CUDA once and remembers the answer.
    ///
    /// # Errors
    /// When a CUDA device is asked for and cannot be used.
    pub fn open(&self) -> Result<Vec<Device>, NetworkError> {
        let cuda = |number| Device(tch::Device::Cuda(number));
        let numbers: &[usize] = match self {
            Self::Cpu => return Ok(vec![Device::cpu()]),
            Self::Auto => match load_cuda() {
                Ok(()) if tch::Cuda::is_available() => return Ok(vec![cuda(0)]),
                _ => return Ok(vec![Device::cpu()]),
            },
            Self::Cuda(numbers) => numbers,
            Self::EveryCuda => &[],
        };
        let missing = |device: String, reason| NetworkError::DeviceMissing { device, reason };
        load_cuda().map_err(|reason| missing(self.to_string(), reason))?;
        let count = if tch::Cuda::is_available() { tch::Cuda::device_count() as usize } else { 0 };
        let offered = || match count {
            1 => "the driver offers 1 CUDA device".to_owned(),
            _ => format!("the driver offers {count} CUDA devices"),
        };
        match numbers.iter().find(|&&number| number >= count) {
            Some(&number) => Err(missing(cuda(number).to_string(), offered())),
            None if count == 0 => Err(missing(self.to_string(), offered())),
            None if numbers.is_empty() => Ok((0..count).map(cuda).collect()),
            None => Ok(numbers.iter().map(|&number| cuda(number)).collect()),
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

    /// `cpu` or `cuda`: devices of one kind give one result.
    pub fn kind(self) -> &'static str {
        if self.is_cuda() { "cuda" } else { "cpu" }
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
            ("cuda", DeviceChoice::Cuda(vec![0])),
            ("cuda:3", DeviceChoice::Cuda(vec![3])),
            ("cuda:2,cuda:0", DeviceChoice::Cuda(vec![2, 0])),
            ("cuda:all", DeviceChoice::EveryCuda),
        ] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap(), choice);
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        for text in ["gpu", "cuda:x", "", "cuda:0,", "cuda:0,cpu", "cuda:1,cuda:1", "cuda:0,1", "cuda:all,cuda:0"] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }
}
