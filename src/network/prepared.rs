//! A network made ready to predict: weights folded, rounded and laid out once, not at every call.

use tch::{Kind, Tensor};

use super::convolution::{Walk, convolve, same_padded};
use super::memory_format::channels_last;
use super::sequential::Sequential;
use super::{Layer, NetworkError, Padding, Precision};

/// What is done to the values, in order. Dropout is gone; batch normalisation is part of the layer before it.
#[derive(Debug)]
pub(super) enum Step {
    Convolution {
        /// `[outputs, inputs, kernel, kernel]`, channels last.
        weight: Tensor,
        bias: Tensor,
        kernel: usize,
        stride: usize,
        /// What is added to the output of a patch: the contribution of the constant part of a normalised picture.
        border: Option<Tensor>,
    },
    Relu,
    MaxPool,
    Flatten,
    Linear {
        weight: Tensor,
        bias: Tensor,
    },
    /// Batch normalisation that follows no linear layer.
    Scale {
        scale: Tensor,
        shift: Tensor,
    },
}

/// The steps of one network in one precision.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) steps: Vec<Step>,
    pub(super) padding: Padding,
    pub(super) patch: usize,
    pub(super) receptive_field: Option<usize>,
    pub(super) total_stride: usize,
    pub(super) classes: usize,
    pub(super) precision: Precision,
}

impl Prepared {
    /// Folds and converts copies of the weights; the network stays as it is.
    pub(super) fn new(network: &Sequential, precision: Precision) -> Result<Self, NetworkError> {
        tch::no_grad(|| {
            let layers = &network.layers;
            let mut steps = Vec::new();
            for layer in &layers.layers {
                fold(network, layer, &mut steps)?;
            }
            for step in &mut steps {
                step.settle(precision)?;
            }
            Ok(Self {
                steps,
                padding: layers.padding,
                patch: layers.patch,
                receptive_field: layers.receptive_field(),
                total_stride: layers.total_stride(),
                classes: layers.outputs(),
                precision,
            })
        })
    }

    /// The same steps, sharing the weights, for another thread.
    pub(super) fn shared(&self) -> Self {
        Self { steps: self.steps.iter().map(Step::shared).collect(), ..*self }
    }

    /// The number format of the values between steps.
    pub(super) fn kind(&self) -> Kind {
        if self.precision == Precision::Bfloat16 { Kind::BFloat16 } else { Kind::Float }
    }

    /// Class scores `[N, K]` of patches `[N, 1, patch, patch]`.
    pub(super) fn patch_scores(&self, patches: &Tensor) -> Result<Tensor, NetworkError> {
        tch::no_grad(|| {
            let mut values = self.narrowed(patches)?.f_to_kind(self.kind())?;
            for step in &self.steps {
                values = match step {
                    Step::Convolution { weight, bias, kernel, stride, border } => {
                        let stride = *stride as i64;
                        let (input, padding) = match self.padding {
                            Padding::Valid => (values, 0),
                            Padding::Same => same_padded(&values, *kernel, stride)?,
                        };
                        let walk = Walk { padding, ..Walk::strided(stride) };
                        let mut output = convolve(&input, weight, Some(bias), walk, self.precision)?;
                        if let Some(border) = border {
                            let _ = output.f_add_(border)?;
                        }
                        output
                    }
                    Step::MaxPool => values.f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)?,
                    other => self.pointwise(other, values)?,
                };
            }
            let scores = if values.dim() == 4 { values.f_flatten(1, -1)? } else { values };
            Ok(scores.f_to_kind(Kind::Float)?)
        })
    }

    /// A step that treats every pixel by itself.
    pub(super) fn pointwise(&self, step: &Step, mut values: Tensor) -> Result<Tensor, NetworkError> {
        Ok(match step {
            Step::Relu => values.f_relu_()?,
            Step::Flatten => values.f_flatten(1, -1)?,
            Step::Linear { weight, bias } if values.dim() == 2 => values.f_linear(weight, Some(bias))?,
            Step::Linear { weight, bias } => {
                let weight = weight.f_unsqueeze(-1)?.f_unsqueeze(-1)?;
                convolve(&values, &weight, Some(bias), Walk::strided(1), self.precision)?
            }
            Step::Scale { scale, shift } => {
                let shape: &[i64] = if values.dim() == 2 { &[1, -1] } else { &[1, -1, 1, 1] };
                values.f_mul(&scale.f_reshape(shape)?)?.f_add(&shift.f_reshape(shape)?)?
            }
            Step::Convolution { .. } | Step::MaxPool => values,
        })
    }

    /// The part of a patch that a valid network looks at.
    ///
    /// Window `[c - r/2, c - r/2 + r)` round the centre c in both directions, the same that the dense form sees.
    fn narrowed(&self, patches: &Tensor) -> Result<Tensor, NetworkError> {
        let Some(window) = self.receptive_field else { return Ok(patches.shallow_clone()) };
        let start = (self.patch / 2 - window / 2) as i64;
        Ok(patches.f_narrow(2, start, window as i64)?.f_narrow(3, start, window as i64)?)
    }
}

