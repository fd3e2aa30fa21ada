//! Phases of a picture as entries of a batch.
//!
//! Where the dense form would dilate its kernels by s after a stride of s, the s x s phases of the picture can go on as
//! pictures of their own, on which kernels read memory in order. (They are the "fragments" of Giusti et al., "Fast image
//! scanning with deep max-pooling convolutional neural networks", 2013.) A batch holds them as `[phase row, phase column,
//! picture]`, so that taking phases of phases equals taking those of the product of the strides.

use tch::Tensor;

use super::NetworkError;

/// The `stride` x `stride` phases of every picture of `values`, which holds `phases` x `phases` phases already. Height and
/// width are multiples of `stride`.
pub(super) fn apart(values: &Tensor, phases: i64, stride: i64) -> Result<Tensor, NetworkError> {
    if stride == 1 {
        return Ok(values.shallow_clone());
    }
    let (entries, channels, height, width) = values.size4()?;
    let (pictures, rows, columns) = (entries / (phases * phases), height / stride, width / stride);
    let shape = [phases, phases, pictures, rows, stride, columns, stride, channels];
    let split = values.f_permute([0, 2, 3, 1])?.f_reshape(shape)?.f_permute([4, 0, 6, 1, 2, 3, 5, 7])?;
    let split = split.f_reshape([entries * stride * stride, rows, columns, channels])?;
    Ok(split.f_permute([0, 3, 1, 2])?)
}

/// The pictures whose `phases` x `phases` phases `values` holds.
pub(super) fn together(values: &Tensor, phases: i64) -> Result<Tensor, NetworkError> {
    if phases == 1 {
        return Ok(values.shallow_clone());
    }
    let (entries, channels, rows, columns) = values.size4()?;
    let pictures = entries / (phases * phases);
    let shape = [phases, phases, pictures, rows, columns, channels];
    let woven = values.f_permute([0, 2, 3, 1])?.f_reshape(shape)?.f_permute([2, 3, 0, 4, 1, 5])?;
    let woven = woven.f_reshape([pictures, rows * phases, columns * phases, channels])?;
    Ok(woven.f_permute([0, 3, 1, 2])?)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn phases_come_apart_in_any_steps_and_together_again() {
        let shape = [2, 3, 24, 12];
        let values = Tensor::arange(shape.iter().product::<i64>(), (Kind::Float, Device::Cpu)).reshape(shape);
        let at_once = apart(&values, 1, 6).unwrap();
        assert_eq!(at_once.size(), [72, 3, 4, 2]);
        assert_eq!(apart(&apart(&values, 1, 2).unwrap(), 2, 3).unwrap(), at_once);
        assert_eq!(together(&at_once, 6).unwrap(), values);
        // Phase (1, 2) of the second picture.
        let phase = values.get(1).slice(1, 1, None, 6).slice(2, 2, None, 6);
        assert_eq!(at_once.get((6 + 2) * 2 + 1), phase);
    }
}
