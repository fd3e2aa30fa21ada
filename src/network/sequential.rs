//! A network ready to compute, in both its forms.

use tch::{Device, Tensor};

use super::convolution::{Geometry, Walk, convolve, convolve_patch, pooled};
use super::layer::leaves;
use super::parameters::Parameters;
use super::{Convolution, Join, Layer, Layers, NetworkError, Precision};

/// Share of a batch's statistics that enters the running ones (PyTorch's default).
const MOMENTUM: f64 = 0.1;

/// Which form to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `[N, 1, patch, patch]` to `[N, K]`.
    Patch,
    /// `[N, 1, H + r - 1, W + r - 1]` to `[N, K, H, W]`.
    Dense,
}

/// Layers with their weights.
#[derive(Debug)]
pub(super) struct Sequential {
    pub(super) layers: Layers,
    pub(super) parameters: Parameters,
}

impl Sequential {
    /// A network with fresh weights on the CPU.
    pub(super) fn fresh(layers: Layers, seed: u64) -> Result<Self, NetworkError> {
        let parameters = Parameters::fresh(&layers.layers, seed)?;
        Ok(Self { layers, parameters })
    }

    /// The same network, sharing its weights, for another thread.
    pub(super) fn shared(&self) -> Self {
        Self { layers: self.layers.clone(), parameters: self.parameters.shared() }
    }

    /// Moves the weights.
    pub(super) fn move_to(&mut self, device: Device) -> Result<(), NetworkError> {
        self.parameters.move_to(device)
    }

    /// Class scores with dropout, batch statistics and a graph from the first trainable layer on.
    pub(super) fn train(&self, input: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        let first_trainable = self.first_trainable();
        let input = self.narrowed(input, form)?;
        let features = tch::no_grad(|| self.run(input, 0..first_trainable, form, true))?;
        scores(self.run(features, first_trainable..self.layers.layers.len(), form, true)?, form)
    }

    /// The part of a patch that a valid network looks at.
    ///
    /// Window `[c - r/2, c - r/2 + r)` round the centre c in both directions, the same that the dense form sees.
    fn narrowed(&self, input: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        match (form, self.layers.receptive_field()) {
            (Form::Patch, Some(window)) => {
                let start = (self.layers.patch / 2 - window / 2) as i64;
                Ok(input.f_narrow(2, start, window as i64)?.f_narrow(3, start, window as i64)?)
            }
            (Form::Dense, None) => Err(NetworkError::NoDenseForm),
            _ => Ok(input.shallow_clone()),
        }
    }

    fn first_trainable(&self) -> usize {
        let learns =
            |leaf: &&Layer| leaf.name().is_some_and(|name| self.parameters.is_trainable(&format!("{name}.weight")));
        let is_trainable = |layer: &Layer| leaves(std::slice::from_ref(layer)).iter().any(learns);
        self.layers.layers.iter().position(is_trainable).unwrap_or(self.layers.layers.len())
    }

    fn run(
        &self,
        input: Tensor,
        range: std::ops::Range<usize>,
        form: Form,
        training: bool,
    ) -> Result<Tensor, NetworkError> {
        // In the dense form every stride so far has become dilation.
        let dilation = self.dilation_before(range.start, form);
        self.run_layers(input, &self.layers.layers[range], form, dilation, training)
    }

    fn run_layers(
        &self,
        input: Tensor,
        layers: &[Layer],
        form: Form,
        mut dilation: i64,
        training: bool,
    ) -> Result<Tensor, NetworkError> {
        let mut values = input;
        for layer in layers {
            values = match layer {
                Layer::Convolution(convolution) => {
                    let output = self.convolution(&values, convolution, form, dilation)?;
                    dilation *= if form == Form::Dense { convolution.stride as i64 } else { 1 };
                    output
                }
                Layer::MaxPool => {
                    let stride = if form == Form::Dense { 1 } else { 2 };
                    let output = values.f_max_pool2d([2, 2], [stride, stride], [0, 0], [dilation, dilation], false)?;
                    dilation *= if form == Form::Dense { 2 } else { 1 };
                    output
                }
                Layer::BatchNorm { name, epsilon, .. } => self.batch_norm(&values, name, *epsilon, training)?,
                Layer::Relu => values.f_relu()?,
                Layer::Relu6 => values.f_relu6()?,
                Layer::Pool(pool) => pooled(&values, pool, self.layers.padding)?,
                Layer::AveragePoolTo(side) => values.f_adaptive_avg_pool2d([*side as i64; 2])?,
                Layer::Branches { branches, join } => {
                    let run =
                        |branch: &Vec<Layer>| self.run_layers(values.shallow_clone(), branch, form, dilation, training);
                    joined(&branches.iter().map(run).collect::<Result<Vec<_>, _>>()?, *join)?
                }
                Layer::Dropout(share) => values.f_dropout(*share, training)?,
                Layer::Flatten => values.f_flatten(1, -1)?,
                Layer::Linear { name, .. } => self.linear(&values, name)?,
            };
        }
        Ok(values)
    }

