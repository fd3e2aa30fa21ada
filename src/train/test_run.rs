//! A small section and networks that learn from it.

use std::cell::RefCell;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ndarray::{Array2, Array3};
use tempfile::TempDir;

use super::{
    EpochRecord, FeatureCache, Form, Keep, KeptFeatures, Monitor, Observer, Phase, Schedule, TrainError,
    TrainedWeights, TrainingEvent, TrainingOptions, Validation, Validator, train,
};
use crate::dataset::{Augmentation, CropOptions, Padding, PatchOptions, SeismicDataset, Split};
use crate::grid::{ClassTable, Domain, Geometry, LineAxis, Plane, Section, UNLABELLED, VerticalAxis};
use crate::labels::Labels;
use crate::network::{
    Architecture, Device, Encoder, Freeze, Head, Learner, LearnerOptions, Learning, Loss, Model, ModelDescription,
    OptimizerOptions, Padding as Borders, Precision, Predictor, Unet, set_threads,
};
use crate::volume::{AmplitudeScaling, MemoryVolume, SectionReader, Volume};

/// One inline with two textures: slow waves on the left, fast ones on the right.
pub(super) fn dataset() -> SeismicDataset {
    labelled(|_| true)
}

/// The same, labelled on one trace in eight.
pub(super) fn sparse_dataset() -> SeismicDataset {
    labelled(|trace| trace % 8 == 3)
}

fn labelled(is_labelled: impl Fn(usize) -> bool) -> SeismicDataset {
    let line = |first, count| LineAxis { first, step: 1, count };
    let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 60 };
    let geometry = Geometry { inline: line(1, 1), crossline: line(1, 80), vertical, xy_from_grid: None };
    let wave = |trace: usize, sample: usize| {
        let period = if trace < 40 { 24.0 } else { 5.0 };
        (sample as f32 / period * std::f32::consts::TAU + trace as f32 * 0.1).sin()
    };
    let cube = Array3::from_shape_fn((1, 80, 60), |(_, trace, sample)| wave(trace, sample));
    let volume = MemoryVolume::new(geometry, cube).unwrap();
    let mut labels = Labels::new(volume.geometry().clone());
    let code = |(trace, _)| if is_labelled(trace) { u8::from(trace >= 40) } else { UNLABELLED };
    let codes = Array2::from_shape_fn((80, 60), code);
    labels.add_section(Section::inline(0), codes.view()).unwrap();
    let scaling = AmplitudeScaling::new(-1.0, 1.0).unwrap();
    let reader = SectionReader::new(&volume, scaling);
    SeismicDataset::build(&reader, &labels, &classes(), &[Plane::Inline], &Split::None).unwrap()
}

pub(super) fn classes() -> ClassTable {
    ClassTable::from_names(["slow", "fast"]).unwrap()
}

pub(super) fn learning(freeze: Option<Freeze>) -> Learning {
    Learning { optimizer: OptimizerOptions::ADAM, freeze }
}

/// Steps with Adam at one rate.
pub(super) fn phase(steps: u64, freeze: Option<Freeze>) -> Phase {
    Phase { steps, learning: learning(freeze), learning_rate: 2e-3, schedule: Schedule::Constant }
}

pub(super) fn learner(architecture: Architecture) -> Learner {
    learner_of(description(architecture, 65))
}

pub(super) fn learner_in(architecture: Architecture, precision: Precision) -> Learner {
    learner_with(description(architecture, 65), precision)
}

pub(super) fn description(architecture: Architecture, patch: usize) -> ModelDescription {
    ModelDescription {
        version: ModelDescription::VERSION,
        architecture,
        patch,
        planes: vec![Plane::Inline],
        classes: classes(),
        amplitude: AmplitudeScaling::new(-1.0, 1.0).unwrap(),
        further_channels: Vec::new(),
        domain: Domain::Time,
        sample_step: 4.0,
        pretrained: None,
        seed: 3,
        temperature: None,
    }
}

pub(super) fn learner_of(description: ModelDescription) -> Learner {
    learner_with(description, Precision::Float32)
}

fn learner_with(description: ModelDescription, precision: Precision) -> Learner {
    set_threads(1);
    let options = LearnerOptions {
        learning: learning(None),
        loss: Loss::CROSS_ENTROPY,
        class_weights: Some(vec![1.0, 1.0]),
        clip: None,
        precision,
        frozen_statistics: Default::default(),
        device: Device::cpu(),
        seed: 3,
    };
    Learner::new(Model::new(description, None).unwrap(), options).unwrap()
}

pub(super) fn waldeland() -> Architecture {
    Architecture::Waldeland { padding: Borders::Valid }
}

