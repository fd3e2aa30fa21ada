//! A network that classifies.

use ndarray::{Array2, Array4, ArrayView2, ArrayView3};
use tch::{Kind, Tensor};

use super::array::{tensor_from_array, values};
use super::sequential::{Form, Sequential};
use super::{Device, NetworkError};

/// A network with fixed weights on one device. Not shared between threads; [`Predictor::share`] gives each its own.
#[derive(Debug)]
pub struct Predictor {
    network: Sequential,
    device: Device,
}

impl Predictor {
    pub(super) fn new(network: Sequential, device: Device) -> Self {
        Self { network, device }
    }

    /// The same network for another thread; the weights are not copied.
    pub fn share(&self) -> Self {
        Self { network: self.network.shared(), device: self.device }
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.network.layers.outputs()
    }

    /// Side of the patch round a voxel.
    pub fn patch(&self) -> usize {
        self.network.layers.patch
    }

    /// Side of the window that the dense form needs; `None` where it has no dense form.
    pub fn receptive_field(&self) -> Option<usize> {
        self.network.layers.receptive_field()
    }

    /// Class scores (logits) `[n, K]` of patches `[n, patch, patch]`, samples down and traces across.
    ///
    /// # Errors
    /// When the patches have another size or memory runs out.
    pub fn patch_scores(&self, patches: ArrayView3<'_, f32>) -> Result<Array2<f32>, NetworkError> {
        let scores = self.network.evaluate(&self.input(patches)?, Form::Patch)?;
        rows(&scores)
    }

    /// Class probabilities `[n, K]` of patches `[n, patch, patch]`.
    ///
    /// # Errors
    /// As [`Predictor::patch_scores`].
    pub fn patch_probabilities(&self, patches: ArrayView3<'_, f32>) -> Result<Array2<f32>, NetworkError> {
        let scores = self.network.evaluate(&self.input(patches)?, Form::Patch)?;
        rows(&scores.f_softmax(1, Kind::Float)?)
    }

    /// Class scores (logits) `[n, K, h, w]` of windows `[n, h + r - 1, w + r - 1]`.
    ///
    /// # Errors
    /// When the network has no dense form, the windows are smaller than r or memory runs out.
    pub fn dense_scores(&self, windows: ArrayView3<'_, f32>) -> Result<Array4<f32>, NetworkError> {
        let scores = self.network.evaluate(&self.input(windows)?, Form::Dense)?;
        maps(&scores)
    }

    /// Class probabilities `[n, K, h, w]` of windows `[n, h + r - 1, w + r - 1]`.
    ///
    /// # Errors
    /// As [`Predictor::dense_scores`].
    pub fn dense_probabilities(&self, windows: ArrayView3<'_, f32>) -> Result<Array4<f32>, NetworkError> {
        let scores = self.network.evaluate(&self.input(windows)?, Form::Dense)?;
        maps(&scores.f_softmax(1, Kind::Float)?)
    }

    /// Puts a padded section on the device, whose patches can then be classified without copying them.
    ///
    /// `padded` is `[samples + patch - 1, traces + patch - 1]`: the patch of voxel (sample, trace) starts there.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn section_patches(&self, padded: ArrayView2<'_, f32>) -> Result<SectionPatches<'_>, NetworkError> {
        let side = self.patch() as i64;
        let section = tensor_from_array(padded)?.f_to_device(self.device.0)?;
        let windows = section.f_unfold(0, side, 1)?.f_unfold(1, side, 1)?;
        Ok(SectionPatches { predictor: self, windows })
    }

    fn input(&self, windows: ArrayView3<'_, f32>) -> Result<Tensor, NetworkError> {
        Ok(tensor_from_array(windows)?.f_unsqueeze(1)?.f_to_device(self.device.0)?)
    }
}

/// All patches of one section as views of the section itself.
#[derive(Debug)]
pub struct SectionPatches<'a> {
    predictor: &'a Predictor,
    /// `[samples, traces, patch, patch]` without copies.
    windows: Tensor,
}

impl SectionPatches<'_> {
    /// Class probabilities `[n, K]` of the voxels `(sample, trace)`.
    ///
    /// # Errors
    /// When a voxel lies outside the section or memory runs out.
    pub fn probabilities(&self, voxels: &[[usize; 2]]) -> Result<Array2<f32>, NetworkError> {
        let index = |axis: usize| -> Result<Option<Tensor>, NetworkError> {
            let places: Vec<i64> = voxels.iter().map(|voxel| voxel[axis] as i64).collect();
            Ok(Some(Tensor::f_from_slice(&places)?.f_to_device(self.windows.device())?))
        };
        let patches = self.windows.f_index(&[index(0)?, index(1)?])?.f_unsqueeze(1)?;
        let scores = self.predictor.network.evaluate(&patches, Form::Patch)?;
        rows(&scores.f_softmax(1, Kind::Float)?)
    }
}

fn rows(tensor: &Tensor) -> Result<Array2<f32>, NetworkError> {
    let (n, classes) = tensor.size2()?;
    let shape = (n as usize, classes as usize);
    Ok(Array2::from_shape_vec(shape, values(tensor)?).expect("as many values as the tensor's shape says"))
}

fn maps(tensor: &Tensor) -> Result<Array4<f32>, NetworkError> {
    let (n, classes, height, width) = tensor.size4()?;
    let shape = (n as usize, classes as usize, height as usize, width as usize);
    Ok(Array4::from_shape_vec(shape, values(tensor)?).expect("as many values as the tensor's shape says"))
}
