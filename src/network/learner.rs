//! A model in training.

use std::sync::{Mutex, PoisonError};

use ndarray::{Array3, Array4};
use tch::{Kind, Tensor};

use super::array::NamedArray;
use super::batch::{Input, moved};
use super::frozen::Kept;
use super::optimizer::Optimizer;
use super::sequential::{Form, Sequential};
use super::{
    Batch, Device, Freeze, FrozenLayers, FrozenStatistics, GradientClip, Loss, Model, NetworkError, OptimizerOptions,
    Precision, Predictor, Stager, Update,
};
use crate::grid::UNLABELLED;

/// libtorch draws dropout from one generator a process; two learners must not draw from it in turn.
static GENERATOR: Mutex<()> = Mutex::new(());

/// How a model is trained.
#[derive(Clone, Debug)]
pub struct LearnerOptions {
    /// What learns, and how, until [`Learner::begin`] says otherwise.
    pub learning: Learning,
    /// What is made small.
    pub loss: Loss,
    /// Weight of each class in the loss; equal where absent.
    pub class_weights: Option<Vec<f32>>,
    /// Bounds for gradients.
    pub clip: Option<GradientClip>,
    /// Number format of convolutions and dense layers, and of the values between them. Weights, their updates and the loss are
    /// float32 throughout.
    pub precision: Precision,
    /// Of frozen batch normalisation.
    pub frozen_statistics: FrozenStatistics,
    /// Where to compute.
    pub device: Device,
    /// Seed of dropout.
    pub seed: u64,
}

/// What learns, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// Optimiser and its constants.
    pub optimizer: OptimizerOptions,
    /// Layers that keep their weights.
    pub freeze: Option<Freeze>,
}

/// What one optimiser step measured, before it changed the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// Loss of the labelled voxels.
    pub loss: f64,
    /// Labelled voxels classified rightly.
    pub correct: u64,
    /// Labelled voxels.
    pub voxels: u64,
}

/// A network, its optimiser and the loss that ties them.
#[derive(Debug)]
pub struct Learner {
    network: Sequential,
    optimizer: Optimizer,
    options: LearnerOptions,
    class_weights: Option<Tensor>,
    kept: Option<Kept>,
}

impl Learner {
    /// Takes `model`'s network into training.
    ///
    /// # Errors
    /// When the freeze request does not fit the network or the device refuses the weights.
    pub fn new(model: Model, options: LearnerOptions) -> Result<Self, NetworkError> {
        let mut network = model.into_network();
        network.precision = options.precision;
        network.frozen_statistics = options.frozen_statistics;
        network.move_to(options.device.0)?;
        let class_weights = match &options.class_weights {
            Some(weights) => Some(Tensor::f_from_slice(weights)?.f_to_device(options.device.0)?),
            None => None,
        };
        let learning = options.learning.clone();
        let optimizer = Optimizer::new(learning.optimizer, options.clip);
        let mut learner = Self { network, optimizer, options, class_weights, kept: None };
        learner.begin(&learning)?;
        Ok(learner)
    }

    /// Goes on learning in another way: with a fresh optimiser, with these layers frozen and no others, and without features
    /// that were kept of layers frozen before. Weights stay as they are.
    ///
    /// # Errors
    /// When the freeze request does not fit the network.
    pub fn begin(&mut self, learning: &Learning) -> Result<(), NetworkError> {
        let Sequential { layers, parameters, .. } = &mut self.network;
        parameters.thaw();
        if let Some(freeze) = &learning.freeze {
            freeze.apply(&layers.layers, parameters)?;
        }
        parameters.move_to(self.options.device.0)?;
        self.optimizer = Optimizer::new(learning.optimizer, self.options.clip);
        self.kept = None;
        Ok(())
    }

    /// Makes batches for this learner, also on another thread.
    pub fn stager(&self) -> Stager {
        Stager::new(self.options.device)
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.options.device
    }

    /// Bytes free on the device; `None` where it does not say.
    pub fn free_memory(&self) -> Option<u64> {
        self.options.device.free_memory()
    }

