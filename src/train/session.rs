//! The training loop.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::checkpoint::Progress;
use super::early_stopping::best_epoch;
use super::form::Sampler;
use super::prefetch::run_ahead;
use super::{Checkpoint, EpochRecord, KeptFeatures, Observer, TrainError, TrainingEvent, TrainingOptions, features};
use crate::dataset::SeismicDataset;
use crate::network::{Batch, Learner, NamedArray, NetworkError, Predictor};

/// Loss and accuracy on the validation share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Mean cross entropy.
    pub loss: f64,
    /// Share of voxels classified rightly.
    pub accuracy: f64,
}

/// Scores the network on voxels held out for validation.
pub trait Validator {
    /// Loss and accuracy of `predictor`.
    ///
    /// # Errors
    /// When the network cannot be applied.
    fn validate(&self, predictor: &Predictor) -> Result<Validation, Box<dyn Error + Send + Sync>>;
}

/// What training leaves.
#[derive(Clone, Debug)]
pub struct TrainedWeights {
    /// Weights of the best epoch.
    pub weights: Vec<NamedArray>,
    /// All epochs.
    pub history: Vec<EpochRecord>,
    /// The epoch whose weights these are, counted from 1.
    pub best_epoch: u64,
    /// Why training ended early, if it did.
    pub stopped: Option<String>,
}

/// Trains `learner` on `dataset`, continuing from the checkpoint at `checkpoint_path` where there is one.
///
/// Batches, dropout and learning rate are functions of the step, so a run that was cut off and continued ends with the same
/// weights as one that was not, on the same machine with the same number of threads. The checkpoint stays until the caller
/// has used the weights.
///
/// # Errors
/// When the form does not fit dataset or network, the loss is no number, a file cannot be written, the checkpoint is of
/// another run, or on interruption, after a checkpoint was written.
pub fn train(
    learner: &mut Learner,
    dataset: &SeismicDataset,
    options: &TrainingOptions,
    validator: Option<&dyn Validator>,
    checkpoint_path: &Path,
    observer: &mut dyn Observer,
    interrupted: &AtomicBool,
) -> Result<TrainedWeights, TrainError> {
    let sampler = Sampler::new(dataset, &options.form)?;
    let mut session = Session {
        learner,
        options,
        validator,
        checkpoint_path,
        observer,
        progress: Progress::default(),
        best: Vec::new(),
    };
    session.resume()?;
    session.tell(&TrainingEvent::Started {
        step: session.progress.step,
        steps: options.steps,
        history: &session.progress.history.clone(),
    })?;
    if session.keep_features(&sampler, interrupted)? {
        session.steps(&sampler, interrupted)?;
    }
    if session.progress.step < options.steps && session.progress.stopped.is_none() {
        return Err(TrainError::Interrupted { step: session.progress.step, steps: options.steps });
    }
    session.finish()
}

/// Gives the batch of a step.
type NextBatch<'a> = dyn FnMut(u64) -> Result<Batch, NetworkError> + 'a;

/// A run under way.
struct Session<'a> {
    learner: &'a mut Learner,
    options: &'a TrainingOptions,
    validator: Option<&'a dyn Validator>,
    checkpoint_path: &'a Path,
    observer: &'a mut dyn Observer,
    progress: Progress,
    best: Vec<NamedArray>,
}

