//! A network ready to compute, in both its forms.

use tch::{Device, Kind, Tensor};

use super::convolution::{Geometry, Walk, convolve, convolve_patch, pooled};
use super::layer::leaves;
use super::memory_format::channels_last;
use super::parameters::Parameters;
use super::phases::{apart, together};
use super::volume_convolution::{convolve_volumes, into_volumes};
use super::{
    Convolution, FrozenLayers, FrozenStatistics, Join, Layer, Layers, NetworkError, Precision, VolumeConvolution,
};

/// Share of a batch's statistics that enters the running ones (PyTorch's default).
const MOMENTUM: f64 = 0.1;

/// Which form to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `[N, C, patch, patch]` to `[N, K]`.
    Patch,
    /// `[N, C, H + r - 1, W + r - 1]` to `[N, K, H, W]`, with dilated kernels.
    Dense,
    /// The same with the phases of each stride as entries of the batch; H and W are multiples of the total stride.
    Phases,
    /// `[N, 1, H, W]` to `[N, K, H, W]`, for networks that undo their strides.
    Native,
}

impl Form {
    /// Whether strides are taken as they are.
    fn strides(self) -> bool {
        matches!(self, Self::Patch | Self::Native)
    }
}

/// Layers with their weights.
#[derive(Debug)]
pub(super) struct Sequential {
    pub(super) layers: Layers,
    pub(super) parameters: Parameters,
    /// Number format of training.
    pub(super) precision: Precision,
    /// Of frozen batch normalisation in training.
    pub(super) frozen_statistics: FrozenStatistics,
    /// Share of a batch's statistics in the running ones.
    pub(super) momentum: f64,
}

impl Sequential {
    /// A network with these weights.
    pub(super) fn new(layers: Layers, parameters: Parameters) -> Self {
        let frozen_statistics = FrozenStatistics::default();
        Self { layers, parameters, precision: Precision::Float32, frozen_statistics, momentum: MOMENTUM }
    }

    /// A network with fresh weights on the CPU.
    pub(super) fn fresh(layers: Layers, seed: u64) -> Result<Self, NetworkError> {
        let parameters = Parameters::fresh(&layers.layers, seed)?;
        Ok(Self::new(layers, parameters))
    }

    /// The same network, sharing its weights, for another thread.
    pub(super) fn shared(&self) -> Self {
        Self { layers: self.layers.clone(), parameters: self.parameters.shared(), ..*self }
    }

    /// Moves the weights.
    pub(super) fn move_to(&mut self, device: Device) -> Result<(), NetworkError> {
        self.parameters.move_to(device)
    }

    /// Class scores with dropout, batch statistics and a graph from the first trainable layer on.
    pub(super) fn train(&self, input: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        let scores = self.train_from(self.narrowed(input, form)?, 0, form)?;
        if form == Form::Native { cut_to(&scores, input) } else { Ok(scores) }
    }

    /// Runs a batch for what its normalisations note of it.
    pub(super) fn measure(&self, input: &Tensor) -> Result<(), NetworkError> {
        tch::no_grad(|| self.train(input, Form::Patch)).map(drop)
    }

    /// The same from the [features](Self::frozen_features) of the input.
    pub(super) fn train_on_features(&self, features: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        let start = self.steady_layers();
        let phases = if form == Form::Phases { self.spread_before(start, form) } else { 1 };
        // Kept as float32, which holds what the lower precision gave; what comes next sees it as it was.
        self.train_from(apart(&self.factor(features)?, 1, phases)?, start, form)
    }

    /// What the layers that neither learn nor draw lots make of an input. In the dense form, the features of all voxels.
    pub(super) fn frozen_features(&self, input: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        tch::no_grad(|| self.run(self.narrowed(input, form)?, 0..self.steady_layers(), form))
    }

