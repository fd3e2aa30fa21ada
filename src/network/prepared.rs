//! A network made ready to predict: weights folded, rounded and laid out once, not at every call.

use tch::{Kind, Tensor};

use super::convolution::{Geometry, Walk, convolve, convolve_patch, pooled};
use super::dropout::Lots;
use super::memory_format::channels_last;
use super::sequential::{Sequential, cut_to, doubled, filled_up, joined};
use super::volume_convolution::{convolve_volumes, into_volumes};
use super::{Convolution, Join, Layer, NetworkError, Padding, Pool, Precision, Segmentation, VolumeConvolution};

/// What is done to the values, in order. Batch normalisation is part of the layer before it, and dropout is gone where it is
/// not asked for.
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
    Upsample,
    /// Puts a channel of ones behind the others: what the constant part of a normalised picture is made of.
    Ones,
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
    /// Dropout in passes that draw lots.
    Dropout {
        /// Counted from the input.
        layer: u64,
        share: f64,
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
    pub(super) segmentation: Option<Segmentation>,
    pub(super) total_stride: usize,
    pub(super) classes: usize,
    pub(super) precision: Precision,
    /// The first step that draws lots.
    pub(super) first_draw: Option<usize>,
}

impl Prepared {
    /// Folds and converts copies of the weights; the network stays as it is.
    pub(super) fn new(network: &Sequential, precision: Precision) -> Result<Self, NetworkError> {
        Self::folded(network, precision, None)
    }

    /// The same with dropout, for passes that draw lots.
    pub(super) fn with_dropout(network: &Sequential, precision: Precision) -> Result<Self, NetworkError> {
        let prepared = Self::folded(network, precision, Some(0))?;
        prepared.check_dropout()?;
        Ok(prepared)
    }

