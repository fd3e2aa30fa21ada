//! One convolution, the same on every device.

use std::sync::OnceLock;

use tch::Tensor;

use super::{NetworkError, Precision};

/// How a kernel walks over its input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) stride: i64,
    pub(super) dilation: i64,
    /// Zeros on every side.
    pub(super) padding: i64,
}

impl Walk {
    /// With this stride, without padding and dilation.
    pub(super) fn strided(stride: i64) -> Self {
        Self { stride, dilation: 1, padding: 0 }
    }
}

/// A convolution that gives the same bits every time. CUDA's default would round the factors of float32 to ten bits (TF32);
/// here they are rounded only if `precision` says so.
pub(super) fn convolve(
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    walk: Walk,
    precision: Precision,
) -> Result<Tensor, NetworkError> {
    let Walk { stride, dilation, padding } = walk;
    let (strides, paddings, dilations) = ([stride, stride], [padding, padding], [dilation, dilation]);
    if !input.device().is_cuda() {
        // On one thread libtorch takes 1 x 1 kernels to a matrix product that is less than half as fast as oneDNN.
        if weight.size().ends_with(&[1, 1]) && has_onednn() {
            return Ok(input.f_mkldnn_convolution(weight, bias, paddings, strides, dilations, 1)?);
        }
        return Ok(input.f_conv2d(weight, bias, strides, paddings, dilations, 1)?);
    }
    // cuDNN's trial of algorithms (`benchmark`) may end differently each time, and with it the last digits.
    let (transposed, groups, benchmark, deterministic, cudnn) = (false, 1, false, true, true);
    let tf32 = precision == Precision::TensorFloat32;
    Ok(input.f_internal_convolution(
        weight,
        bias,
        strides,
        paddings,
        dilations,
        transposed,
        [0, 0],
        groups,
        benchmark,
        deterministic,
        cudnn,
        tf32,
    )?)
}

fn has_onednn() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(tch::utils::has_mkldnn)
}

/// The input with Keras' zeros for `same` padding round it, and what symmetric padding the convolution shall still add.
pub(super) fn same_padded(input: &Tensor, kernel: usize, stride: i64) -> Result<(Tensor, i64), NetworkError> {
    let total = |length: i64| {
        let outputs = (length + stride - 1) / stride;
        ((outputs - 1) * stride + kernel as i64 - length).max(0)
    };
    let size = input.size();
    let (rows, columns) = (total(size[2]), total(size[3]));
    if rows == columns && rows % 2 == 0 {
        return Ok((input.shallow_clone(), rows / 2));
    }
    // Odd totals put the extra zero behind.
    let pad = [columns / 2, columns - columns / 2, rows / 2, rows - rows / 2];
    Ok((input.f_constant_pad_nd(pad)?, 0))
}