    /// The layers that [`Self::frozen_features`] go through, with some weights among them. None of a network that segments:
    /// zeros enter at the edges of every crop, so the features of a place differ with the crop.
    pub(super) fn frozen_layers(&self) -> Result<Option<FrozenLayers>, NetworkError> {
        let layers = &self.layers.layers[..self.steady_layers()];
        if self.layers.segmentation().is_some()
            || !leaves(layers).iter().any(|layer| matches!(layer, Layer::Convolution(_) | Layer::Linear { .. }))
        {
            return Ok(None);
        }
        let (side, device) = (self.layers.patch as i64, self.parameters.device());
        let channels = self.layers.channels() as i64;
        let patch = Tensor::f_zeros([1, channels, side, side], (Kind::Float, device))?;
        let of_patch = self.frozen_features(&patch, Form::Patch)?.size()[1..].to_vec();
        let window = Layers { layers: layers.to_vec(), ..self.layers.clone() }.receptive_field();
        Ok(Some(FrozenLayers { window, channels: of_patch[0] as usize, of_patch }))
    }

    /// Features on a side of a crop that gives `outputs` on a side: what the layers behind them see.
    pub(super) fn features_of_crop(&self, outputs: i64) -> i64 {
        let window = |layers: &[Layer]| {
            Layers { layers: layers.to_vec(), ..self.layers.clone() }.receptive_field().unwrap_or(1) as i64
        };
        let steady = self.steady_layers();
        outputs + window(&self.layers.layers) - window(&self.layers.layers[..steady])
    }

    /// The form to train with on crops that give outputs of this shape.
    pub(super) fn dense_form(&self, outputs: [i64; 2]) -> Form {
        if self.layers.segmentation().is_some() {
            return Form::Native;
        }
        let total = self.spread_before(self.layers.layers.len(), Form::Dense);
        if outputs.iter().all(|side| side % total == 0) { Form::Phases } else { Form::Dense }
    }

    fn train_from(&self, values: Tensor, start: usize, form: Form) -> Result<Tensor, NetworkError> {
        let first_trainable = self.first_trainable();
        let features = tch::no_grad(|| self.run(values, start..first_trainable, form))?;
        let output = self.run(features, first_trainable..self.layers.layers.len(), form)?;
        match form {
            Form::Phases => together(&output, self.spread_before(self.layers.layers.len(), form)),
            _ => scores(output, form),
        }
    }

    /// The part of a patch that a valid network looks at.
    ///
    /// Window `[c - r/2, c - r/2 + r)` round the centre c in both directions, the same that the dense form sees.
    pub(super) fn narrowed(&self, input: &Tensor, form: Form) -> Result<Tensor, NetworkError> {
        match (form, self.layers.receptive_field()) {
            (Form::Patch, Some(window)) => {
                let start = (self.layers.patch / 2 - window / 2) as i64;
                Ok(input.f_narrow(2, start, window as i64)?.f_narrow(3, start, window as i64)?)
            }
            (Form::Dense | Form::Phases, None) => Err(NetworkError::NoDenseForm),
            (Form::Native, _) => match self.layers.segmentation() {
                Some(segmentation) => filled_up(input, segmentation.multiple),
                None => Err(NetworkError::NoDenseForm),
            },
            (Form::Patch, None) if self.layers.segmentation().is_some() => Err(NetworkError::NoPatchForm),
            _ => Ok(input.shallow_clone()),
        }
    }

    fn first_trainable(&self) -> usize {
        let learns =
            |leaf: &&Layer| leaf.name().is_some_and(|name| self.parameters.is_trainable(&format!("{name}.weight")));
        let is_trainable = |layer: &Layer| leaves(std::slice::from_ref(layer)).iter().any(learns);
        self.layers.layers.iter().position(is_trainable).unwrap_or(self.layers.layers.len())
    }

    /// How many of the first layers neither learn nor draw lots, so that they make the same of an input in every batch.
    fn steady_layers(&self) -> usize {
        let changes = |leaf: &&Layer| match leaf {
            Layer::Dropout(_) => true,
            Layer::BatchNorm { .. } => self.frozen_statistics == FrozenStatistics::Batch,
            _ => false,
        };
        let draws = |layer: &Layer| leaves(std::slice::from_ref(layer)).iter().any(changes);
        let first_drawing = self.layers.layers.iter().position(draws).unwrap_or(self.layers.layers.len());
        first_drawing.min(self.first_trainable())
    }

    fn run(&self, input: Tensor, range: std::ops::Range<usize>, form: Form) -> Result<Tensor, NetworkError> {
        // In the dense form every stride so far has become dilation, or the number of phases.
        let spread = self.spread_before(range.start, form);
        self.run_layers(input, &self.layers.layers[range], form, spread)
    }