    fn dilation_before(&self, end: usize, form: Form) -> i64 {
        let stride = |layer: &Layer| match layer {
            Layer::Convolution(convolution) => convolution.stride as i64,
            Layer::MaxPool => 2,
            _ => 1,
        };
        if form == Form::Dense { self.layers.layers[..end].iter().map(stride).product() } else { 1 }
    }

    fn convolution(
        &self,
        input: &Tensor,
        convolution: &Convolution,
        form: Form,
        dilation: i64,
    ) -> Result<Tensor, NetworkError> {
        let Convolution { name, bias, .. } = convolution;
        let weight = self.parameters.tensor(&format!("{name}.weight"))?;
        let bias = if *bias { Some(self.parameters.tensor(&format!("{name}.bias"))?) } else { None };
        if form == Form::Dense {
            return convolve(input, weight, bias, Walk { dilation, ..Walk::strided(1) }, Precision::Float32);
        }
        let geometry = Geometry::of(convolution, self.layers.padding);
        let output = convolve_patch(input, weight, bias, &geometry, Precision::Float32)?;
        match self.parameters.find(&format!("{name}.border")) {
            None => Ok(output),
            Some(border) => {
                // What the constant part of the normalised picture contributes; it differs near the padded edge.
                let size = input.size();
                let ones = Tensor::f_ones([1, 1, size[2], size[3]], (input.kind(), input.device()))?;
                Ok(output.f_add(&convolve_patch(&ones, border, None, &geometry, Precision::Float32)?)?)
            }
        }
    }

    fn batch_norm(&self, input: &Tensor, name: &str, epsilon: f64, training: bool) -> Result<Tensor, NetworkError> {
        let part = |part: &str| self.parameters.tensor(&format!("{name}.{part}"));
        // Frozen layers keep their statistics.
        let training = training && self.parameters.is_trainable(&format!("{name}.weight"));
        Ok(input.f_batch_norm(
            Some(part("weight")?),
            Some(part("bias")?),
            Some(part("running_mean")?),
            Some(part("running_var")?),
            training,
            MOMENTUM,
            epsilon,
            true,
        )?)
    }

    fn linear(&self, input: &Tensor, name: &str) -> Result<Tensor, NetworkError> {
        let weight = self.parameters.tensor(&format!("{name}.weight"))?;
        let bias = self.parameters.tensor(&format!("{name}.bias"))?;
        if input.dim() == 2 {
            return Ok(input.f_linear(weight, Some(bias))?);
        }
        let weight = weight.f_unsqueeze(-1)?.f_unsqueeze(-1)?;
        convolve(input, &weight, Some(bias), Walk::strided(1), Precision::Float32)
    }
}

/// The output of the last layer in the shape of its form: the window of a valid network has shrunk to one sample.
fn scores(output: Tensor, form: Form) -> Result<Tensor, NetworkError> {
    if form == Form::Patch && output.dim() == 4 { Ok(output.f_flatten(1, -1)?) } else { Ok(output) }
}

/// Where branches meet.
pub(super) fn joined(branches: &[Tensor], join: Join) -> Result<Tensor, NetworkError> {
    match (join, branches) {
        (Join::Add, [first, second, rest @ ..]) => {
            let sum = first.f_add(second)?;
            rest.iter().try_fold(sum, |sum, branch| Ok(sum.f_add(branch)?))
        }
        _ => Ok(Tensor::f_cat(branches, 1)?),
    }
}
