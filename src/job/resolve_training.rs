//! From the words of a job's `training` to the options of the rooms.

use super::schema::{
    Anneal, DeepFreeze, EarlyStopping, GradientClip, Keep, Loss, MomentumOf, Monitor, Network, OneCycle, Optimizer,
    Plateau, Schedule, Span, StartHead, Training, TrainingPrecision,
};
use crate::network::{self, Freeze, Learning, OptimizerOptions, Precision};
use crate::train;

/// Steps of an epoch of crops, which have no natural one.
const CROP_STEPS_PER_EPOCH: u64 = 20;

impl Training {
    /// Optimiser steps of one epoch; `natural` is how many show every training voxel once (patches only).
    pub fn epoch_steps(&self, natural: Option<u64>) -> u64 {
        self.steps_per_epoch.or(natural).unwrap_or(CROP_STEPS_PER_EPOCH).max(1)
    }

    /// The stretches of training with `network`, at least one.
    pub fn phases(&self, network: &Network, epoch_steps: u64) -> Vec<train::Phase> {
        let steps = |steps: Option<u64>, epochs: Option<u64>| {
            steps.unwrap_or_else(|| epochs.unwrap_or(1).saturating_mul(epoch_steps))
        };
        let phase = |steps, freeze, optimizer: &Optimizer, schedule: &Schedule| train::Phase {
            steps,
            learning: Learning { optimizer: optimizer.into(), freeze },
            learning_rate: optimizer.learning_rate(),
            schedule: schedule.options(optimizer, epoch_steps),
        };
        if self.phases.is_empty() {
            let steps = steps(self.steps, self.epochs);
            return vec![phase(steps, network.freeze(), &self.optimizer, &self.schedule)];
        }
        let resolved = self.phases.iter().map(|given| {
            let freeze = given.freeze.clone().map(Freeze::from).or_else(|| network.freeze());
            let optimizer = given.optimizer.as_ref().unwrap_or(&self.optimizer);
            let schedule = given.schedule.as_ref().unwrap_or(&self.schedule);
            phase(steps(given.steps, given.epochs), freeze, optimizer, schedule)
        });
        resolved.collect()
    }

    /// What finds the best epoch.
    pub fn best_by(&self) -> train::Monitor {
        let watched = self.early_stopping.first().map(|watch| watch.monitor);
        self.best_by.or(watched).unwrap_or_default().into()
    }
}

impl From<DeepFreeze> for Freeze {
    fn from(freeze: DeepFreeze) -> Self {
        match freeze {
            DeepFreeze::Convolutions(count) => Self::Convolutions(count),
            DeepFreeze::Layers(count) => Self::Layers(count),
            DeepFreeze::AllButLast(count) => Self::AllButLast(count),
            DeepFreeze::Through(name) => Self::Through(name),
        }
    }
}

impl From<&Optimizer> for OptimizerOptions {
    fn from(optimizer: &Optimizer) -> Self {
        match *optimizer {
            Optimizer::Adam(ref adam) => Self::Adam {
                betas: adam.betas,
                epsilon: adam.epsilon,
                weight_decay: adam.weight_decay,
                decoupled: false,
            },
            Optimizer::Adamw(ref adamw) => Self::Adam {
                betas: adamw.betas,
                epsilon: adamw.epsilon,
                weight_decay: adamw.weight_decay,
                decoupled: true,
            },
            Optimizer::Sgd(ref sgd) => Self::Sgd {
                momentum: sgd.momentum,
                nesterov: sgd.nesterov,
                momentum_of: match sgd.momentum_of {
                    MomentumOf::Steps => network::MomentumOf::Steps,
                    MomentumOf::Gradients => network::MomentumOf::Gradients,
                },
                weight_decay: sgd.weight_decay,
            },
            Optimizer::Rmsprop(ref rmsprop) => Self::RmsProp {
                smoothing: rmsprop.smoothing,
                epsilon: rmsprop.epsilon,
                momentum: rmsprop.momentum,
                centered: rmsprop.centered,
                weight_decay: rmsprop.weight_decay,
            },
        }
    }
}

