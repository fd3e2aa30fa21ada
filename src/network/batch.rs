//! Batches made ready for a learner, on whichever thread has time.

use ndarray::{ArrayView3, ArrayView4, ArrayViewD};
use tch::{Kind, Tensor};

use super::array::tensor_from_array;
use super::sequential::Form;
use super::{Device, NetworkError};
use crate::dataset::CropPlace;

/// One training batch, as tensors that only wait to be moved to the device.
#[derive(Debug)]
pub struct Batch {
    pub(super) input: Input,
    /// Class codes, one a row of the scores.
    pub(super) target: Tensor,
    pub(super) form: Form,
}

/// What a batch shows to the network.
#[derive(Debug)]
pub(super) enum Input {
    /// `[N, C, H, W]`.
    Values(Tensor),
    /// Patches whose features are kept, by their place.
    KeptPatches(Tensor),
    /// Crops of images whose features are kept, and the side of their outputs.
    KeptCrops(Vec<CropPlace>, i64),
}

/// Makes the batches of one learner. Where that computes on a CUDA device, batches lie in memory from which the device
/// can fetch them while it works.
#[derive(Clone, Copy, Debug)]
pub struct Stager {
    device: Device,
}

impl Stager {
    pub(super) fn new(device: Device) -> Self {
        Self { device }
    }

    /// Patches `[n, channel, patch, patch]` (samples down, traces across) and the codes of their centres.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn patches(&self, values: ArrayView4<'_, f32>, codes: &[u8]) -> Result<Batch, NetworkError> {
        let target = self.codes(ndarray::aview1(codes).into_dyn())?;
        Ok(Batch { input: self.values(values)?, target, form: Form::Patch })
    }

    /// Crops `[n, channel, h + r - 1, w + r - 1]` and the codes `[n, h, w]` of their inner voxels, of which
    /// [`UNLABELLED`](crate::grid::UNLABELLED) ones do not count.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn crops(&self, values: ArrayView4<'_, f32>, codes: ArrayView3<'_, u8>) -> Result<Batch, NetworkError> {
        let target = self.codes(codes.into_dyn())?;
        Ok(Batch { input: self.values(values)?, target, form: Form::Dense })
    }

    /// Patches whose features the learner keeps, by the order in which it was given them.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn kept_patches(&self, places: &[usize], codes: &[u8]) -> Result<Batch, NetworkError> {
        let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
        let target = self.codes(ndarray::aview1(codes).into_dyn())?;
        Ok(Batch { input: Input::KeptPatches(self.pinned(Tensor::f_from_slice(&places)?)?), target, form: Form::Patch })
    }

    /// Crops of images whose features the learner keeps, and the codes `[n, side, side]` of their inner voxels.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn kept_crops(&self, places: Vec<CropPlace>, codes: ArrayView3<'_, u8>) -> Result<Batch, NetworkError> {
        let side = codes.dim().1 as i64;
        let target = self.codes(codes.into_dyn())?;
        Ok(Batch { input: Input::KeptCrops(places, side), target, form: Form::Dense })
    }

    fn values(&self, values: ArrayView4<'_, f32>) -> Result<Input, NetworkError> {
        Ok(Input::Values(self.pinned(tensor_from_array(values)?)?))
    }

    fn codes(&self, codes: ArrayViewD<'_, u8>) -> Result<Tensor, NetworkError> {
        let codes: Vec<i64> = codes.iter().map(|&code| i64::from(code)).collect();
        self.pinned(Tensor::f_from_slice(&codes)?)
    }

    fn pinned(&self, tensor: Tensor) -> Result<Tensor, NetworkError> {
        if self.device.is_cuda() { Ok(tensor.f_pin_memory(self.device.0)?) } else { Ok(tensor) }
    }
}

/// The tensor on `device`; from pinned memory, the copy goes on while the caller does.
pub(super) fn moved(tensor: &Tensor, device: tch::Device) -> Result<Tensor, NetworkError> {
    Ok(tensor.f_to_device_(device, tensor.f_kind().unwrap_or(Kind::Float), true, false)?)
}
