//! The use case `train`: from labelled sections to a model file.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::augmentation_picture::draw_augmentation;
use super::identity::hash_file;
use super::run_folder::{FigureRecord, FileRecord, RunFolder, RunRecord, StageRecord};
use super::schema::{self, Keep, TrainingForm, TrainingPrecision};
use super::watchers::Watchers;
use super::{JobEvent, Listener, LoadedJob, Material, RunError};
use crate::dataset::{
    CropOptions, CropSampler, Padding, PatchOptions, PatchSampler, SeismicDataset, Subset, class_weights,
};
use crate::network::{
    Device, Learner, LearnerOptions, Model, ModelDescription, NetworkError, Precision, Predictor, Pretrained,
    set_threads,
};
use crate::predict::{Engine, ScoreOptions, SubsetValidator, fit_temperature};
use crate::report::{EVENT_FILE, EventLog, Figure, HistoryCsv, TrainingCurves, read_history};
use crate::train::{Checkpoint, FeatureCache, Form, TrainingOptions, Validator, train};
use crate::volume::Volume;

/// Name of the model file in a run folder.
pub const MODEL_FILE: &str = "model.safetensors";
/// Name of the model file with the weights of the last epoch.
const LAST_MODEL_FILE: &str = "model-last.safetensors";
/// Folder of the event file for TensorBoard, in that of a run.
const TENSORBOARD: &str = "tensorboard";
/// Where unfinished training lies in the folder of unfinished work.
pub(super) const UNFINISHED: &str = "training";
/// Most validation voxels that are scored patch by patch after an epoch.
const MOST_VALIDATION_PATCHES: usize = 4096;
/// Larger sections are scored in parts by networks that segment.
const MOST_VOXELS_AT_A_TIME: usize = 1 << 20;
/// A killed run loses at most this much work.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// One batch waits while the next is made.
const BATCHES_AHEAD: usize = 2;

/// A training that has been checked against its data and can begin.
pub(super) struct PreparedTraining {
    dataset: SeismicDataset,
    learner: Learner,
    options: TrainingOptions,
    description: ModelDescription,
    device: Device,
    threads: usize,
}

impl PreparedTraining {
    /// Builds data set, network and options.
    ///
    /// # Errors
    /// When the labels cannot be divided or sampled as asked, or weights, freeze or form do not fit the network.
    pub(super) fn new(
        loaded: &LoadedJob,
        material: &Material,
        device: Device,
        threads: usize,
        identity: &str,
    ) -> Result<Self, RunError> {
        let job = &loaded.job;
        let vertical = material.volume.geometry().vertical;
        let description = ModelDescription {
            version: ModelDescription::VERSION,
            architecture: job.network.architecture(),
            patch: job.patch.size,
            planes: job.patch.planes().to_vec(),
            classes: material.classes.clone(),
            amplitude: material.scaling,
            further_channels: material.further_channels(),
            domain: vertical.domain,
            sample_step: vertical.step,
            pretrained: None,
            seed: job.seed,
            temperature: None,
        };
        let dataset = material.dataset(loaded, &material.reader(&description)?)?;
        let pretrained = job.network.weights().map(Pretrained::read).transpose()?;
        let mut model = Model::new(description, pretrained.as_ref())?;
        if let Some(start) = &job.training.start_from {
            model.start_from(&start.path, &hash_file(&start.path)?.1, start.head.into())?;
        }
        let description = model.description.clone();
        let weights = class_weights(&job.training.class_weights.clone().into(), &dataset.counts(Subset::Train))?;
        let (form, natural) = form(loaded, &description, &dataset)?;
        let training = &job.training;
        let steps_per_epoch = training.epoch_steps(natural);
        let phases = training.phases(&job.network, steps_per_epoch);
        let precision = Precision::from(training.precision);
        precision.check_for_training(device)?;
        let options = TrainingOptions {
            form,
            phases,
            steps_per_epoch,
            early_stopping: training.early_stopping.iter().map(Into::into).collect(),
            best_by: training.best_by(),
            keep: training.keep.into(),
            checkpoint_every: CHECKPOINT_EVERY,
            feature_cache: match job.training.feature_cache {
                schema::FeatureCache::Auto => FeatureCache::Auto,
                schema::FeatureCache::Off => FeatureCache::Off,
                schema::FeatureCache::Size(size) => FeatureCache::Bytes(size.bytes),
            },
            batches_ahead: BATCHES_AHEAD,
            fingerprint: format!("{identity} {device} {threads}"),
        };
        let learner_options = LearnerOptions {
            learning: options.phases[0].learning.clone(),
            loss: (&training.loss).into(),
            class_weights: Some(weights),
            clip: training.gradient_clip.map(Into::into),
            precision,
            frozen_statistics: job.network.frozen_statistics(),
            device,
            seed: job.seed,
        };
        let learner = Learner::new(model, learner_options)?;
        Ok(Self { dataset, learner, options, description, device, threads })
    }

