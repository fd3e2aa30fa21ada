//! The order of values in memory.

use tch::Tensor;

use super::NetworkError;

/// `[N, C, H, W]` with the channels of a pixel side by side, the order in which oneDNN's and cuDNN's kernels are fastest.
///
/// Copies only where the order differs.
pub(super) fn channels_last(tensor: &Tensor) -> Result<Tensor, NetworkError> {
    Ok(tensor.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_permute([0, 3, 1, 2])?)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn only_the_order_in_memory_changes_and_convolutions_keep_it() {
        let values = Tensor::arange(2 * 3 * 4 * 5, (Kind::Float, Device::Cpu)).reshape([2, 3, 4, 5]);
        let converted = channels_last(&values).unwrap();
        assert_eq!(converted, values);
        assert_eq!(converted.stride(), [60, 1, 15, 3]);
        assert_eq!(channels_last(&converted).unwrap().data_ptr(), converted.data_ptr());
        let kernel = Tensor::ones([7, 3, 2, 2], (Kind::Float, Device::Cpu));
        let output = converted.conv2d(&kernel, None::<&Tensor>, [1], [0], [1], 1);
        assert_eq!(output.stride()[1], 1);
    }

    #[test]
    fn gradients_come_back_through_it() {
        let values = Tensor::arange(24, (Kind::Float, Device::Cpu)).reshape([1, 2, 3, 4]).set_requires_grad(true);
        let weights = Tensor::arange(24, (Kind::Float, Device::Cpu)).reshape([1, 2, 3, 4]);
        (channels_last(&values).unwrap() * &weights).sum(Kind::Float).backward();
        assert_eq!(values.grad(), weights);
    }
}
