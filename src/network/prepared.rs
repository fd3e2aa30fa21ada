//! A network made ready to predict: weights folded, rounded and laid out once, not at every call.

use tch::{Kind, Tensor};

use super::convolution::{Geometry, Walk, convolve, convolve_patch, pooled};
use super::memory_format::channels_last;
use super::sequential::{Sequential, joined};
use super::volume_convolution::{convolve_volumes, into_volumes};
use super::{Convolution, Join, Layer, NetworkError, Padding, Pool, Precision, VolumeConvolution};

/// What is done to the values, in order. Dropout is gone; batch normalisation is part of the layer before it.
#[derive(Debug)]
pub(super) enum Step {
    Convolution {
        /// `[outputs, inputs of a group, rows, columns]`, channels last.
        weight: Tensor,
        bias: Option<Tensor>,
        geometry: Geometry,
        /// What is added to the output of a patch: the contribution of the constant part of a normalised picture.
        border: Option<Tensor>,
    },
    Relu,
    Relu6,
    MaxPool,
    Pool(Pool),
    AveragePoolTo(i64),
    Flatten,
    IntoVolumes(usize),
    VolumeConvolution {
        /// `[outputs, inputs, sections, rows, columns]`.
        weight: Tensor,
        bias: Tensor,
        stride: usize,
    },
    Linear {
        weight: Tensor,
        bias: Tensor,
    },
    /// Batch normalisation that follows no linear layer.
    Scale {
        scale: Tensor,
        shift: Tensor,
    },
    Branches {
        branches: Vec<Vec<Step>>,
        join: Join,
    },
}

