//! Convolutions and pools, the same on every device.

use std::sync::OnceLock;

use tch::Tensor;

use super::{Convolution, NetworkError, Padding, Pool, PoolKind, Precision};

/// How a kernel walks over its input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) stride: i64,
    pub(super) dilation: i64,
    /// Zeros above and below, left and right.
    pub(super) padding: [i64; 2],
    pub(super) groups: i64,
}

impl Walk {
    /// With this stride, without padding and dilation.
    pub(super) fn strided(stride: i64) -> Self {
        Self { stride, dilation: 1, padding: [0, 0], groups: 1 }
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
    let Walk { stride, dilation, padding, groups } = walk;
    let (strides, dilations) = ([stride, stride], [dilation, dilation]);
    if !input.device().is_cuda() {
        // On one thread libtorch takes 1 x 1 kernels to a matrix product that is less than half as fast as oneDNN.
        if weight.size().ends_with(&[1, 1]) && has_onednn() {
            return Ok(input.f_mkldnn_convolution(weight, bias, padding, strides, dilations, groups)?);
        }
        return Ok(input.f_conv2d(weight, bias, strides, padding, dilations, groups)?);
    }
    // cuDNN's trial of algorithms (`benchmark`) may end differently each time, and with it the last digits.
    let (transposed, benchmark, deterministic, cudnn) = (false, false, true, true);
    let tf32 = precision == Precision::TensorFloat32;
    Ok(input.f_internal_convolution(
        weight,
        bias,
        strides,
        padding,
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

/// The patch form of `convolution` with these weights.
pub(super) fn convolve_patch(
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    convolution: &Geometry,
    precision: Precision,
) -> Result<Tensor, NetworkError> {
    let stride = convolution.stride as i64;
    let (input, padding) = match (convolution.padding, convolution.network) {
        (Some(zeros), _) => (input.shallow_clone(), zeros.map(|zeros| zeros as i64)),
        (None, Padding::Valid) => (input.shallow_clone(), [0, 0]),
        (None, Padding::Same) => same_padded(input, convolution.kernel, stride)?,
    };
    let walk = Walk { stride, dilation: 1, padding, groups: convolution.groups as i64 };
    convolve(&input, weight, bias, walk, precision)
}

/// What of a convolution is not its weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) kernel: [usize; 2],
    pub(super) stride: usize,
    pub(super) groups: usize,
    /// Its own.
    pub(super) padding: Option<[usize; 2]>,
    /// That of the whole network.
    pub(super) network: Padding,
}

impl Geometry {
    pub(super) fn of(convolution: &Convolution, network: Padding) -> Self {
        let Convolution { kernel, stride, groups, padding, .. } = *convolution;
        Self { kernel, stride, groups, padding, network }
    }
}

/// The input with Keras' zeros for `same` padding round it, and what symmetric padding the convolution shall still add.
fn same_padded(input: &Tensor, kernel: [usize; 2], stride: i64) -> Result<(Tensor, [i64; 2]), NetworkError> {
    let [rows, columns] = same_totals(input, kernel, stride);
    if rows % 2 == 0 && columns % 2 == 0 {
        return Ok((input.shallow_clone(), [rows / 2, columns / 2]));
    }
    Ok((input.f_constant_pad_nd(around(rows, columns))?, [0, 0]))
}

/// Zeros that `same` padding adds to rows and to columns, both sides together.
fn same_totals(input: &Tensor, kernel: [usize; 2], stride: i64) -> [i64; 2] {
    let size = input.size();
    [0, 1].map(|axis| {
        let length = size[2 + axis];
        let outputs = (length + stride - 1) / stride;
        ((outputs - 1) * stride + kernel[axis] as i64 - length).max(0)
    })
}

/// Odd totals put the extra zero behind.
fn around(rows: i64, columns: i64) -> [i64; 4] {
    [columns / 2, columns - columns / 2, rows / 2, rows - rows / 2]
}

/// The patch form of a pool in a network padded like this.
pub(super) fn pooled(input: &Tensor, pool: &Pool, network: Padding) -> Result<Tensor, NetworkError> {
    let Pool { kind, kernel, stride, padding } = *pool;
    let (window, step) = ([kernel as i64; 2], [stride as i64; 2]);
    let (input, zeros) = match (padding, network, kind) {
        (Some(zeros), ..) => (input.shallow_clone(), [zeros as i64; 2]),
        (None, Padding::Valid, _) => (input.shallow_clone(), [0, 0]),
        (None, Padding::Same, PoolKind::Average) => same_padded(input, [kernel; 2], stride as i64)?,
        (None, Padding::Same, PoolKind::Maximum) => {
            let [rows, columns] = same_totals(input, [kernel; 2], stride as i64);
            (input.f_pad(around(rows, columns), "constant", f64::NEG_INFINITY)?, [0, 0])
        }
    };
    Ok(match kind {
        PoolKind::Maximum => input.f_max_pool2d(window, step, zeros, [1, 1], false)?,
        PoolKind::Average => input.f_avg_pool2d(window, step, zeros, false, true, None::<i64>)?,
    })
}