impl Schedule {
    /// The schedule of an optimiser, whose own `decay` takes the place of `constant`.
    pub(super) fn options(&self, optimizer: &Optimizer, epoch_steps: u64) -> train::Schedule {
        let steps = |span: Span| match span {
            Span::Steps(steps) => steps,
            Span::Epochs(epochs) => epochs.saturating_mul(epoch_steps),
        };
        match self {
            Self::Constant if optimizer.decay() > 0.0 => {
                train::Schedule::InverseTime { decay: optimizer.decay(), every: 1 }
            }
            Self::Constant => train::Schedule::Constant,
            Self::InverseTime(time) => train::Schedule::InverseTime { decay: time.decay, every: steps(time.every) },
            Self::Step(decline) => train::Schedule::Step { factor: decline.factor, every: steps(decline.every) },
            Self::Exponential(decline) => {
                train::Schedule::Exponential { factor: decline.factor, every: steps(decline.every) }
            }
            Self::OneCycle(cycle) => train::Schedule::OneCycle(cycle.options(optimizer)),
            Self::Plateau(plateau) => train::Schedule::Plateau(plateau.into()),
        }
    }
}

impl OneCycle {
    fn options(&self, optimizer: &Optimizer) -> train::OneCycle {
        let has_momentum = match optimizer {
            Optimizer::Adam(_) | Optimizer::Adamw(_) => true,
            Optimizer::Sgd(sgd) => sgd.momentum > 0.0,
            Optimizer::Rmsprop(rmsprop) => rmsprop.momentum > 0.0,
        };
        train::OneCycle {
            rise: self.rise,
            start_divisor: self.start_divisor,
            end_divisor: self.end_divisor,
            anneal: match self.anneal {
                Anneal::Cosine => train::Anneal::Cosine,
                Anneal::Linear => train::Anneal::Linear,
            },
            momentum: (self.cycle_momentum && has_momentum).then_some(self.momentum),
        }
    }
}

impl From<&Plateau> for train::Plateau {
    fn from(plateau: &Plateau) -> Self {
        Self {
            monitor: plateau.monitor.into(),
            factor: plateau.factor,
            patience: plateau.patience,
            threshold: plateau.threshold,
            cooldown: plateau.cooldown,
            least: plateau.least,
        }
    }
}

impl From<Monitor> for train::Monitor {
    fn from(monitor: Monitor) -> Self {
        match monitor {
            Monitor::Loss => Self::Loss,
            Monitor::Accuracy => Self::Accuracy,
            Monitor::BalancedAccuracy => Self::BalancedAccuracy,
            Monitor::MacroF1 => Self::MacroF1,
            Monitor::MeanIou => Self::MeanIou,
            Monitor::Kappa => Self::Kappa,
            Monitor::Fwiu => Self::Fwiu,
            Monitor::RocAuc => Self::RocAuc,
            Monitor::Mae => Self::Mae,
        }
    }
}

impl From<&EarlyStopping> for train::EarlyStopping {
    fn from(watch: &EarlyStopping) -> Self {
        Self { monitor: watch.monitor.into(), patience: watch.patience, min_delta: watch.min_delta }
    }
}

impl From<Keep> for train::Keep {
    fn from(keep: Keep) -> Self {
        match keep {
            Keep::Best | Keep::Both => Self::Best,
            Keep::Last => Self::Last,
        }
    }
}

impl From<&Loss> for network::Loss {
    fn from(loss: &Loss) -> Self {
        match loss {
            Loss::CrossEntropy(entropy) => Self::CrossEntropy { label_smoothing: entropy.label_smoothing },
            Loss::Focal(focal) => Self::Focal { gamma: focal.gamma },
            Loss::Dice(dice) => Self::Dice { smooth: dice.smooth },
            Loss::CrossEntropyDice(both) => Self::CrossEntropyDice {
                label_smoothing: both.label_smoothing,
                smooth: both.smooth,
                dice_weight: both.dice_weight,
            },
        }
    }
}

impl From<GradientClip> for network::GradientClip {
    fn from(clip: GradientClip) -> Self {
        match clip {
            GradientClip::Norm(most) => Self::Norm(most),
            GradientClip::NormEach(most) => Self::NormEach(most),
            GradientClip::Value(most) => Self::Value(most),
        }
    }
}

impl From<StartHead> for network::StartHead {
    fn from(head: StartHead) -> Self {
        match head {
            StartHead::Keep => Self::Keep,
            StartHead::Fresh => Self::Fresh,
        }
    }
}

impl From<TrainingPrecision> for Precision {
    fn from(precision: TrainingPrecision) -> Self {
        match precision {
            TrainingPrecision::F32 => Self::Float32,
            TrainingPrecision::Tf32 => Self::TensorFloat32,
            TrainingPrecision::Bf16 => Self::Bfloat16,
        }
    }
}
