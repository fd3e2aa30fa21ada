//! From the words of a job of pictures to the options of the rooms.

use super::frozen_network::FrozenNetwork;
use super::recipe;
use super::study::open;
use crate::dataset::pictures::{PictureSplit, SplitBy};
use crate::job::RunError;
use crate::job::schema::images::{self, Course, ImagesJob, PictureNetwork, TunedLayers};
use crate::network::{Architecture, Device, Head, Input, Layers, NetworkError, Top};

impl ImagesJob {
    /// The network that makes bottlenecks.
    pub(super) fn frozen_network(&self) -> FrozenNetwork {
        let PictureNetwork { backbone, weights, fit, pooling, .. } = &self.network;
        FrozenNetwork {
            backbone: *backbone,
            weights: weights.clone(),
            side: self.network.side(),
            fit: *fit,
            pooling: (*pooling).into(),
            seed: self.seed,
        }
    }

    /// How `pictures` training pictures are learnt from.
    pub(super) fn recipe(&self, pictures: usize, device: Device, threads: usize) -> recipe::PictureTraining {
        let training = &self.training;
        let tuning = |layers: TunedLayers| recipe::FineTuning {
            layers: layers.into(),
            course: training.tuning.clone().unwrap_or_else(Course::of_tuning).resolved(pictures),
            augmentation: (&training.augmentation).into(),
        };
        recipe::PictureTraining {
            head: training.head.resolved(pictures),
            hidden: self.network.head.clone(),
            dropout: self.network.dropout,
            fine_tuning: training.fine_tune.map(tuning),
            tensorboard: self.output.tensorboard.as_ref().map(|events| events.every),
            seed: self.seed,
            device,
            threads,
        }
    }

    /// How the pictures of the one folder are divided, if they are.
    pub(super) fn division(&self) -> Option<PictureSplit> {
        let (validation, test, by) = match &self.split {
            images::PictureSplit::None => return None,
            images::PictureSplit::Shares(shares) => {
                let by = match shares.by {
                    images::SplitBy::Random => SplitBy::Random,
                    images::SplitBy::Hash => SplitBy::Hash,
                };
                (shares.validation, shares.test, by)
            }
            images::PictureSplit::Folds(folds) => (0.0, 0.0, SplitBy::Folds(folds.count)),
        };
        Some(PictureSplit { validation, test, by, keep_alike_together: true, seed: self.seed })
    }
}

impl Course {
    fn resolved(&self, pictures: usize) -> recipe::Course {
        let steps_per_epoch = pictures.div_ceil(self.batch.min(pictures.max(1))).max(1) as u64;
        recipe::Course {
            length: match self.steps {
                Some(steps) => recipe::Length::Steps(steps),
                None => recipe::Length::Epochs(self.epochs.unwrap_or(1)),
            },
            batch: self.batch,
            optimizer: (&self.optimizer).into(),
            learning_rate: self.optimizer.learning_rate(),
            schedule: self.schedule.options(&self.optimizer, steps_per_epoch),
            balanced: self.balanced,
            patience: self.patience,
            clip: self.gradient_clip.map(Into::into),
        }
    }
}

impl From<TunedLayers> for recipe::TunedLayers {
    fn from(layers: TunedLayers) -> Self {
        match layers {
            TunedLayers::LastBlock => Self::LastBlock,
            TunedLayers::All => Self::All,
            TunedLayers::Last(count) => Self::Last(count),
        }
    }
}

/// Name of the network with its weights: `MobileNetV2, pretrained`.
pub(in crate::job) fn network_title(job: &ImagesJob) -> String {
    let PictureNetwork { backbone, weights, .. } = &job.network;
    format!("{}, {}", backbone.title(), if weights.is_some() { "pretrained" } else { "random weights" })
}

/// Values that the network holds; its classes are those of the folders.
///
/// # Errors
/// When a folder cannot be used, or the network's end not be built.
pub(in crate::job) fn parameters(job: &ImagesJob) -> Result<usize, RunError> {
    let classes = open(job)?.first().map_or(0, |(_, folder)| folder.classes().len());
    Ok(network_layers(job, classes)?.parameters())
}

/// The network with its end for so many classes.
///
/// # Errors
/// When nothing is left of pictures of this size.
pub(super) fn network_layers(job: &ImagesJob, classes: usize) -> Result<Layers, NetworkError> {
    let PictureNetwork { backbone, pooling, head, dropout, .. } = &job.network;
    let head = Head { hidden: head.clone(), dropout: *dropout, batch_norm: false, batch_norm_scores: false };
    let top = Top { pooling: (*pooling).into(), batch_norm_features: false, head };
    Architecture::Backbone { backbone: *backbone, top }.layers_for(Input::Colour, job.network.side(), classes)
}

/// Takes the chosen fold out of a job.
pub(in crate::job) fn take_fold(job: &mut ImagesJob) -> Option<usize> {
    match &mut job.split {
        images::PictureSplit::Folds(folds) => folds.fold.take(),
        _ => None,
    }
}
