//! How many digits a network computes with.

use std::fmt;
use std::str::FromStr;

use super::{Device, NetworkError};

/// Number format of convolutions and of the values between them. Probabilities are always float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 24 bits throughout.
    #[default]
    Float32,
    /// Factors rounded to 11 bits, sums in float32: CUDA devices since Ampere.
    TensorFloat32,
    /// Values of 8 bits, sums in float32: CUDA devices since Ampere, and CPUs with AVX512-BF16 or AMX.
    Bfloat16,
}

impl Precision {
    /// Whether `device` computes in this precision at a gain.
    ///
    /// # Errors
    /// With what the device lacks.
    pub fn check(self, device: Device) -> Result<(), NetworkError> {
        let lacking = |reason: String| NetworkError::Precision { precision: self, device: device.to_string(), reason };
        match self {
            Self::Float32 => Ok(()),
            Self::TensorFloat32 if !device.is_cuda() => Err(lacking("only CUDA devices compute in tf32".into())),
            Self::Bfloat16 if !device.is_cuda() && !cpu_has_bfloat16() => {
                Err(lacking("this CPU has neither AVX512-BF16 nor AMX".into()))
            }
            Self::Bfloat16 if !device.is_cuda() => Ok(()),
            Self::TensorFloat32 | Self::Bfloat16 => {
                let [major, minor] = device.compute_capability()?;
                if major >= 8 {
                    return Ok(());
                }
                Err(lacking(format!("it has compute capability {major}.{minor}, 8.0 is needed")))
            }
        }
    }

    /// Whether training on `device` can compute in this precision. On a CPU, bfloat16 is imitated by rounding: the course of a training
    /// can be seen there, at no gain.
    ///
    /// # Errors
    /// With what the device lacks.
    pub fn check_for_training(self, device: Device) -> Result<(), NetworkError> {
        if self == Self::Bfloat16 && !device.is_cuda() { Ok(()) } else { self.check(device) }
    }

    /// The lower precisions that `device` has, the fastest first.
    pub fn lower_ones(device: Device) -> Vec<Self> {
        let all = [Self::Bfloat16, Self::TensorFloat32];
        all.into_iter().filter(|precision| precision.check(device).is_ok()).collect()
    }
}

fn cpu_has_bfloat16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float32 => "f32",
            Self::TensorFloat32 => "tf32",
            Self::Bfloat16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Float32, Self::TensorFloat32, Self::Bfloat16]
            .into_iter()
            .find(|precision| precision.to_string() == text)
            .ok_or_else(|| format!("`{text}` is no precision: use f32, tf32 or bf16"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_has_float32_and_never_tensor_float32() {
        assert!(Precision::Float32.check(Device::cpu()).is_ok());
        let refused = Precision::TensorFloat32.check(Device::cpu()).unwrap_err().to_string();
        assert!(refused.contains("tf32") && refused.contains("cpu"), "{refused}");
        assert!(!Precision::lower_ones(Device::cpu()).contains(&Precision::TensorFloat32));
    }

    #[test]
    fn names_read_back() {
        for precision in [Precision::Float32, Precision::TensorFloat32, Precision::Bfloat16] {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        assert!("f16".parse::<Precision>().is_err());
    }
}