    fn run_layers(&self, input: Tensor, layers: &[Layer], form: Form, mut spread: i64) -> Result<Tensor, NetworkError> {
        let mut values = input;
        for (place, layer) in layers.iter().enumerate() {
            let dilation = if form == Form::Dense { spread } else { 1 };
            values = match layer {
                Layer::Convolution(convolution) => {
                    let output = self.convolution(&values, convolution, form, dilation)?;
                    if !output.device().is_cuda() { channels_last(&output)? } else { output }
                }
                Layer::IntoVolumes { depth } => into_volumes(&values, *depth)?,
                Layer::VolumeConvolution(VolumeConvolution { name, stride, .. }) => {
                    let part = |part: &str| self.factor(self.parameters.tensor(&format!("{name}.{part}"))?);
                    let values = self.factor(&values)?;
                    let output = convolve_volumes(&values, &part("weight")?, &part("bias")?, *stride, self.precision)?;
                    self.factor(&output)?
                }
                Layer::MaxPool => {
                    let stride = if form.strides() { 2 } else { 1 };
                    values.f_max_pool2d([2, 2], [stride, stride], [0, 0], [dilation, dilation], false)?
                }
                Layer::BatchNorm { name, epsilon, .. } => self.batch_norm(&values, name, *epsilon)?,
                // No layer before a rectifier needs what it gave for its own gradient; what came in from outside is not ours.
                Layer::Relu if place > 0 => values.f_relu_()?,
                Layer::Relu => values.f_relu()?,
                Layer::Relu6 => values.f_relu6()?,
                Layer::Pool(pool) => pooled(&values, pool, self.layers.padding)?,
                Layer::Upsample => doubled(&values)?,
                Layer::AveragePoolTo(side) => values.f_adaptive_avg_pool2d([*side as i64; 2])?,
                Layer::Branches { branches, join } => {
                    let run = |branch: &Vec<Layer>| self.run_layers(values.shallow_clone(), branch, form, spread);
                    joined(&branches.iter().map(run).collect::<Result<Vec<_>, _>>()?, *join)?
                }
                Layer::Dropout(share) => values.f_dropout(*share, true)?,
                Layer::Flatten => values.f_flatten(1, -1)?,
                Layer::Linear { name, .. } => self.linear(&values, name)?,
            };
            if form == Form::Phases {
                values = apart(&values, spread, stride(layer))?;
            }
            spread *= if form.strides() { 1 } else { stride(layer) };
        }
        Ok(values)
    }

    /// Product of the strides before layer `end`, where the form does not take them as they are.
    fn spread_before(&self, end: usize, form: Form) -> i64 {
        if form.strides() { 1 } else { self.layers.layers[..end].iter().map(stride).product() }
    }

    pub(super) fn convolution(
        &self,
        input: &Tensor,
        convolution: &Convolution,
        form: Form,
        dilation: i64,
    ) -> Result<Tensor, NetworkError> {
        let Convolution { name, bias, .. } = convolution;
        let weight = self.factor(self.parameters.tensor(&format!("{name}.weight"))?)?;
        let bias = if *bias { Some(self.factor(self.parameters.tensor(&format!("{name}.bias"))?)?) } else { None };
        let (input, precision) = (&self.factor(input)?, self.precision);
        if !form.strides() {
            let walk = Walk { dilation, ..Walk::strided(1) };
            return self.factor(&convolve(input, &weight, bias.as_ref(), walk, precision)?);
        }
        let geometry = Geometry::of(convolution, self.layers.padding);
        let mut output = convolve_patch(input, &weight, bias.as_ref(), &geometry, precision)?;
        match self.parameters.find(&format!("{name}.border")) {
            None => self.factor(&output),
            Some(border) => {
                // What the constant part of the normalised picture contributes; it differs near the padded edge.
                let size = input.size();
                let ones = Tensor::f_ones([1, 1, size[2], size[3]], (input.kind(), input.device()))?;
                let constant = convolve_patch(&ones, &self.factor(border)?, None, &geometry, precision)?;
                self.factor(&output.f_add_(&constant)?)
            }
        }
    }

