//! Convolutions in three dimensions, for networks whose patches are volumes.

use tch::Tensor;

use super::{NetworkError, Precision};

/// A convolution with a cubic kernel and zeros round the volume, as Keras distributes them for `same` padding.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeConvolution {
    /// Prefix of `.weight` and `.bias`.
    pub name: String,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Stride in all three directions.
    pub stride: usize,
}

impl VolumeConvolution {
    /// `[outputs, inputs, sections, rows, columns]`.
    pub fn weight_shape(&self) -> [usize; 5] {
        [self.outputs, self.inputs, self.kernel, self.kernel, self.kernel]
    }

    /// How many values enter one output.
    pub fn fan_in(&self) -> usize {
        self.weight_shape()[1..].iter().product()
    }
}

/// Channels as slices of volumes: `[N, C * depth, H, W]` as `[N, C, depth, H, W]`.
pub(super) fn into_volumes(channels: &Tensor, depth: usize) -> Result<Tensor, NetworkError> {
    let (entries, slices, rows, columns) = channels.size4()?;
    let depth = depth as i64;
    Ok(channels.f_reshape([entries, slices / depth, depth, rows, columns])?)
}

/// A convolution of volumes `[N, C, D, H, W]` that gives the same bits every time.
pub(super) fn convolve_volumes(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    stride: usize,
    precision: Precision,
) -> Result<Tensor, NetworkError> {
    let stride = stride as i64;
    let (input, padding) = same_padded(input, weight.size()[2], stride)?;
    let (strides, dilations, groups) = ([stride; 3], [1; 3], 1);
    if !input.device().is_cuda() {
        return Ok(input.f_conv3d(weight, Some(bias), strides, padding, dilations, groups)?);
    }
    // As for pictures: no trial of algorithms, no TF32 unless asked for.
    let (transposed, benchmark, deterministic, cudnn) = (false, false, true, true);
    let tf32 = precision == Precision::TensorFloat32;
    Ok(input.f_internal_convolution(
        weight,
        Some(bias),
        strides,
        padding,
        dilations,
        transposed,
        [0; 3],
        groups,
        benchmark,
        deterministic,
        cudnn,
        tf32,
    )?)
}

/// The input with zeros where a direction needs an odd number of them, and what symmetric padding the convolution shall add.
fn same_padded(input: &Tensor, kernel: i64, stride: i64) -> Result<(Tensor, [i64; 3]), NetworkError> {
    let size = input.size();
    let totals = [2, 3, 4].map(|axis: usize| {
        let outputs = (size[axis] + stride - 1) / stride;
        ((outputs - 1) * stride + kernel - size[axis]).max(0)
    });
    if totals.iter().all(|total| total % 2 == 0) {
        return Ok((input.shallow_clone(), totals.map(|total| total / 2)));
    }
    // Columns first; the odd zero stands behind.
    let around: Vec<i64> = totals.iter().rev().flat_map(|total| [total / 2, total - total / 2]).collect();
    Ok((input.f_constant_pad_nd(around)?, [0; 3]))
}
