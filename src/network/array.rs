//! Tensors as plain arrays, and the way across into libtorch and back.

use ndarray::{ArrayView, Dimension};
use tch::{Kind, Tensor};

use super::NetworkError;

/// A named block of values, as model files and checkpoints hold it; C order.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// Name, unique in its file.
    pub name: String,
    /// Shape, slowest axis first.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

/// A float tensor with the shape and values of `array`, on the CPU.
pub(super) fn tensor_from_array<D: Dimension>(array: ArrayView<'_, f32, D>) -> Result<Tensor, NetworkError> {
    let shape = signed(array.shape());
    let tensor = match array.as_slice() {
        Some(values) => Tensor::f_from_slice(values)?,
        None => Tensor::f_from_slice(&array.iter().copied().collect::<Vec<_>>())?,
    };
    Ok(tensor.f_reshape(shape)?)
}

/// The values of `tensor` in C order.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>, NetworkError> {
    let tensor = tensor.f_detach()?.f_to_device(tch::Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    let count = values.len();
    tensor.f_copy_data(&mut values, count)?;
    Ok(values)
}

/// The values of a tensor of bytes in C order.
pub(super) fn bytes(tensor: &Tensor) -> Result<Vec<u8>, NetworkError> {
    let tensor = tensor.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
    let mut values = vec![0; tensor.numel()];
    let count = values.len();
    tensor.f_copy_data(&mut values, count)?;
    Ok(values)
}

/// Shape of `tensor`.
pub(super) fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.size().into_iter().map(|length| length as usize).collect()
}

/// A shape as libtorch takes it.
pub(super) fn signed(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&length| length as i64).collect()
}

impl NamedArray {
    /// A copy of `tensor` under `name`.
    pub(super) fn from_tensor(name: &str, tensor: &Tensor) -> Result<Self, NetworkError> {
        Ok(Self { name: name.to_owned(), shape: shape(tensor), values: values(tensor)? })
    }

    /// A tensor of these values on the CPU.
    pub(super) fn to_tensor(&self) -> Result<Tensor, NetworkError> {
        Ok(Tensor::f_from_slice(&self.values)?.f_reshape(signed(&self.shape))?)
    }
}
