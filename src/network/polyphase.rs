//! The dense form as polyphase fragments.
//!
//! A pool or convolution of stride s, asked for at every voxel, is s x s of them, each on an input shifted by one more
//! voxel. From there on the s x s phases never meet again: each is a small picture of its own on which the rest of the
//! network works without dilation, so that kernels read memory in order. (The phases are the "fragments" of Giusti et al.,
//! "Fast image scanning with deep max-pooling convolutional neural networks", 2013.) At the end they are woven together.
//!
//! Phases are followed one after the other down to the scores while they are large, so that only one path of the tree is in
//! memory and stays near the caches; small ones go through together as a batch.

use tch::{Kind, Tensor};

use super::NetworkError;
use super::convolution::{Walk, convolve};
use super::dropout::Lots;
use super::monte_carlo::over_passes;
use super::prepared::{Prepared, Step};

/// Phases with fewer pixels than this go through together: below it a kernel takes longer to start than to run. A CUDA device
/// wants more to do at a time.
pub(super) fn few_pixels(on_cuda: bool) -> i64 {
    if on_cuda { 1 << 20 } else { 1 << 10 }
}

impl Prepared {
    /// Class scores `[N, K, H, W]` in float32 of windows `[N, 1, H + r - 1, W + r - 1]`.
    pub(super) fn dense_scores(&self, windows: &Tensor) -> Result<Tensor, NetworkError> {
        self.dense(windows, None)
    }

    /// Class scores of one pass, or of all passes what [`over_passes`] makes of them; without lots nothing is dropped.
    pub(super) fn dense(&self, windows: &Tensor, lots: Option<&Lots>) -> Result<Tensor, NetworkError> {
        let halo = self.receptive_field.ok_or(NetworkError::NoDenseForm)? as i64 - 1;
        let (_, _, height, width) = windows.size4()?;
        let stride = self.total_stride as i64;
        let missing = |side: i64| (stride - (side - halo) % stride) % stride;
        let (rows, columns) = (missing(height), missing(width));
        tch::no_grad(|| {
            let windows = windows.f_to_kind(self.kind())?;
            if rows == 0 && columns == 0 {
                return Ok(self.dense_from(windows, 0, lots)?.f_to_kind(Kind::Float)?);
            }
            // All phases have one size, so the sides are filled up; what comes out of the zeros is cut off again.
            let scores = self.dense_from(windows.f_constant_pad_nd([0, columns, 0, rows])?, 0, lots)?;
            let scores = scores.f_narrow(2, 0, height - halo)?.f_narrow(3, 0, width - halo)?;
            Ok(scores.f_to_kind(Kind::Float)?)
        })
    }

    fn dense_from(&self, mut values: Tensor, from: usize, lots: Option<&Lots>) -> Result<Tensor, NetworkError> {
        for (place, step) in self.steps.iter().enumerate().skip(from) {
            // What comes before is the same in every pass.
            if let Some(lots) = lots.filter(|lots| self.first_draw == Some(place) && !lots.is_drawn()) {
                return over_passes(lots, |pass| {
                    self.dense_from(values.shallow_clone(), place, Some(&lots.of_pass(pass)))
                });
            }
            values = match step {
                Step::MaxPool => return self.phases(&values, place, lots),
                Step::Convolution { geometry, .. } if geometry.stride > 1 => return self.phases(&values, place, lots),
                Step::Convolution { weight, bias, .. } => {
                    convolve(&values, weight, bias.as_ref(), Walk::strided(1), self.precision)?
                }
                other => self.pointwise(other, values, lots)?,
            };
        }
        Ok(values)
    }

    /// The strided step at `place` at every voxel, and all that follows it.
    fn phases(&self, values: &Tensor, place: usize, lots: Option<&Lots>) -> Result<Tensor, NetworkError> {
        let (stride, kernel) = stride_and_kernel(&self.steps[place]).map_or((1, 1), |(s, k)| (s as i64, k as i64));
        let (n, _, height, width) = values.size4()?;
        let (rows, columns) = ((height - kernel + 1) / stride, (width - kernel + 1) / stride);
        let next = place + 1;
        if n * rows * columns < few_pixels(values.device().is_cuda()) {
            let mut phases = Vec::new();
            self.each_phase(values, place, |_, _, phase| {
                phases.push(phase);
                Ok(())
            })?;
            let lots = lots.map(|lots| lots.of_all_phases(stride));
            let scores = self.dense_from(Tensor::f_cat(&phases, 0)?, next, lots.as_ref())?;
            let (_, classes, rows, columns) = scores.size4()?;
            let apart = scores.f_reshape([stride, stride, n, classes, rows, columns])?;
            return Ok(apart.f_permute([2, 3, 4, 0, 5, 1])?.f_reshape([
                n,
                classes,
                rows * stride,
                columns * stride,
            ])?);
        }
        let mut woven: Option<Tensor> = None;
        self.each_phase(values, place, |row, column, phase| {
            let lots = lots.map(|lots| lots.of_phase(row, column, stride));
            let scores = self.dense_from(phase, next, lots.as_ref())?;
            let (_, classes, rows, columns) = scores.size4()?;
            let shape = [n, classes, rows * stride, columns * stride];
            let target = match woven.take() {
                Some(target) => target,
                None => Tensor::f_empty(shape, (scores.kind(), scores.device()))?,
            };
            target.f_slice(2, row, None, stride)?.f_slice(3, column, None, stride)?.f_copy_(&scores)?;
            woven = Some(target);
            Ok(())
        })?;
        woven.ok_or_else(|| NetworkError::Torch { message: "a stride of 0".into() })
    }

    /// Hands the strided step's output for every shift of its input to `take`, rows first.
    fn each_phase(
        &self,
        values: &Tensor,
        place: usize,
        mut take: impl FnMut(i64, i64, Tensor) -> Result<(), NetworkError>,
    ) -> Result<(), NetworkError> {
        let (_, _, height, width) = values.size4()?;
        match &self.steps[place] {
            Step::Convolution { weight, bias, geometry, .. } => {
                let (stride, surplus) = (geometry.stride as i64, geometry.stride as i64 - 1);
                debug_assert!((height - geometry.kernel[0] as i64 + 1) % stride == 0);
                for row in 0..stride {
                    for column in 0..stride {
                        let shifted =
                            values.f_narrow(2, row, height - surplus)?.f_narrow(3, column, width - surplus)?;
                        take(
                            row,
                            column,
                            convolve(&shifted, weight, bias.as_ref(), Walk::strided(stride), self.precision)?,
                        )?;
                    }
                }
            }
            // Maxima of strided views read the input in order; a pooling kernel would copy every shifted view first.
            _ => {
                let every_second = |values: &Tensor, axis: i64, first: i64, length: i64| {
                    values.f_slice(axis, first, first + length - 1, 2)
                };
                for row in 0..2 {
                    let upper = every_second(values, 2, row, height)?;
                    let pairs = upper.f_maximum(&every_second(values, 2, row + 1, height)?)?;
                    for column in 0..2 {
                        let left = every_second(&pairs, 3, column, width)?;
                        take(row, column, left.f_maximum(&every_second(&pairs, 3, column + 1, width)?)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Of a step with a stride; `None` of the others.
fn stride_and_kernel(step: &Step) -> Option<(usize, usize)> {
    match step {
        Step::MaxPool => Some((2, 2)),
        Step::Convolution { geometry, .. } if geometry.stride > 1 => Some((geometry.stride, geometry.kernel[0])),
        _ => None,
    }
}
