//! What a running job tells those who watch it.

use crate::analysis::FitProgress;
use crate::predict::pictures::PictureProgress;
use crate::predict::{PredictionProgress, PredictionSummary};
use crate::train::TrainingEvent;

/// Something happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobEvent<'a> {
    /// A part of the work begins: `training VGG16 on 8,640 voxels`.
    Stage(&'a str),
    /// Something worth knowing.
    Note(&'a str),
    /// Something a user should look into.
    Warning(&'a str),
    /// Training goes on.
    Training(&'a TrainingEvent<'a>),
    /// Prediction goes on.
    Prediction(&'a PredictionProgress),
    /// Pictures go through a network.
    Pictures(&'a PictureProgress),
    /// Classifiers without deep learning are fitted.
    Fit(&'a FitProgress),
    /// A cube is interpreted.
    Predicted(&'a PredictionSummary),
}

/// Watches a job.
pub trait Listener {
    /// Takes note of an event.
    fn notice(&mut self, event: &JobEvent<'_>);
}
