//! How networks of pictures are trained.

use crate::dataset::pictures::PictureAugmentation;
use crate::network::{Backbone, Device, Freeze, GradientClip, OptimizerOptions};
use crate::train::Schedule;

/// How a network of pictures is trained: first its end on bottlenecks, then, where asked for, more of it on the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureTraining {
    /// How the end learns.
    pub head: Course,
    /// Widths of its hidden layers.
    pub hidden: Vec<usize>,
    /// Share of its values dropped while training.
    pub dropout: f64,
    /// How more of the network learns afterwards.
    pub fine_tuning: Option<FineTuning>,
    /// Whether the course of training is kept for TensorBoard, with every so many steps.
    pub tensorboard: Option<u64>,
    /// Seed of weights, order, augmentation and dropout.
    pub seed: u64,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// How weights learn from beginning to end.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Times that every picture is seen, or steps of one batch each.
    pub length: Length,
    /// Pictures of one step.
    pub batch: usize,
    /// Optimiser.
    pub optimizer: OptimizerOptions,
    /// Its step size.
    pub learning_rate: f64,
    /// How that goes on.
    pub schedule: Schedule,
    /// Whether all classes are drawn equally often.
    pub balanced: bool,
    /// Epochs without a lower validation loss that are borne; `None` goes on to the end.
    pub patience: Option<u64>,
    /// Bound of the gradients.
    pub clip: Option<GradientClip>,
}

/// How long training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Times that every picture is seen.
    Epochs(u64),
    /// Steps of one batch each.
    Steps(u64),
}

/// How more of a network than its end learns.
#[derive(Clone, Debug, PartialEq)]
pub struct FineTuning {
    /// How much more.
    pub layers: TunedLayers,
    /// How it learns.
    pub course: Course,
    /// Random changes of the pictures.
    pub augmentation: PictureAugmentation,
}

/// How much of a network learns besides its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunedLayers {
    /// Its last block or stage, as its authors count them.
    LastBlock,
    /// All of it.
    All,
    /// The last so many layers before the end, as Keras counts them.
    Last(usize),
}

impl Length {
    /// Steps, where an epoch has so many.
    pub(super) fn steps(self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Self::Steps(steps) => steps,
        }
    }
}

impl TunedLayers {
    /// What stays frozen.
    pub(super) fn freeze(self, backbone: Backbone) -> Option<Freeze> {
        match self {
            Self::LastBlock => Some(Freeze::Through(backbone.before_last_block().to_owned())),
            Self::All => None,
            Self::Last(count) => Some(Freeze::AllButLast(count)),
        }
    }
}
