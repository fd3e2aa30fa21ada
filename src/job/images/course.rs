//! One training of pictures from its first step to its curves.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::recipe::{Course, PictureTraining};
use crate::job::watchers::Watchers;
use crate::job::{Listener, RunError};
use crate::network::{Description, Freeze, Learner, LearnerOptions, Learning, Loss, ModelOf, Precision};
use crate::report::{EVENT_FILE, EventLog, Figure, HistoryCsv, TrainingCurves, read_history};
use crate::train::{
    EarlyStopping, Examples, FeatureCache, Form, Keep, Monitor, Phase, TrainedWeights, TrainingOptions, Validator,
    train,
};

/// A killed run loses at most this much work.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// One batch waits while the next is made.
const BATCHES_AHEAD: usize = 2;

/// What learns, from what, and where its traces go.
pub(super) struct Lesson<'a, D> {
    pub(super) model: ModelOf<D>,
    pub(super) freeze: Option<Freeze>,
    pub(super) examples: Examples<'a>,
    pub(super) form: Form,
    pub(super) steps_per_epoch: u64,
    pub(super) validator: Option<&'a dyn Validator>,
    /// Stands for everything that decides about the result.
    pub(super) fingerprint: String,
    /// `bn1_m1 — training`.
    pub(super) title: String,
    /// `training` or `fine-tuning`: name of the curves, and of the folder for TensorBoard.
    pub(super) name: &'static str,
    /// Name of the table of epochs.
    pub(super) history: &'static str,
}

impl<D: Description> Lesson<'_, D> {
    /// Trains, continuing where an interrupted run stopped, and writes history and curves into `folder`; returns the weights
    /// and the names of the files.
    ///
    /// # Errors
    /// When training fails or is interrupted, or a file cannot be written.
    pub(super) fn learn(
        self,
        course: &Course,
        recipe: &PictureTraining,
        folder: &Path,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<(TrainedWeights, Vec<String>), RunError> {
        let learning = Learning { optimizer: course.optimizer, freeze: self.freeze };
        let mut learner = Learner::new(
            self.model,
            LearnerOptions {
                learning: learning.clone(),
                loss: Loss::CROSS_ENTROPY,
                class_weights: None,
                clip: course.clip,
                precision: Precision::Float32,
                frozen_statistics: Default::default(),
                device: recipe.device,
                seed: recipe.seed,
            },
        )?;
        let watch = |patience| EarlyStopping { monitor: Monitor::Loss, patience, min_delta: 0.0 };
        let steps = course.length.steps(self.steps_per_epoch);
        let options = TrainingOptions {
            form: self.form,
            phases: vec![Phase { steps, learning, learning_rate: course.learning_rate, schedule: course.schedule }],
            steps_per_epoch: self.steps_per_epoch,
            early_stopping: course.patience.filter(|_| self.validator.is_some()).map(watch).into_iter().collect(),
            best_by: Monitor::Loss,
            keep: Keep::Best,
            checkpoint_every: CHECKPOINT_EVERY,
            feature_cache: FeatureCache::Off,
            batches_ahead: BATCHES_AHEAD,
            fingerprint: self.fingerprint,
        };
        let history = folder.join(self.history);
        let events = format!("tensorboard/{}/{EVENT_FILE}", self.name);
        let event_log = recipe.tensorboard.map(|every| EventLog::new(folder.join(&events), every));
        let mut watchers = Watchers { history: HistoryCsv::new(&history), event_log, listener };
        let checkpoint = folder.join(format!("{}.checkpoint.safetensors", self.name));
        let trained =
            train(&mut learner, self.examples, &options, self.validator, &checkpoint, &mut watchers, interrupted)?;
        let records = read_history(&history)?;
        let curves = format!("{}.png", self.name);
        let figure = TrainingCurves { title: &self.title, history: &records, best_epoch: Some(trained.best_epoch) };
        figure.draw(&folder.join(&curves))?;
        let mut files = vec![self.history.to_owned(), curves];
        files.extend(recipe.tensorboard.map(|_| events));
        Ok((trained, files))
    }
}
