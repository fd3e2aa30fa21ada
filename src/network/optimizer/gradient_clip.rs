//! Bounds for gradients.

use tch::{Kind, Tensor};

use super::super::NetworkError;

/// How gradients are kept small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GradientClip {
    /// The root of the sum of all squares is at most this: all gradients shrink together (PyTorch's `clip_grad_norm_`).
    Norm(f64),
    /// The same, for every tensor by itself (Keras' `clipnorm`).
    NormEach(f64),
    /// No value lies farther from zero (PyTorch's `clip_grad_value_`, Keras' `clipvalue`).
    Value(f64),
}

/// PyTorch's guard against a division by zero.
const LEAST_NORM: f64 = 1e-6;

impl GradientClip {
    /// Clips `gradients` where they are.
    pub(super) fn apply(self, gradients: &mut [Tensor]) -> Result<(), NetworkError> {
        match self {
            Self::Norm(most) => {
                let squares = gradients.iter().map(norm_square).collect::<Result<Vec<_>, _>>()?;
                if squares.is_empty() {
                    return Ok(());
                }
                let norm = Tensor::f_stack(&squares, 0)?.f_sum(Kind::Float)?.f_sqrt()?;
                let share = (norm.f_add_scalar(LEAST_NORM)?.f_reciprocal()?).f_mul_scalar(most)?.f_clamp_max(1.0)?;
                gradients.iter_mut().try_for_each(|gradient| scale(gradient, &share))
            }
            Self::NormEach(most) => gradients.iter_mut().try_for_each(|gradient| {
                let norm = norm_square(gradient)?.f_sqrt()?;
                let share = norm.f_clamp_min(most)?.f_reciprocal()?.f_mul_scalar(most)?;
                scale(gradient, &share)
            }),
            Self::Value(most) => gradients.iter_mut().try_for_each(|gradient| {
                let _ = gradient.f_clamp_(-most, most)?;
                Ok(())
            }),
        }
    }
}

fn norm_square(gradient: &Tensor) -> Result<Tensor, NetworkError> {
    Ok(gradient.f_square()?.f_sum(Kind::Float)?)
}

fn scale(gradient: &mut Tensor, share: &Tensor) -> Result<(), NetworkError> {
    let _ = gradient.f_mul_(share)?;
    Ok(())
}
