//! The order of values in memory.

use tch::Tensor;

use super::NetworkError;

/// `[N, C, H, W]` with the channels of a pixel side by side, the order in which oneDNN's and cuDNN's kernels are fastest.
///
/// Copies only where the order differs.
pub(super) fn channels_last(tensor: &Tensor) -> Result<Tensor, NetworkError> {
    Ok(tensor.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_permute([0, 3, 1, 2])?)
}