    /// The layers whose features may be kept, if there are any.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn frozen_layers(&self) -> Result<Option<FrozenLayers>, NetworkError> {
        self.network.frozen_layers()
    }

    /// Computes and keeps what the frozen layers make of images `[channel, sample, trace]`, until `carry_on` says no.
    ///
    /// # Errors
    /// When the network has no dense form or no frozen layers, or memory runs out.
    pub fn keep_images(
        &mut self,
        images: impl Iterator<Item = Array3<f32>>,
        carry_on: &dyn Fn() -> bool,
    ) -> Result<(), NetworkError> {
        let layers = self.network.frozen_layers()?.ok_or_else(nothing_frozen)?;
        let mut kept = Kept::Images(Vec::new());
        for image in images {
            kept.add_image(&self.network, &layers, image.view(), self.options.device.0, carry_on)?;
            if !carry_on() {
                return Ok(());
            }
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// Computes and keeps what the frozen layers make of `count` patches, which come as batches
    /// `[n, channel, patch, patch]`, until `carry_on` says no.
    ///
    /// # Errors
    /// When the network has no frozen layers or memory runs out.
    pub fn keep_patches(
        &mut self,
        batches: impl Iterator<Item = Array4<f32>>,
        count: usize,
        carry_on: &dyn Fn() -> bool,
    ) -> Result<(), NetworkError> {
        let layers = self.network.frozen_layers()?.ok_or_else(nothing_frozen)?;
        let mut kept = Kept::patches(&layers, count, self.options.device.0)?;
        for batch in batches {
            if !carry_on() {
                return Ok(());
            }
            kept.add_patches(&self.network, batch.view())?;
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// One update from a batch.
    ///
    /// # Errors
    /// When shapes do not fit, memory runs out, the loss is no number, the batch wants features that are not kept, or it
    /// holds crops and the network has no dense form.
    pub fn step(&mut self, batch: &Batch, update: &Update) -> Result<StepOutcome, NetworkError> {
        let target = moved(&batch.target, self.options.device.0)?;
        let scores = self.forward(batch, update.step)?.f_to_kind(Kind::Float)?;
        // One row a voxel: [N * H * W, K].
        let scores = if scores.dim() == 4 { scores.f_permute([0, 2, 3, 1])?.f_flatten(0, 2)? } else { scores };
        if scores.size()[0] != target.size()[0] {
            return Err(NetworkError::Shape {
                what: "the batch's codes".into(),
                actual: vec![target.numel()],
                expected: format!("{} voxels", scores.size()[0]),
            });
        }
        let ignored = i64::from(UNLABELLED);
        let loss = self.options.loss.of(&scores, &target, self.class_weights.as_ref())?;
        let labelled = target.f_ne(ignored)?;
        let correct = scores.f_argmax(1, false)?.f_eq_tensor(&target)?.f_logical_and(&labelled)?;
        let outcome = StepOutcome {
            loss: loss.f_double_value(&[])?,
            correct: correct.f_sum(Kind::Int64)?.f_int64_value(&[])? as u64,
            voxels: labelled.f_sum(Kind::Int64)?.f_int64_value(&[])? as u64,
        };
        if !outcome.loss.is_finite() {
            return Err(NetworkError::Diverged { loss: outcome.loss, step: update.step + 1 });
        }
        self.optimizer.step(&mut self.network.parameters, &loss, update)?;
        Ok(outcome)
    }

    fn forward(&self, batch: &Batch, step: u64) -> Result<Tensor, NetworkError> {
        let device = self.options.device.0;
        let network = &self.network;
        let kept = || self.kept.as_ref().ok_or_else(nothing_frozen);
        let dense_form = |rows: i64, columns: i64| match batch.form {
            Form::Patch => Form::Patch,
            _ => network.dense_form([rows, columns]),
        };
        let (input, form) = match &batch.input {
            Input::Values(values) => {
                let (_, _, height, width) = values.size4()?;
                let halo = network.layers.receptive_field().map_or(0, |window| window as i64 - 1);
                (moved(values, device)?, dense_form(height - halo, width - halo))
            }
            Input::KeptPatches(places) => (kept()?.of_patches(&moved(places, device)?)?, Form::Patch),
            Input::KeptCrops(places, side) => {
                (kept()?.of_crops(places, network.features_of_crop(*side))?, dense_form(*side, *side))
            }
        };
        let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        // Re-seeding at every step makes dropout a function of the step, so that a continued run repeats it.
        tch::manual_seed(step_seed(self.options.seed, step));
        match &batch.input {
            Input::Values(_) => network.train(&input, form),
            Input::KeptPatches(_) | Input::KeptCrops(..) => network.train_on_features(&input, form),
        }
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

fn nothing_frozen() -> NetworkError {
    NetworkError::Torch { message: "no features of frozen layers are kept".into() }
}

/// Distinct seeds for neighbouring steps (Steele et al. 2014, SplitMix64).
fn step_seed(seed: u64, step: u64) -> i64 {
    let mut z = seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as i64
}