/// VGG16 up to conv2_1, which sees 10 x 10 voxels.
pub(super) fn vgg16() -> Architecture {
    let head = Head { hidden: vec![8], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
    Architecture::Vgg16 { cut: Some("conv2_1".into()), padding: Borders::Valid, head }
}

/// The first two resolutions below the full one of ResNet18, and thin ones back.
pub(super) fn unet() -> Architecture {
    Architecture::Unet(Unet { encoder: Encoder::Resnet18, decoder: vec![8, 8], dropout: 0.5, batch_norm: true })
}

/// One phase in which nothing is frozen.
pub(super) fn options(form: Form, steps: u64) -> TrainingOptions {
    TrainingOptions {
        form,
        phases: vec![phase(steps, None)],
        steps_per_epoch: 4,
        early_stopping: Vec::new(),
        best_by: Monitor::Loss,
        keep: Keep::Best,
        checkpoint_every: Duration::from_secs(3600),
        feature_cache: FeatureCache::Off,
        batches_ahead: 1,
        fingerprint: "test".into(),
    }
}

/// The same with frozen layers.
pub(super) fn frozen(form: Form, steps: u64, freeze: Freeze) -> TrainingOptions {
    TrainingOptions { phases: vec![phase(steps, Some(freeze))], ..options(form, steps) }
}

pub(super) fn dense() -> Form {
    Form::Dense(CropOptions {
        crop: 12,
        receptive_field: 61,
        crops_per_step: 3,
        labelled_at_least: 0.5,
        augmentation: Augmentation {
            mirror: 0.5,
            stretch: 0.2.into(),
            amplitude_scale: [0.9, 1.1],
            noise: 0.1.into(),
            ..Augmentation::default()
        },
        seed: 3,
    })
}

/// Crops that a U-Net sees, a twentieth of them labelled.
pub(super) fn alone() -> Form {
    Form::Dense(CropOptions {
        crop: 32,
        receptive_field: 1,
        crops_per_step: 2,
        labelled_at_least: 0.05,
        augmentation: Augmentation::default(),
        seed: 3,
    })
}

pub(super) fn patch() -> Form {
    Form::Patch(PatchOptions {
        size: 65,
        batch: 16,
        padding: Padding::Zero,
        balanced: true,
        augmentation: Augmentation::default(),
        seed: 3,
    })
}

/// Notes epochs and what was said of features, and asks for an interruption after some step.
pub(super) struct Watch<'a> {
    pub(super) interrupt_after: u64,
    pub(super) interrupted: &'a AtomicBool,
    pub(super) epochs: Vec<EpochRecord>,
    pub(super) features: Option<KeptFeatures>,
}

impl Observer for Watch<'_> {
    fn observe(&mut self, event: &TrainingEvent<'_>) -> std::io::Result<()> {
        match event {
            TrainingEvent::Started { history, .. } => self.epochs = history.to_vec(),
            TrainingEvent::Features(kept) => self.features = Some((*kept).clone()),
            TrainingEvent::Step { step, .. } => {
                self.interrupted.store(*step >= self.interrupt_after, Ordering::Relaxed);
            }
            TrainingEvent::Epoch { record, .. } => self.epochs.push((*record).clone()),
            _ => {}
        }
        Ok(())
    }
}

pub(super) fn run(
    folder: &TempDir,
    learner: &mut Learner,
    options: &TrainingOptions,
    validator: Option<&dyn Validator>,
    interrupt_after: u64,
) -> Result<TrainedWeights, TrainError> {
    watched_run(folder, learner, options, validator, interrupt_after).map(|(trained, _)| trained)
}

/// A run, and what was said of features.
pub(super) fn watched_run(
    folder: &TempDir,
    learner: &mut Learner,
    options: &TrainingOptions,
    validator: Option<&dyn Validator>,
    interrupt_after: u64,
) -> Result<(TrainedWeights, KeptFeatures), TrainError> {
    run_on(&dataset(), folder, learner, options, validator, interrupt_after)
}

/// The same on another dataset.
pub(super) fn run_on(
    dataset: &SeismicDataset,
    folder: &TempDir,
    learner: &mut Learner,
    options: &TrainingOptions,
    validator: Option<&dyn Validator>,
    interrupt_after: u64,
) -> Result<(TrainedWeights, KeptFeatures), TrainError> {
    let interrupted = AtomicBool::new(interrupt_after == 0);
    let mut watch = Watch { interrupt_after, interrupted: &interrupted, epochs: Vec::new(), features: None };
    let path = folder.path().join("checkpoint.safetensors");
    let trained = train(learner, dataset, options, validator, &path, &mut watch, &interrupted)?;
    assert_eq!(watch.epochs, trained.history);
    Ok((trained, watch.features.expect("told before the first step")))
}

/// Says what it is told to, epoch after epoch.
pub(super) struct Scripted(pub(super) RefCell<Vec<f64>>);

impl Validator for Scripted {
    fn validate(
        &self,
        _: &Predictor,
        interrupted: &AtomicBool,
    ) -> Result<Option<Validation>, Box<dyn Error + Send + Sync>> {
        if interrupted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let loss = Some(self.0.borrow_mut().remove(0));
        Ok(Some(Validation { loss, accuracy: Some(0.5), ..Validation::default() }))
    }
}
