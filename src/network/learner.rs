//! A model in training.

use std::sync::{Mutex, PoisonError};

use ndarray::{ArrayView3, ArrayViewD};
use tch::{Kind, Reduction, Tensor};

use super::array::{NamedArray, tensor_from_array};
use super::optimizer::Optimizer;
use super::sequential::{Form, Sequential};
use super::{Device, Freeze, Model, NetworkError, OptimizerOptions, Precision, Predictor};
use crate::grid::UNLABELLED;

/// libtorch draws dropout from one generator a process; two learners must not draw from it in turn.
static GENERATOR: Mutex<()> = Mutex::new(());

/// How a model is trained.
#[derive(Clone, Debug)]
pub struct LearnerOptions {
    /// Optimiser and its constants.
    pub optimizer: OptimizerOptions,
    /// Weight of each class in the loss; equal where absent.
    pub class_weights: Option<Vec<f32>>,
    /// Layers that keep their weights.
    pub freeze: Option<Freeze>,
    /// Where to compute.
    pub device: Device,
    /// Seed of dropout.
    pub seed: u64,
}

/// What one optimiser step measured, before it changed the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// Weighted mean cross entropy of the labelled voxels.
    pub loss: f64,
    /// Labelled voxels classified rightly.
    pub correct: u64,
    /// Labelled voxels.
    pub voxels: u64,
    /// Learning rate of the step.
    pub learning_rate: f64,
}

/// A network, its optimiser and the loss that ties them.
#[derive(Debug)]
pub struct Learner {
    network: Sequential,
    optimizer: Optimizer,
    options: LearnerOptions,
    class_weights: Option<Tensor>,
}

impl Learner {
    /// Takes `model`'s network into training.
    ///
    /// # Errors
    /// When the freeze request does not fit the network or the device refuses the weights.
    pub fn new(model: Model, options: LearnerOptions) -> Result<Self, NetworkError> {
        let mut network = model.into_network();
        if let Some(freeze) = &options.freeze {
            freeze.apply(&network.layers.layers, &mut network.parameters)?;
        }
        network.move_to(options.device.0)?;
        let class_weights = match &options.class_weights {
            Some(weights) => Some(Tensor::f_from_slice(weights)?.f_to_device(options.device.0)?),
            None => None,
        };
        Ok(Self { network, optimizer: Optimizer::new(options.optimizer), options, class_weights })
    }

    /// One update from patches `[n, patch, patch]` (samples down, traces across) and the codes of their centres.
    ///
    /// `step` counts from 0 and fixes dropout and the learning rate.
    ///
    /// # Errors
    /// When shapes do not fit, memory runs out or the loss is no number.
    pub fn step_patches(
        &mut self,
        amplitude: ArrayView3<'_, f32>,
        codes: &[u8],
        step: u64,
    ) -> Result<StepOutcome, NetworkError> {
        let codes = ndarray::aview1(codes).into_dyn();
        self.step(amplitude, codes, Form::Patch, step)
    }

    /// One update from crops `[n, h + r - 1, w + r - 1]` and the codes `[n, h, w]` of their inner voxels, of which
    /// [`UNLABELLED`] ones do not count.
    ///
    /// # Errors
    /// As [`Learner::step_patches`]; also when the network has no dense form.
    pub fn step_crops(
        &mut self,
        amplitude: ArrayView3<'_, f32>,
        codes: ArrayView3<'_, u8>,
        step: u64,
    ) -> Result<StepOutcome, NetworkError> {
        self.step(amplitude, codes.into_dyn(), Form::Dense, step)
    }

    fn step(
        &mut self,
        amplitude: ArrayView3<'_, f32>,
        codes: ArrayViewD<'_, u8>,
        form: Form,
        step: u64,
    ) -> Result<StepOutcome, NetworkError> {
        let device = self.options.device.0;
        let input = tensor_from_array(amplitude)?.f_unsqueeze(1)?.f_to_device(device)?;
        let codes: Vec<i64> = codes.iter().map(|&code| i64::from(code)).collect();
        let target = Tensor::f_from_slice(&codes)?.f_to_device(device)?;
        let scores = self.forward(&input, form, step)?;
        // One row a voxel: [N * H * W, K].
        let scores = if form == Form::Dense { scores.f_permute([0, 2, 3, 1])?.f_flatten(0, 2)? } else { scores };
        if scores.size()[0] != target.size()[0] {
            return Err(NetworkError::Shape {
                what: "the batch's codes".into(),
                actual: vec![codes.len()],
                expected: format!("{} voxels", scores.size()[0]),
            });
        }
        let ignored = i64::from(UNLABELLED);
        let loss = scores.f_cross_entropy_loss(&target, self.class_weights.as_ref(), Reduction::Mean, ignored, 0.0)?;
        let labelled = target.f_ne(ignored)?;
        let correct = scores.f_argmax(1, false)?.f_eq_tensor(&target)?.f_logical_and(&labelled)?;
        let outcome = StepOutcome {
            loss: loss.f_double_value(&[])?,
            correct: correct.f_sum(Kind::Int64)?.f_int64_value(&[])? as u64,
            voxels: labelled.f_sum(Kind::Int64)?.f_int64_value(&[])? as u64,
            learning_rate: self.options.optimizer.learning_rate(step),
        };
        if !outcome.loss.is_finite() {
            return Err(NetworkError::Diverged { loss: outcome.loss, step: step + 1 });
        }
        loss.f_backward()?;
        self.optimizer.step(&mut self.network.parameters, step)?;
        Ok(outcome)
    }

    fn forward(&self, input: &Tensor, form: Form, step: u64) -> Result<Tensor, NetworkError> {
        let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        // Re-seeding at every step makes dropout a function of the step, so that a continued run repeats it.
        tch::manual_seed(step_seed(self.options.seed, step));
        self.network.train(input, form)
    }

    /// The network as it stands, for evaluation; a copy that later steps do not change.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn predictor(&self) -> Result<Predictor, NetworkError> {
        Predictor::new(&self.network, self.options.device, Precision::Float32)
    }

    /// All weights and running statistics.
    ///
    /// # Errors
    /// When they cannot be copied from the device.
    pub fn weights(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.network.parameters.arrays()
    }

    /// The optimiser's state.
    ///
    /// # Errors
    /// As [`Learner::weights`].
    pub fn optimizer_state(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.optimizer.arrays()
    }

    /// Continues from weights and optimiser state saved earlier.
    ///
    /// # Errors
    /// When they belong to another network.
    pub fn restore(&mut self, weights: &[NamedArray], optimizer_state: &[NamedArray]) -> Result<(), NetworkError> {
        self.network.parameters.assign(weights)?;
        self.optimizer.restore(optimizer_state, self.options.device.0)
    }
}

/// Distinct seeds for neighbouring steps (Steele et al. 2014, SplitMix64).
fn step_seed(seed: u64, step: u64) -> i64 {
    let mut z = seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as i64
}