/// Adds `layer` to `steps`.
fn fold(network: &Sequential, layer: &Layer, steps: &mut Vec<Step>) -> Result<(), NetworkError> {
    let tensor = |name: &str, part: &str| network.parameters.tensor(&format!("{name}.{part}"));
    match layer {
        Layer::Convolution { name, kernel, stride, .. } => {
            let border = match network.parameters.find(&format!("{name}.border")) {
                None => None,
                Some(border) => {
                    // It differs from a constant near the edge of a patch only, where padding meets the kernel.
                    let side = network.layers.patch as i64;
                    let ones = Tensor::f_ones([1, 1, side, side], (border.kind(), border.device()))?;
                    let (ones, padding) = same_padded(&ones, *kernel, *stride as i64)?;
                    let walk = Walk { padding, ..Walk::strided(*stride as i64) };
                    Some(convolve(&ones, border, None, walk, Precision::Float32)?)
                }
            };
            let (weight, bias) = (tensor(name, "weight")?.detach(), tensor(name, "bias")?.detach());
            steps.push(Step::Convolution { weight, bias, kernel: *kernel, stride: *stride, border });
        }
        Layer::Linear { name, .. } => {
            let (weight, bias) = (tensor(name, "weight")?.detach(), tensor(name, "bias")?.detach());
            steps.push(Step::Linear { weight, bias });
        }
        Layer::BatchNorm { name, epsilon, .. } => {
            // In double precision, so that folding costs no digit.
            let part =
                |part: &str| -> Result<Tensor, NetworkError> { Ok(tensor(name, part)?.detach().to_kind(Kind::Double)) };
            let scale = part("weight")?.f_div(&part("running_var")?.f_add_scalar(*epsilon)?.f_sqrt()?)?;
            let shift = part("bias")?.f_sub(&part("running_mean")?.f_mul(&scale)?)?;
            match steps.last_mut() {
                Some(step @ (Step::Convolution { .. } | Step::Linear { .. })) => step.scale(&scale, &shift)?,
                _ => steps
                    .push(Step::Scale { scale: scale.f_to_kind(Kind::Float)?, shift: shift.f_to_kind(Kind::Float)? }),
            }
        }
        Layer::Relu => steps.push(Step::Relu),
        Layer::MaxPool => steps.push(Step::MaxPool),
        Layer::Flatten => steps.push(Step::Flatten),
        Layer::Dropout(_) => {}
    }
    Ok(())
}

impl Step {
    /// Multiplies what the step gives by `scale` and adds `shift`, per output channel.
    fn scale(&mut self, scale: &Tensor, shift: &Tensor) -> Result<(), NetworkError> {
        let scaled = |tensor: &Tensor, shape: &[i64]| -> Result<Tensor, NetworkError> {
            Ok(tensor.f_to_kind(Kind::Double)?.f_mul(&scale.f_reshape(shape)?)?)
        };
        if let Self::Convolution { border: Some(border), .. } = self {
            *border = scaled(border, &[1, -1, 1, 1])?.f_to_kind(Kind::Float)?;
        }
        let (weight, bias, shape): (_, _, &[i64]) = match self {
            Self::Convolution { weight, bias, .. } => (weight, bias, &[-1, 1, 1, 1]),
            Self::Linear { weight, bias } => (weight, bias, &[-1, 1]),
            _ => return Ok(()),
        };
        *weight = scaled(weight, shape)?.f_to_kind(Kind::Float)?;
        *bias = scaled(bias, &[-1])?.f_add(shift)?.f_to_kind(Kind::Float)?;
        Ok(())
    }

    /// Rounds the weights to `precision` and puts them in the order that kernels take.
    fn settle(&mut self, precision: Precision) -> Result<(), NetworkError> {
        let kind = if precision == Precision::Bfloat16 { Kind::BFloat16 } else { Kind::Float };
        let round = |tensor: &mut Tensor| -> Result<(), NetworkError> {
            // Always a copy: a learner changes its weights in place.
            *tensor = tensor.f_to_dtype(kind, false, true)?;
            Ok(())
        };
        match self {
            Self::Convolution { weight, bias, border, .. } => {
                round(weight)?;
                *weight = channels_last(weight)?;
                round(bias)?;
                border.as_mut().map_or(Ok(()), round)
            }
            Self::Linear { weight: a, bias: b } | Self::Scale { scale: a, shift: b } => {
                round(a)?;
                round(b)
            }
            Self::Relu | Self::MaxPool | Self::Flatten => Ok(()),
        }
    }

    fn shared(&self) -> Self {
        match self {
            Self::Convolution { weight, bias, kernel, stride, border } => Self::Convolution {
                weight: weight.shallow_clone(),
                bias: bias.shallow_clone(),
                kernel: *kernel,
                stride: *stride,
                border: border.as_ref().map(Tensor::shallow_clone),
            },
            Self::Linear { weight, bias } => {
                Self::Linear { weight: weight.shallow_clone(), bias: bias.shallow_clone() }
            }
            Self::Scale { scale, shift } => Self::Scale { scale: scale.shallow_clone(), shift: shift.shallow_clone() },
            Self::Relu => Self::Relu,
            Self::MaxPool => Self::MaxPool,
            Self::Flatten => Self::Flatten,
        }
    }
}