    /// Looks whether what an interrupted run left in `folder` can be continued.
    ///
    /// # Errors
    /// When it is of other settings, data, device or threads.
    pub(super) fn check_unfinished(&self, folder: &RunFolder) -> Result<(), RunError> {
        let path = checkpoint_path(folder);
        if !path.exists() || Checkpoint::load(&path)?.is_of(&self.options.fingerprint) {
            return Ok(());
        }
        let RunRecord { device, threads, .. } = folder.record()?.unwrap_or_default();
        Err(RunError::OtherUnfinished { path: folder.path().to_owned(), device, threads, differences: Vec::new() })
    }

    /// Trains, continuing where an interrupted run stopped, and writes model, history and curves.
    ///
    /// # Errors
    /// When training fails or is interrupted, or a file cannot be written.
    pub(super) fn run(
        mut self,
        loaded: &LoadedJob,
        folder: &RunFolder,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<StageRecord, RunError> {
        let job = &loaded.job;
        let architecture = self.description.architecture.title();
        let voxels = self.dataset.total(Subset::Train);
        let channels = match &self.description.channel_names()[..] {
            [_] => String::new(),
            names => format!(", seen as {}", names.join(", ")),
        };
        listener.notice(&JobEvent::Stage(&format!("training {architecture} on {voxels} labelled voxels{channels}")));
        let rounds_only = job.training.precision == TrainingPrecision::Bf16 && !self.learner.device().is_cuda();
        if rounds_only {
            listener.notice(&JobEvent::Note(
                "on a CPU `precision: bf16` only rounds, which takes time rather than saving it",
            ));
        }
        set_threads(self.threads);
        let partial = folder.partial().join(UNFINISHED);
        fs::create_dir_all(&partial).map_err(RunError::io("make", &partial))?;

        let padding: Padding = job.patch.padding.into();
        let options = ScoreOptions {
            engine: scoring_engine(&self.learner.predictor()?, &self.dataset),
            padding,
            most_voxels: Some(MOST_VALIDATION_PATCHES),
            interrupted: None,
        };
        let validator = SubsetValidator { dataset: &self.dataset, classes: &self.description.classes, options };
        let validates = self.dataset.total(Subset::Validation) > 0;
        let history_path = partial.join("history.csv");
        let events_path = partial.join(EVENT_FILE);
        let event_log = job.output.tensorboard.as_ref().map(|events| EventLog::new(&events_path, events.every));
        let mut watchers = Watchers { history: HistoryCsv::new(&history_path), event_log, listener };
        let trained = train(
            &mut self.learner,
            &self.dataset,
            &self.options,
            validates.then_some(&validator as &dyn Validator),
            &checkpoint_path(folder),
            &mut watchers,
            interrupted,
        )?;

        let mut record = StageRecord::default();
        let classes = &self.description.classes;
        let augmented = draw_augmentation(&job.name, &self.dataset, &self.options.form, classes, folder)?;
        let mut wrote = |name: &str, description: &str| {
            record.files.push(FileRecord { name: name.to_owned(), description: description.to_owned(), bytes: 0 });
        };
        if job.training.keep == Keep::Both {
            Model::with_weights(self.description.clone(), &trained.last)?.save(&folder.file(LAST_MODEL_FILE))?;
            wrote(LAST_MODEL_FILE, "the same with the weights of the last epoch");
        }
        let mut model = Model::with_weights(self.description, &trained.weights)?;
        if job.training.calibration == schema::Calibration::Temperature {
            let temperature =
                fit_temperature(&self.dataset, &model.predictor(self.device)?, &options, Subset::Validation)?;
            if let Some(temperature) = temperature.filter(|temperature| !(0.0501..19.9).contains(temperature)) {
                listener.notice(&JobEvent::Warning(&format!(
                    "the temperature of {temperature:.3} is as far as it may go: the validation voxels tell too little to fit one, \
                     as where they are of one class or all classified rightly"
                )));
            }
            model.description.temperature = temperature;
            let text = temperature.map_or_else(|| "none fits".into(), |temperature| format!("{temperature:.3}"));
            record.results.push(("temperature fitted to the validation voxels".into(), text));
        }
        model.save(&folder.file(MODEL_FILE))?;
        wrote(MODEL_FILE, "the trained model: weights and all that is needed to use them");
        let history = folder.file("history.csv");
        fs::rename(&history_path, &history).map_err(RunError::io("write", &history))?;
        wrote("history.csv", "loss and accuracy after every epoch");
        if job.output.tensorboard.is_some() {
            let events = folder.file(TENSORBOARD);
            fs::create_dir_all(&events).map_err(RunError::io("make", &events))?;
            let events = events.join(EVENT_FILE);
            fs::rename(&events_path, &events).map_err(RunError::io("write", &events))?;
            wrote(&format!("{TENSORBOARD}/{EVENT_FILE}"), "the course of training, for TensorBoard");
        }
        let records = read_history(&history)?;
        let title = format!("{} — training", job.name);
        let curves = TrainingCurves { title: &title, history: &records, best_epoch: Some(trained.best_epoch) };
        curves.draw(&folder.file("figures/training.png"))?;
        record.figures.push(FigureRecord {
            name: "figures/training.png".into(),
            caption: "Loss and accuracy over the epochs.".into(),
            bytes: 0,
        });
        record.figures.extend(augmented);
        if let Some(last) = records.last() {
            let loss = format!("{:.3} up to step {}", last.train_loss, last.step);
            record.results.push(("training loss of the last epoch".into(), loss));
        }
        if let Some(reason) = trained.stopped {
            record.results.push(("stopped early".into(), reason));
        }
        Ok(record)
    }
}

fn checkpoint_path(folder: &RunFolder) -> PathBuf {
    folder.partial().join(UNFINISHED).join("checkpoint.safetensors")
}

/// The engine that scores labelled voxels: dense wherever the network allows it. It does not depend on the memory that is free,
/// so that a continued run measures as it began.
pub(super) fn scoring_engine(predictor: &Predictor, dataset: &SeismicDataset) -> Engine {
    if predictor.segmentation().is_some() {
        let shapes = dataset.sections().iter().map(|section| section.codes.dim());
        let largest = shapes.map(|(traces, samples)| (traces * samples, traces.max(samples))).max();
        let whole = largest.filter(|&(voxels, _)| voxels <= MOST_VOXELS_AT_A_TIME);
        return Engine::Dense { tile: whole.map_or(768, |(_, side)| side) };
    }
    match predictor.receptive_field() {
        Some(_) => Engine::Dense { tile: 128 },
        None if predictor.device().is_cuda() => Engine::PATCH.with_size(1024),
        None => Engine::PATCH,
    }
}

/// The form of training, and how many of its steps show every training voxel once.
fn form(
    loaded: &LoadedJob,
    description: &ModelDescription,
    dataset: &SeismicDataset,
) -> Result<(Form, Option<u64>), RunError> {
    let job = &loaded.job;
    let augmentation = job.training.augmentation_options();
    match &job.training.form {
        TrainingForm::Dense(dense) => {
            let layers = description.layers()?;
            // A network that segments sees the crop and no more.
            let alone = layers.segmentation().map(|_| 1);
            let receptive_field = layers.receptive_field().or(alone).ok_or(NetworkError::NoDenseForm)?;
            let crops = dense.crops(&job.network);
            let options = CropOptions {
                crop: crops.crop,
                receptive_field,
                crops_per_step: crops.crops_per_step,
                labelled_at_least: crops.labelled_at_least,
                augmentation,
                seed: job.seed,
            };
            CropSampler::new(dataset, options.clone())?;
            Ok((Form::Dense(options), None))
        }
        TrainingForm::Patch(patch) => {
            let options = PatchOptions {
                size: job.patch.size,
                batch: patch.batch,
                padding: job.patch.padding.into(),
                balanced: patch.balanced,
                augmentation,
                seed: job.seed,
            };
            let natural = PatchSampler::new(dataset, options.clone())?.steps_per_epoch();
            Ok((Form::Patch(options), Some(natural)))
        }
    }
}