    fn batch_norm(&self, input: &Tensor, name: &str, epsilon: f64) -> Result<Tensor, NetworkError> {
        let part = |part: &str| self.parameters.tensor(&format!("{name}.{part}"));
        let learns = self.parameters.is_trainable(&format!("{name}.weight"));
        // Frozen layers keep their running statistics, whichever they take.
        let takes_batch = learns || self.frozen_statistics == FrozenStatistics::Batch;
        let momentum = if learns { self.momentum } else { 0.0 };
        // A single value has no deviation: what it would leave in the running ones is no number.
        let is_single = takes_batch && input.numel() == input.size()[1] as usize;
        let running = |name| if is_single { Ok(None) } else { part(name).map(Some) };
        Ok(input.f_batch_norm(
            Some(part("weight")?),
            Some(part("bias")?),
            running("running_mean")?,
            running("running_var")?,
            takes_batch,
            momentum,
            epsilon,
            true,
        )?)
    }

    pub(super) fn linear(&self, input: &Tensor, name: &str) -> Result<Tensor, NetworkError> {
        let weight = self.factor(self.parameters.tensor(&format!("{name}.weight"))?)?;
        let bias = self.factor(self.parameters.tensor(&format!("{name}.bias"))?)?;
        let input = &self.factor(input)?;
        if input.dim() == 2 {
            return self.factor(&input.f_linear(&weight, Some(&bias))?);
        }
        let weight = weight.f_unsqueeze(-1)?.f_unsqueeze(-1)?;
        self.factor(&convolve(input, &weight, Some(&bias), Walk::strided(1), self.precision)?)
    }

    /// What enters or leaves a product, in the format of the precision. Gradients come back in that of the tensor.
    fn factor(&self, tensor: &Tensor) -> Result<Tensor, NetworkError> {
        Ok(match self.precision {
            Precision::Bfloat16 if tensor.device().is_cuda() => tensor.f_to_kind(Kind::BFloat16)?,
            // oneDNN's gradients of dilated kernels in this format are no numbers where channels are no multiple of 16, so only
            // the rounding is taken from it.
            Precision::Bfloat16 => tensor.f_to_kind(Kind::BFloat16)?.f_to_kind(Kind::Float)?,
            Precision::Float32 | Precision::TensorFloat32 => tensor.shallow_clone(),
        })
    }
}

fn stride(layer: &Layer) -> i64 {
    match layer {
        Layer::Convolution(convolution) => convolution.stride as i64,
        Layer::MaxPool => 2,
        _ => 1,
    }
}

/// The output of the last layer in the shape of its form: the window of a valid network has shrunk to one sample.
fn scores(output: Tensor, form: Form) -> Result<Tensor, NetworkError> {
    if form == Form::Patch && output.dim() == 4 { Ok(output.f_flatten(1, -1)?) } else { Ok(output) }
}

/// Every value four times.
pub(super) fn doubled(values: &Tensor) -> Result<Tensor, NetworkError> {
    let (_, _, height, width) = values.size4()?;
    Ok(values.f_upsample_nearest2d([2 * height, 2 * width], 2.0, 2.0)?)
}

/// The pictures with zeros below and on the right up to the next multiples.
pub(super) fn filled_up(pictures: &Tensor, multiple: usize) -> Result<Tensor, NetworkError> {
    let (_, _, height, width) = pictures.size4()?;
    let missing = |side: i64| (side as usize).next_multiple_of(multiple) as i64 - side;
    let (rows, columns) = (missing(height), missing(width));
    if rows == 0 && columns == 0 {
        return Ok(pictures.shallow_clone());
    }
    Ok(pictures.f_constant_pad_nd([0, columns, 0, rows])?)
}