/// The steps of one network in one precision.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) steps: Vec<Step>,
    pub(super) padding: Padding,
    pub(super) patch: usize,
    pub(super) channels: usize,
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
            let mut steps = folded(network, &layers.layers)?;
            for step in &mut steps {
                step.settle(precision)?;
            }
            Ok(Self {
                steps,
                padding: layers.padding,
                patch: layers.patch,
                channels: layers.channels(),
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

    /// Class scores `[N, K]` of patches `[N, C, patch, patch]`.
    pub(super) fn patch_scores(&self, patches: &Tensor) -> Result<Tensor, NetworkError> {
        tch::no_grad(|| {
            let values = self.narrowed(patches)?.f_to_kind(self.kind())?;
            let values = self.patch_steps(values, &self.steps)?;
            let scores = if values.dim() == 4 { values.f_flatten(1, -1)? } else { values };
            Ok(scores.f_to_kind(Kind::Float)?)
        })
    }

    fn patch_steps(&self, mut values: Tensor, steps: &[Step]) -> Result<Tensor, NetworkError> {
        for step in steps {
            values = match step {
                Step::Convolution { weight, bias, geometry, border } => {
                    let mut output = convolve_patch(&values, weight, bias.as_ref(), geometry, self.precision)?;
                    if let Some(border) = border {
                        let _ = output.f_add_(border)?;
                    }
                    output
                }
                Step::MaxPool => values.f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)?,
                Step::Pool(pool) => pooled(&values, pool, self.padding)?,
                Step::AveragePoolTo(side) => values.f_adaptive_avg_pool2d([*side; 2])?,
                Step::Flatten => values.f_flatten(1, -1)?,
                Step::IntoVolumes(depth) => into_volumes(&values, *depth)?,
                Step::VolumeConvolution { weight, bias, stride } => {
                    convolve_volumes(&values, weight, bias, *stride, self.precision)?
                }
                Step::Branches { branches, join } => {
                    let run = |branch: &Vec<Step>| self.branch(&values, branch);
                    joined(&branches.iter().map(run).collect::<Result<Vec<_>, _>>()?, *join)?
                }
                other => self.pointwise(other, values)?,
            };
        }
        Ok(values)
    }

    /// One of several branches of the same values, which therefore must not be changed in place.
    fn branch(&self, values: &Tensor, steps: &[Step]) -> Result<Tensor, NetworkError> {
        match steps {
            [Step::Relu, rest @ ..] => self.patch_steps(values.f_relu()?, rest),
            [Step::Relu6, rest @ ..] => self.patch_steps(values.f_relu6()?, rest),
            _ => self.patch_steps(values.shallow_clone(), steps),
        }
    }

    /// A step that treats every pixel by itself.
    pub(super) fn pointwise(&self, step: &Step, mut values: Tensor) -> Result<Tensor, NetworkError> {
        Ok(match step {
            Step::Relu => values.f_relu_()?,
            Step::Relu6 => values.f_relu6_()?,
            Step::Linear { weight, bias } if values.dim() == 2 => values.f_linear(weight, Some(bias))?,
            Step::Linear { weight, bias } => {
                let weight = weight.f_unsqueeze(-1)?.f_unsqueeze(-1)?;
                convolve(&values, &weight, Some(bias), Walk::strided(1), self.precision)?
            }
            Step::Scale { scale, shift } => {
                let shape = [1, -1, 1, 1, 1];
                let shape = &shape[..values.dim()];
                values.f_mul(&scale.f_reshape(shape)?)?.f_add(&shift.f_reshape(shape)?)?
            }
            _ => return Err(NetworkError::NoDenseForm),
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

/// The steps of `layers`.
fn folded(network: &Sequential, layers: &[Layer]) -> Result<Vec<Step>, NetworkError> {
    let mut steps = Vec::new();
    for layer in layers {
        fold(network, layer, &mut steps)?;
    }
    Ok(steps)
}

/// Adds `layer` to `steps`.
fn fold(network: &Sequential, layer: &Layer, steps: &mut Vec<Step>) -> Result<(), NetworkError> {
    let tensor = |name: &str, part: &str| network.parameters.tensor(&format!("{name}.{part}"));
    match layer {
        Layer::Convolution(convolution) => {
            let Convolution { name, bias, .. } = convolution;
            let geometry = Geometry::of(convolution, network.layers.padding);
            let border = match network.parameters.find(&format!("{name}.border")) {
                None => None,
                Some(border) => {
                    // It differs from a constant near the edge of a patch only, where padding meets the kernel.
                    let side = network.layers.patch as i64;
                    let ones = Tensor::f_ones([1, 1, side, side], (border.kind(), border.device()))?;
                    Some(convolve_patch(&ones, border, None, &geometry, Precision::Float32)?)
                }
            };
            let weight = tensor(name, "weight")?.detach();
            let bias = if *bias { Some(tensor(name, "bias")?.detach()) } else { None };
            steps.push(Step::Convolution { weight, bias, geometry, border });
        }
        Layer::IntoVolumes { depth } => steps.push(Step::IntoVolumes(*depth)),
        Layer::VolumeConvolution(VolumeConvolution { name, stride, .. }) => {
            let (weight, bias) = (tensor(name, "weight")?.detach(), tensor(name, "bias")?.detach());
            steps.push(Step::VolumeConvolution { weight, bias, stride: *stride });
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
                Some(step @ (Step::Convolution { .. } | Step::VolumeConvolution { .. } | Step::Linear { .. })) => {
                    step.scale(&scale, &shift)?
                }
                _ => steps
                    .push(Step::Scale { scale: scale.f_to_kind(Kind::Float)?, shift: shift.f_to_kind(Kind::Float)? }),
            }
        }
        Layer::Relu => steps.push(Step::Relu),
        Layer::Relu6 => steps.push(Step::Relu6),
        Layer::MaxPool => steps.push(Step::MaxPool),
        Layer::Pool(pool) => steps.push(Step::Pool(pool.clone())),
        Layer::AveragePoolTo(side) => steps.push(Step::AveragePoolTo(*side as i64)),
        Layer::Branches { branches, join } => {
            let branches = branches.iter().map(|branch| folded(network, branch)).collect::<Result<_, _>>()?;
            steps.push(Step::Branches { branches, join: *join });
        }
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
        match self {
            Self::Convolution { weight, bias, .. } => {
                *weight = scaled(weight, &[-1, 1, 1, 1])?.f_to_kind(Kind::Float)?;
                let moved = match bias.as_ref() {
                    Some(bias) => scaled(bias, &[-1])?.f_add(shift)?,
                    None => shift.shallow_clone(),
                };
                *bias = Some(moved.f_to_kind(Kind::Float)?);
            }
            Self::VolumeConvolution { weight, bias, .. } => {
                *weight = scaled(weight, &[-1, 1, 1, 1, 1])?.f_to_kind(Kind::Float)?;
                *bias = scaled(bias, &[-1])?.f_add(shift)?.f_to_kind(Kind::Float)?;
            }
            Self::Linear { weight, bias } => {
                *weight = scaled(weight, &[-1, 1])?.f_to_kind(Kind::Float)?;
                *bias = scaled(bias, &[-1])?.f_add(shift)?.f_to_kind(Kind::Float)?;
            }
            _ => {}
        }
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
                bias.as_mut().map_or(Ok(()), round)?;
                border.as_mut().map_or(Ok(()), round)
            }
            Self::VolumeConvolution { weight: a, bias: b, .. }
            | Self::Linear { weight: a, bias: b }
            | Self::Scale { scale: a, shift: b } => {
                round(a)?;
                round(b)
            }
            Self::Branches { branches, .. } => {
                branches.iter_mut().flatten().try_for_each(|step| step.settle(precision))
            }
            Self::Relu
            | Self::Relu6
            | Self::MaxPool
            | Self::Pool(_)
            | Self::AveragePoolTo(_)
            | Self::Flatten
            | Self::IntoVolumes(_) => Ok(()),
        }
    }

    fn shared(&self) -> Self {
        match self {
            Self::Convolution { weight, bias, geometry, border } => Self::Convolution {
                weight: weight.shallow_clone(),
                bias: bias.as_ref().map(Tensor::shallow_clone),
                geometry: *geometry,
                border: border.as_ref().map(Tensor::shallow_clone),
            },
            Self::Linear { weight, bias } => {
                Self::Linear { weight: weight.shallow_clone(), bias: bias.shallow_clone() }
            }
            Self::Scale { scale, shift } => Self::Scale { scale: scale.shallow_clone(), shift: shift.shallow_clone() },
            Self::Relu => Self::Relu,
            Self::Relu6 => Self::Relu6,
            Self::Pool(pool) => Self::Pool(pool.clone()),
            Self::AveragePoolTo(side) => Self::AveragePoolTo(*side),
            Self::Branches { branches, join } => Self::Branches {
                branches: branches.iter().map(|branch| branch.iter().map(Self::shared).collect()).collect(),
                join: *join,
            },
            Self::IntoVolumes(depth) => Self::IntoVolumes(*depth),
            Self::VolumeConvolution { weight, bias, stride } => {
                Self::VolumeConvolution { weight: weight.shallow_clone(), bias: bias.shallow_clone(), stride: *stride }
            }
            Self::MaxPool => Self::MaxPool,
            Self::Flatten => Self::Flatten,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sequential::Form;
    use super::super::{Architecture, Backbone, Freeze, Head, Pooling, Top};
    use super::*;

    /// The folded steps against the layers that learn, all batch normalisations at their running statistics.
    #[test]
    fn every_network_predicts_what_it_computes_while_it_learns() {
        for backbone in Backbone::ALL {
            let head = Head { hidden: vec![8], dropout: 0.0, batch_norm: false, batch_norm_scores: false };
            let top = Top { pooling: Pooling::Flatten, batch_norm_features: false, head };
            let layers = Architecture::Backbone { backbone, top }.layers(79, 3).unwrap();
            let mut network = Sequential::fresh(layers, 5).unwrap();
            for (name, parameter) in &mut network.parameters.0 {
                // Variances other than 1, so that forgetting one shows.
                if name.ends_with("running_var") {
                    let _ = parameter.tensor.f_fill_(0.25).unwrap();
                }
                if name.ends_with("running_mean") {
                    let _ = parameter.tensor.f_fill_(0.05).unwrap();
                }
            }
            Freeze::AllButLast(0).apply(&network.layers.layers, &mut network.parameters).unwrap();
            network.move_to(tch::Device::Cpu).unwrap();
            tch::manual_seed(1);
            let patches = Tensor::rand([2, 1, 79, 79], (Kind::Float, tch::Device::Cpu)) * 2 - 1;
            let learning = network.train(&patches, Form::Patch).unwrap().detach();
            let predicted = Prepared::new(&network, Precision::Float32).unwrap().patch_scores(&patches).unwrap();
            let difference = (&learning - &predicted).abs().max().double_value(&[]);
            let largest = predicted.abs().max().double_value(&[]);
            assert!(difference <= 1e-4 * largest, "{backbone}: {difference} of {largest}");
        }
    }
}