impl Session<'_> {
    fn resume(&mut self) -> Result<(), TrainError> {
        self.progress.fingerprint = self.options.fingerprint.clone();
        if !self.checkpoint_path.exists() {
            return Ok(());
        }
        let checkpoint = Checkpoint::load(self.checkpoint_path)?;
        if !checkpoint.is_of(&self.options.fingerprint) {
            return Err(TrainError::OtherRun { path: self.checkpoint_path.to_owned() });
        }
        self.learner.restore(&checkpoint.weights, &checkpoint.optimizer)?;
        self.progress = checkpoint.progress;
        self.best = checkpoint.best;
        Ok(())
    }

    /// Keeps the features of frozen layers where that is worth while; false when interrupted.
    fn keep_features(&mut self, sampler: &Sampler<'_>, interrupted: &AtomicBool) -> Result<bool, TrainError> {
        let kept = features::decide(self.learner, sampler, self.options, self.progress.keeps_features)?;
        self.tell(&TrainingEvent::Features(&kept))?;
        let keeps = matches!(kept, KeptFeatures::Yes { .. });
        let carry_on = || !interrupted.load(Ordering::Relaxed);
        if keeps && self.progress.step < self.options.steps {
            features::keep(self.learner, sampler, &carry_on)?;
        }
        self.progress.keeps_features = Some(keeps);
        Ok(!keeps || carry_on())
    }

    /// All steps that are left, up to an interruption.
    fn steps(&mut self, sampler: &Sampler<'_>, interrupted: &AtomicBool) -> Result<(), TrainError> {
        let options = self.options;
        let (stager, keeps) = (self.learner.stager(), self.progress.keeps_features == Some(true));
        let mut last_checkpoint = Instant::now();
        let make = |step| sampler.batch(step, stager, keeps);
        run_ahead(self.progress.step..options.steps, options.batches_ahead, make, |next| {
            while self.progress.step < options.steps && self.progress.stopped.is_none() {
                self.step(next)?;
                let epoch_ended =
                    self.progress.step.is_multiple_of(options.steps_per_epoch) || self.progress.step == options.steps;
                if epoch_ended {
                    self.end_epoch()?;
                }
                let stop = interrupted.load(Ordering::Relaxed);
                if epoch_ended || stop || last_checkpoint.elapsed() >= options.checkpoint_every {
                    self.save()?;
                    last_checkpoint = Instant::now();
                }
                if stop {
                    break;
                }
            }
            Ok(())
        })
    }

    fn step(&mut self, next: &mut NextBatch<'_>) -> Result<(), TrainError> {
        let start = Instant::now();
        let outcome = self.learner.step(&next(self.progress.step)?, self.progress.step)?;
        let progress = &mut self.progress;
        progress.step += 1;
        progress.epoch.loss += outcome.loss;
        progress.epoch.steps += 1;
        progress.epoch.correct += outcome.correct;
        progress.epoch.voxels += outcome.voxels;
        progress.epoch.learning_rate = outcome.learning_rate;
        let event = TrainingEvent::Step {
            step: progress.step,
            steps: self.options.steps,
            loss: outcome.loss,
            accuracy: outcome.correct as f64 / outcome.voxels.max(1) as f64,
            voxels: outcome.voxels,
            elapsed: start.elapsed(),
        };
        self.tell(&event)
    }

    fn end_epoch(&mut self) -> Result<(), TrainError> {
        let validation = match self.validator {
            Some(validator) => Some(validator.validate(&self.learner.predictor()?).map_err(TrainError::Validation)?),
            None => None,
        };
        let sums = std::mem::take(&mut self.progress.epoch);
        let record = EpochRecord {
            epoch: self.progress.history.len() as u64 + 1,
            step: self.progress.step,
            learning_rate: sums.learning_rate,
            train_loss: sums.loss / sums.steps.max(1) as f64,
            train_accuracy: sums.correct as f64 / sums.voxels.max(1) as f64,
            validation_loss: validation.map(|validation| validation.loss),
            validation_accuracy: validation.map(|validation| validation.accuracy),
        };
        self.progress.history.push(record.clone());
        let best = best_epoch(&self.progress.history) == Some(self.progress.history.len() - 1);
        if best {
            self.best = self.learner.weights()?;
        }
        self.tell(&TrainingEvent::Epoch { record: &record, best })?;
        let stopping = self.options.early_stopping.as_ref();
        self.progress.stopped = stopping.and_then(|stopping| stopping.reason(&self.progress.history));
        Ok(())
    }

    fn save(&self) -> Result<(), TrainError> {
        Ok(Checkpoint::of(self.learner, &self.progress, &self.best)?.save(self.checkpoint_path)?)
    }

    fn finish(mut self) -> Result<TrainedWeights, TrainError> {
        let best_epoch = best_epoch(&self.progress.history).map_or(0, |place| self.progress.history[place].epoch);
        if let Some(reason) = self.progress.stopped.clone() {
            self.tell(&TrainingEvent::StoppedEarly { reason })?;
        }
        self.tell(&TrainingEvent::Finished { best_epoch })?;
        let weights = if self.best.is_empty() { self.learner.weights()? } else { self.best };
        Ok(TrainedWeights { weights, history: self.progress.history, best_epoch, stopped: self.progress.stopped })
    }

    fn tell(&mut self, event: &TrainingEvent<'_>) -> Result<(), TrainError> {
        self.observer.observe(event).map_err(TrainError::Record)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{
        alone, dense, learner, options, patch, run, run_on, sparse_dataset, unet, vgg16, waldeland,
    };
    use super::super::{EarlyStopping, Monitor};
    use super::*;
    use crate::network::{Freeze, Predictor};

    #[test]
    fn both_forms_learn_and_continue_exactly_after_any_interruption() {
        for form in [dense(), patch()] {
            let options = options(form, 14);
            let whole = run(&tempfile::tempdir().unwrap(), &mut learner(waldeland(), None), &options, None, u64::MAX);
            let whole = whole.unwrap();
            assert_eq!(whole.history.len(), 4);
            assert!(whole.history[3].train_loss < whole.history[0].train_loss, "{:?}", whole.history);

            let folder = tempfile::tempdir().unwrap();
            for interrupt_after in [3, 8] {
                let result = run(&folder, &mut learner(waldeland(), None), &options, None, interrupt_after);
                assert!(matches!(result, Err(TrainError::Interrupted { step, .. }) if step == interrupt_after));
            }
            let continued = run(&folder, &mut learner(waldeland(), None), &options, None, u64::MAX).unwrap();
            assert_eq!(continued.weights, whole.weights);
            assert_eq!(continued.history, whole.history);
        }
    }

    #[test]
    fn batches_made_ahead_change_no_bit() {
        for form in [dense(), patch()] {
            let with = |batches_ahead| {
                let options = TrainingOptions { batches_ahead, ..options(form.clone(), 6) };
                let folder = tempfile::tempdir().unwrap();
                run(&folder, &mut learner(waldeland(), None), &options, None, u64::MAX).unwrap()
            };
            let (none, one, four) = (with(0), with(1), with(4));
            assert_eq!((&none.weights, &none.history), (&one.weights, &one.history));
            assert_eq!((&none.weights, &none.history), (&four.weights, &four.history));
        }
    }

    #[test]
    fn a_u_net_learns_from_few_labels_keeps_what_is_frozen_and_continues_exactly() {
        let (dataset, options) = (sparse_dataset(), options(alone(), 60));
        let fresh = || learner(unet(), Some(Freeze::Through("bn1".into())));
        let start = fresh().weights().unwrap();
        let mut whole = fresh();
        let folder = tempfile::tempdir().unwrap();
        let (trained, kept) = run_on(&dataset, &folder, &mut whole, &options, None, u64::MAX).unwrap();
        assert_eq!(kept, KeptFeatures::NothingFrozen, "what a frozen layer makes of a crop depends on its edges");
        for (before, after) in start.iter().zip(whole.weights().unwrap()) {
            let frozen = before.name.starts_with("conv1.") || before.name.starts_with("bn1.");
            assert_eq!(before.values == after.values, frozen, "{}", before.name);
        }

        let amplitude = dataset.sections()[0].channels.iter().next().unwrap().reversed_axes();
        let section = amplitude.insert_axis(ndarray::Axis(0)).insert_axis(ndarray::Axis(0));
        let scores = whole.predictor().unwrap().segmentation_scores(section).unwrap();
        let right = |&(sample, trace): &(usize, usize)| {
            (scores[[0, 1, sample, trace]] > scores[[0, 0, sample, trace]]) == (trace >= 40)
        };
        let voxels: Vec<_> = (0..60).flat_map(|sample| (0..80).map(move |trace| (sample, trace))).collect();
        let accuracy = voxels.iter().filter(|voxel| right(voxel)).count() as f64 / voxels.len() as f64;
        println!("{accuracy}");
        assert!(accuracy > 0.95, "{accuracy}");

        let folder = tempfile::tempdir().unwrap();
        let interrupted = run_on(&dataset, &folder, &mut fresh(), &options, None, 7);
        assert!(matches!(interrupted, Err(TrainError::Interrupted { step: 7, .. })));
        let (continued, _) = run_on(&dataset, &folder, &mut fresh(), &options, None, u64::MAX).unwrap();
        assert_eq!((continued.weights, continued.history), (trained.weights, trained.history));
    }

    #[test]
    fn frozen_weights_keep_every_bit_and_later_ones_change() {
        let mut learner = learner(vgg16(), Some(Freeze::Convolutions(2)));
        let before = learner.weights().unwrap();
        run(&tempfile::tempdir().unwrap(), &mut learner, &options(patch(), 2), None, u64::MAX).unwrap();
        for (before, after) in before.iter().zip(learner.weights().unwrap()) {
            let frozen = before.name.starts_with("features.0.") || before.name.starts_with("features.2.");
            assert_eq!(before.values == after.values, frozen, "{}", before.name);
        }
    }

    /// Says what it is told to, epoch after epoch.
    struct Scripted(std::cell::RefCell<Vec<f64>>);

    impl Validator for Scripted {
        fn validate(&self, _: &Predictor) -> Result<Validation, Box<dyn Error + Send + Sync>> {
            Ok(Validation { loss: self.0.borrow_mut().remove(0), accuracy: 0.5 })
        }
    }

    #[test]
    fn a_stalled_run_stops_and_keeps_its_best_weights() {
        let stopping = EarlyStopping { monitors: vec![Monitor::Loss], patience: 2 };
        let options = TrainingOptions { early_stopping: Some(stopping), ..options(patch(), 400) };
        let script = Scripted(vec![0.9, 0.5, 0.6, 0.7].into());
        let mut stopped_learner = learner(waldeland(), None);
        let trained =
            run(&tempfile::tempdir().unwrap(), &mut stopped_learner, &options, Some(&script), u64::MAX).unwrap();
        assert_eq!((trained.best_epoch, trained.history.len()), (2, 4));
        assert!(trained.stopped.is_some());

        let options = TrainingOptions { early_stopping: None, steps: 8, ..options };
        let short = run(&tempfile::tempdir().unwrap(), &mut learner(waldeland(), None), &options, None, u64::MAX);
        assert_eq!(trained.weights, short.unwrap().weights);
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = run(&folder, &mut learner(waldeland(), None), &options(patch(), 4), None, 2);
        assert!(matches!(first, Err(TrainError::Interrupted { .. })));
        let other = TrainingOptions { fingerprint: "other".into(), ..options(patch(), 4) };
        let second = run(&folder, &mut learner(waldeland(), None), &other, None, u64::MAX);
        assert!(matches!(second, Err(TrainError::OtherRun { .. })));
    }
}