    fn folded(network: &Sequential, precision: Precision, mut dropouts: Option<u64>) -> Result<Self, NetworkError> {
        tch::no_grad(|| {
            let layers = &network.layers;
            let mut steps = folded(network, &layers.layers, &mut dropouts)?;
            for step in &mut steps {
                step.settle(precision)?;
            }
            let first_draw = steps.iter().position(Step::draws);
            Ok(Self {
                steps,
                first_draw,
                padding: layers.padding,
                patch: layers.patch,
                channels: layers.channels(),
                receptive_field: layers.receptive_field(),
                segmentation: layers.segmentation(),
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

    /// Class scores `[N, K, H, W]` in float32 of pictures `[N, C, H, W]`, of a network that segments.
    pub(super) fn native_scores(&self, pictures: &Tensor) -> Result<Tensor, NetworkError> {
        let multiple = self.segmentation.ok_or(NetworkError::NoDenseForm)?.multiple;
        tch::no_grad(|| {
            let filled = filled_up(pictures, multiple)?.f_to_kind(self.kind())?;
            Ok(cut_to(&self.patch_steps(filled, &self.steps, None)?, pictures)?.f_to_kind(Kind::Float)?)
        })
    }

    /// Class scores `[N, K]` of patches `[N, C, patch, patch]`.
    pub(super) fn patch_scores(&self, patches: &Tensor) -> Result<Tensor, NetworkError> {
        if self.segmentation.is_some() {
            return Err(NetworkError::NoPatchForm);
        }
        tch::no_grad(|| {
            let values = self.narrowed(patches)?.f_to_kind(self.kind())?;
            let values = self.patch_steps(values, &self.steps, None)?;
            let scores = if values.dim() == 4 { values.f_flatten(1, -1)? } else { values };
            Ok(scores.f_to_kind(Kind::Float)?)
        })
    }

    /// The patch form of `steps`; without lots nothing is dropped.
    pub(super) fn patch_steps(
        &self,
        mut values: Tensor,
        steps: &[Step],
        lots: Option<&Lots>,
    ) -> Result<Tensor, NetworkError> {
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
                Step::Upsample => doubled(&values)?,
                Step::Ones => Tensor::f_cat(&[&values, &values.f_narrow(1, 0, 1)?.f_ones_like()?], 1)?,
                Step::Flatten => values.f_flatten(1, -1)?,
                Step::IntoVolumes(depth) => into_volumes(&values, *depth)?,
                Step::VolumeConvolution { weight, bias, stride } => {
                    convolve_volumes(&values, weight, bias, *stride, self.precision)?
                }
                Step::Branches { branches, join } => {
                    let run = |branch: &Vec<Step>| self.branch(&values, branch, lots);
                    joined(&branches.iter().map(run).collect::<Result<Vec<_>, _>>()?, *join)?
                }
                other => self.pointwise(other, values, lots)?,
            };
        }
        Ok(values)
    }

    /// One of several branches of the same values, which therefore must not be changed in place.
    pub(super) fn branch(&self, values: &Tensor, steps: &[Step], lots: Option<&Lots>) -> Result<Tensor, NetworkError> {
        match steps {
            [Step::Relu, rest @ ..] => self.patch_steps(values.f_relu()?, rest, lots),
            [Step::Relu6, rest @ ..] => self.patch_steps(values.f_relu6()?, rest, lots),
            _ => self.patch_steps(values.shallow_clone(), steps, lots),
        }
    }

    /// A step that treats every pixel by itself.
    pub(super) fn pointwise(
        &self,
        step: &Step,
        mut values: Tensor,
        lots: Option<&Lots>,
    ) -> Result<Tensor, NetworkError> {
        Ok(match step {
            Step::Dropout { layer, share } => match lots {
                Some(lots) => lots.apply(&values, *layer, *share)?,
                None => values,
            },
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
    pub(super) fn narrowed(&self, patches: &Tensor) -> Result<Tensor, NetworkError> {
        let Some(window) = self.receptive_field else { return Ok(patches.shallow_clone()) };
        let start = (self.patch / 2 - window / 2) as i64;
        Ok(patches.f_narrow(2, start, window as i64)?.f_narrow(3, start, window as i64)?)
    }
}

/// The steps of `layers`.
fn folded(network: &Sequential, layers: &[Layer], dropouts: &mut Option<u64>) -> Result<Vec<Step>, NetworkError> {
    let mut steps = Vec::new();
    for layer in layers {
        fold(network, layer, &mut steps, dropouts)?;
    }
    Ok(steps)
}

/// Adds `layer` to `steps`; `dropouts` counts those so far, where they are kept.
fn fold(
    network: &Sequential,
    layer: &Layer,
    steps: &mut Vec<Step>,
    dropouts: &mut Option<u64>,
) -> Result<(), NetworkError> {
    let tensor = |name: &str, part: &str| network.parameters.tensor(&format!("{name}.{part}"));
    match layer {
        Layer::Convolution(convolution) => {
            let Convolution { name, bias, .. } = convolution;
            let geometry = Geometry::of(convolution, network.layers.padding);
            let mut weight = tensor(name, "weight")?.detach();
            let border = match network.parameters.find(&format!("{name}.border")) {
                None => None,
                Some(border) if network.layers.segmentation().is_some() => {
                    // Pictures of any size: zeros round a channel of ones do what the edge asks for.
                    weight = Tensor::f_cat(&[&weight, &border.detach()], 1)?;
                    steps.push(Step::Ones);
                    None
                }
                Some(border) => {
                    // It differs from a constant near the edge of a patch only, where padding meets the kernel.
                    let side = network.layers.patch as i64;
                    let ones = Tensor::f_ones([1, 1, side, side], (border.kind(), border.device()))?;
                    Some(convolve_patch(&ones, border, None, &geometry, Precision::Float32)?)
                }
            };
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
        Layer::Upsample => steps.push(Step::Upsample),
        Layer::Branches { branches, join } => {
            let branches = branches.iter().map(|branch| folded(network, branch, dropouts)).collect::<Result<_, _>>()?;
            steps.push(Step::Branches { branches, join: *join });
        }
        Layer::Flatten => steps.push(Step::Flatten),
        Layer::Dropout(share) => {
            if let Some(layer) = dropouts {
                steps.push(Step::Dropout { layer: *layer, share: *share });
                *layer += 1;
            }
        }
    }
    Ok(())
}

impl Step {
    /// Whether something is dropped in it.
    pub(super) fn draws(&self) -> bool {
        match self {
            Self::Dropout { share, .. } => *share > 0.0,
            Self::Branches { branches, .. } => branches.iter().flatten().any(Self::draws),
            _ => false,
        }
    }

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
            | Self::Upsample
            | Self::Ones
            | Self::Flatten
            | Self::IntoVolumes(_)
            | Self::Dropout { .. } => Ok(()),
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
            Self::Upsample => Self::Upsample,
            Self::Ones => Self::Ones,
            Self::Flatten => Self::Flatten,
            Self::Dropout { layer, share } => Self::Dropout { layer: *layer, share: *share },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sequential::Form;
    use super::super::{Architecture, Backbone, Encoder, Freeze, Head, Pooling, Top, Unet};
    use super::*;

    /// A U-Net whose statistics are not those of the start, with a constant part of its pictures, and none of it learning.
    fn unet(encoder: Encoder, decoder: Vec<usize>, batch_norm: bool) -> Sequential {
        let unet = Unet { encoder, decoder, dropout: 0.0, batch_norm };
        let layers = Architecture::Unet(unet).layers(65, 4).unwrap();
        let mut network = Sequential::fresh(layers, 5).unwrap();
        for (name, parameter) in &mut network.parameters.0 {
            let value = if name.ends_with("running_var") { 0.25 } else { 0.05 };
            if name.contains(".running_") {
                let _ = parameter.tensor.f_fill_(value).unwrap();
            }
            parameter.trainable = false;
        }
        let first = network.layers.leaves().into_iter().find_map(Layer::name).unwrap().to_owned();
        let weight = network.parameters.tensor(&format!("{first}.weight")).unwrap().shallow_clone();
        let shape: Vec<usize> = weight.size().into_iter().map(|side| side as usize).collect();
        let values = (0..weight.numel()).map(|place| (place % 7) as f32 / 20.0 - 0.1).collect();
        network.parameters.insert(&format!("{first}.border"), &shape, values).unwrap();
        network.move_to(tch::Device::Cpu).unwrap();
        network
    }

    /// Sides that are no multiples, one smaller than the smallest map is apart.
    #[test]
    fn u_nets_predict_what_they_compute_while_they_learn() {
        let whole = Encoder::ALL.map(|encoder| (encoder, encoder.decoder().iter().map(|_| 8).collect(), true));
        for (encoder, decoder, batch_norm) in whole.into_iter().chain([(Encoder::Vgg16, vec![6, 4], false)]) {
            let network = unet(encoder, decoder, batch_norm);
            tch::manual_seed(1);
            for shape in [[2, 1, 45, 66], [1, 1, 7, 33]] {
                let pictures = Tensor::rand(shape, (Kind::Float, tch::Device::Cpu)) * 2 - 1;
                let learning = network.train(&pictures, Form::Native).unwrap().detach();
                assert_eq!(learning.size(), [shape[0], 4, shape[2], shape[3]]);
                let difference = |precision| {
                    let predicted = Prepared::new(&network, precision).unwrap().native_scores(&pictures).unwrap();
                    (&learning - &predicted).abs().max().double_value(&[]) / learning.abs().max().double_value(&[])
                };
                let (exact, rounded) = (difference(Precision::Float32), difference(Precision::Bfloat16));
                println!("{encoder:?}: {exact:.1e}, {rounded:.1e}");
                assert!(exact <= 1e-5, "{encoder:?}: {exact}");
                assert!(rounded > 1e-5 && rounded < 0.1, "{encoder:?}: {rounded}");
            }
        }
    }

    #[test]
    fn a_u_net_has_no_scores_of_a_patch() {
        let network = unet(Encoder::Vgg16, vec![4], true);
        let patches = Tensor::zeros([1, 1, 65, 65], (Kind::Float, tch::Device::Cpu));
        let prepared = Prepared::new(&network, Precision::Float32).unwrap();
        assert!(matches!(prepared.patch_scores(&patches), Err(NetworkError::NoPatchForm)));
        assert!(matches!(network.train(&patches, Form::Patch), Err(NetworkError::NoPatchForm)));
    }

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