/// The part of `scores` that stands for `pictures`, without what was filled up.
pub(super) fn cut_to(scores: &Tensor, pictures: &Tensor) -> Result<Tensor, NetworkError> {
    let (_, _, height, width) = pictures.size4()?;
    Ok(scores.f_narrow(2, 0, height)?.f_narrow(3, 0, width)?)
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

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Head, Padding};
    use super::*;

    #[test]
    fn frozen_batch_normalisation_takes_the_statistics_asked_for_and_keeps_its_own() {
        let norm = Layer::BatchNorm { name: "norm".into(), features: 1, epsilon: 1e-5 };
        let layers = Layers { layers: vec![norm], padding: Padding::Same, patch: 4 };
        tch::manual_seed(1);
        let input = Tensor::randn([64, 1, 4, 4], (Kind::Float, Device::Cpu)) * 3.0 + 5.0;
        for (statistics, mean, steady) in [(FrozenStatistics::Running, 5.0, 1), (FrozenStatistics::Batch, 0.0, 0)] {
            let mut network = Sequential::fresh(layers.clone(), 1).unwrap();
            network.parameters.0.values_mut().for_each(|parameter| parameter.trainable = false);
            network.frozen_statistics = statistics;
            let before = network.parameters.arrays().unwrap();
            let output = network.train(&input, Form::Patch).unwrap();
            assert!((output.mean(Kind::Float).double_value(&[]) - mean).abs() < 0.5, "{statistics:?}");
            assert_eq!(network.parameters.arrays().unwrap(), before, "{statistics:?}");
            assert_eq!(network.steady_layers(), steady, "{statistics:?}: features that differ from batch to batch");
        }
    }

    #[test]
    fn a_single_value_leaves_running_statistics_as_they_are() {
        let norm = Layer::BatchNorm { name: "norm".into(), features: 3, epsilon: 1e-5 };
        let layers = Layers { layers: vec![norm], padding: Padding::Same, patch: 1 };
        for (pictures, moves) in [(1, false), (2, true)] {
            let network = Sequential::fresh(layers.clone(), 1).unwrap();
            let before = network.parameters.arrays().unwrap();
            tch::manual_seed(1);
            let input = Tensor::randn([pictures, 3, 1, 1], (Kind::Float, Device::Cpu));
            let scores = network.train(&input, Form::Patch).unwrap();
            assert!(scores.sum(Kind::Float).double_value(&[]).is_finite(), "{pictures} pictures");
            let after = network.parameters.arrays().unwrap();
            assert_eq!(after != before, moves, "{pictures} pictures");
            let values = after.iter().flat_map(|array| &array.values);
            assert!(values.into_iter().all(|value| value.is_finite()), "{pictures} pictures");
        }
    }

    #[test]
    fn phases_dilation_and_kept_features_have_the_same_scores_and_gradients() {
        let head = Head { hidden: vec![6], dropout: 0.0, batch_norm: true, batch_norm_scores: true };
        let architecture = Architecture::Vgg16 { cut: Some("conv3_1".into()), padding: Padding::Valid, head };
        let layers = architecture.layers(65, 3).unwrap();
        let window = layers.receptive_field().unwrap() as i64;
        let gradients = |form: Option<Form>| {
            let mut network = Sequential::fresh(layers.clone(), 7).unwrap();
            for (name, parameter) in &mut network.parameters.0 {
                parameter.trainable &=
                    !["features.0.", "features.2.", "features.5."].iter().any(|f| name.starts_with(f));
            }
            network.move_to(Device::Cpu).unwrap();
            tch::manual_seed(1);
            let input = Tensor::randn([2, 1, 8 + window - 1, 12 + window - 1], (Kind::Float, Device::Cpu));
            let scores = match form {
                Some(form) => network.train(&input, form).unwrap(),
                None => {
                    let features = network.frozen_features(&input, Form::Dense).unwrap();
                    assert_eq!(features.size()[2], network.features_of_crop(8));
                    network.train_on_features(&features, network.dense_form([8, 12])).unwrap()
                }
            };
            assert_eq!(scores.size(), [2, 3, 8, 12]);
            (scores.square() * Tensor::arange(8, (Kind::Float, Device::Cpu)).reshape([1, 1, 8, 1]))
                .sum(Kind::Float)
                .backward();
            let weight = network.parameters.tensor("features.7.weight").unwrap().grad();
            (scores.detach(), weight)
        };
        let (scores, weight) = gradients(Some(Form::Dense));
        assert!(weight.abs().max().double_value(&[]) > 0.1);
        for form in [Some(Form::Phases), None] {
            let (other_scores, other_weight) = gradients(form);
            for (other, expected) in [(other_scores, &scores), (other_weight, &weight)] {
                let largest = |values: Tensor| values.abs().max().double_value(&[]);
                assert!(largest(other - expected) <= 1e-5 * largest(expected.shallow_clone()), "{form:?}");
            }
        }
    }
}
