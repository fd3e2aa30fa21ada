//! The training loop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::checkpoint::Progress;
use super::early_stopping::best_epoch;
use super::form::Sampler;
use super::prefetch::run_ahead;
use super::schedule::{Place, Rate};
use super::{
    Checkpoint, EpochRecord, Examples, Keep, KeptFeatures, Observer, Phase, TrainError, TrainingEvent, TrainingOptions,
    Validation, Validator, features,
};
use crate::network::{Batch, Learner, NamedArray, Update};

/// What training leaves.
#[derive(Clone, Debug)]
pub struct TrainedWeights {
    /// Weights of the epoch that is kept.
    pub weights: Vec<NamedArray>,
    /// Weights of the last step.
    pub last: Vec<NamedArray>,
    /// All epochs.
    pub history: Vec<EpochRecord>,
    /// The epoch that is kept, counted from 1.
    pub best_epoch: u64,
    /// Why training ended early, if it did.
    pub stopped: Option<String>,
}

/// Trains `learner` on `examples`, continuing from the checkpoint at `checkpoint_path` where there is one.
///
/// Batches and dropout are functions of the step, the learning rate one of step and history, so a run that was cut off and
/// continued ends with the same weights as one that was not, on the same machine with the same number of threads. The checkpoint
/// stays until the caller has used the weights.
///
/// # Errors
/// When the form does not fit examples or network, a phase freezes what is not there, the loss is no number, a file cannot be
/// written, the checkpoint is of another run, or on interruption, after a checkpoint was written.
pub fn train<'a>(
    learner: &mut Learner,
    examples: impl Into<Examples<'a>>,
    options: &TrainingOptions,
    validator: Option<&dyn Validator>,
    checkpoint_path: &Path,
    observer: &mut dyn Observer,
    interrupted: &AtomicBool,
) -> Result<TrainedWeights, TrainError> {
    let sampler = Sampler::new(examples.into(), &options.form)?;
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
        steps: session.planned_steps(),
        history: &session.progress.history.clone(),
    })?;
    while let Some(phase) = options.phases.get(session.progress.phase) {
        session.tell_phase(phase)?;
        if session.keep_features(&sampler, phase, interrupted)? {
            session.steps(&sampler, phase, interrupted)?;
        }
        if !session.has_ended(phase) || session.owes_epoch(phase) {
            return Err(TrainError::Interrupted { step: session.progress.step, steps: session.planned_steps() });
        }
        if !session.begin_next()? {
            break;
        }
    }
    session.finish()
}

/// Gives the batch of a step.
type NextBatch<'a> = dyn FnMut(u64) -> Result<Batch, TrainError> + 'a;

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
        let checkpoint = match self.checkpoint_path.exists() {
            true => Some(Checkpoint::load(self.checkpoint_path)?),
            false => None,
        };
        if checkpoint.as_ref().is_some_and(|checkpoint| !checkpoint.is_of(&self.options.fingerprint)) {
            return Err(TrainError::OtherRun { path: self.checkpoint_path.to_owned() });
        }
        let phase = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.progress.phase);
        if let Some(phase) = self.options.phases.get(phase) {
            self.learner.begin(&phase.learning)?;
        }
        if let Some(checkpoint) = checkpoint {
            self.learner.restore(&checkpoint.weights, &checkpoint.optimizer)?;
            self.progress = checkpoint.progress;
            self.best = checkpoint.best;
        }
        Ok(())
    }

    /// Steps in all, if nothing ends a phase early.
    fn planned_steps(&self) -> u64 {
        self.progress.phase_began.saturating_add(self.options.steps_from(self.progress.phase))
    }

    /// Step at which the phase under way ends at the latest.
    fn phase_end(&self, phase: &Phase) -> u64 {
        self.progress.phase_began.saturating_add(phase.steps)
    }

    fn has_ended(&self, phase: &Phase) -> bool {
        self.progress.step >= self.phase_end(phase) || self.progress.stopped.is_some()
    }

    /// Whether the last step ended an epoch that was not validated, because that was interrupted.
    fn owes_epoch(&self, phase: &Phase) -> bool {
        self.progress.epoch.steps > 0 && self.is_epoch_end(phase)
    }

    fn is_epoch_end(&self, phase: &Phase) -> bool {
        let in_phase = self.progress.step - self.progress.phase_began;
        in_phase.is_multiple_of(self.options.steps_per_epoch) || self.progress.step == self.phase_end(phase)
    }

    fn tell_phase(&mut self, phase: &Phase) -> Result<(), TrainError> {
        let phases = self.options.phases.len();
        if phases == 1 {
            return Ok(());
        }
        self.tell(&TrainingEvent::Phase { phase: self.progress.phase + 1, phases, steps: phase.steps })
    }

    /// Goes on to the next phase, if there is one.
    fn begin_next(&mut self) -> Result<bool, TrainError> {
        let Some(next) = self.options.phases.get(self.progress.phase + 1) else { return Ok(false) };
        if let Some(reason) = self.progress.stopped.take() {
            self.tell(&TrainingEvent::StoppedEarly { reason })?;
        }
        self.progress.phase += 1;
        self.progress.phase_began = self.progress.step;
        self.progress.keeps_features = None;
        self.learner.begin(&next.learning)?;
        self.save()?;
        Ok(true)
    }

    /// Keeps the features of frozen layers where that is worth while; false when interrupted.
    fn keep_features(
        &mut self,
        sampler: &Sampler<'_>,
        phase: &Phase,
        interrupted: &AtomicBool,
    ) -> Result<bool, TrainError> {
        let decided = self.progress.keeps_features;
        let kept = features::decide(self.learner, sampler, self.options, phase.steps, decided)?;
        self.tell(&TrainingEvent::Features(&kept))?;
        let keeps = matches!(kept, KeptFeatures::Yes { .. });
        let carry_on = || !interrupted.load(Ordering::Relaxed);
        if keeps && !self.has_ended(phase) {
            features::keep(self.learner, sampler, &carry_on)?;
        }
        self.progress.keeps_features = Some(keeps);
        Ok(carry_on())
    }

    /// All steps of the phase that are left, up to an interruption.
    fn steps(&mut self, sampler: &Sampler<'_>, phase: &Phase, interrupted: &AtomicBool) -> Result<(), TrainError> {
        let options = self.options;
        let (stager, keeps) = (self.learner.stager(), self.progress.keeps_features == Some(true));
        let mut last_checkpoint = Instant::now();
        if self.owes_epoch(phase) {
            self.end_epoch(interrupted)?;
            self.save()?;
            if self.owes_epoch(phase) {
                return Ok(());
            }
        }
        let make = |step| sampler.batch(step, stager, keeps);
        let end = self.phase_end(phase);
        run_ahead(self.progress.step..end, options.batches_ahead, make, |next| {
            while !self.has_ended(phase) {
                self.step(next, phase)?;
                let epoch_ended = self.is_epoch_end(phase);
                if epoch_ended {
                    self.end_epoch(interrupted)?;
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

    fn step(&mut self, next: &mut NextBatch<'_>, phase: &Phase) -> Result<(), TrainError> {
        let start = Instant::now();
        let updates = self.progress.step - self.progress.phase_began;
        let place = Place { updates, of: phase.steps, history: self.epochs_of_phase() };
        let Rate { learning_rate, momentum } = phase.schedule.rate(phase.learning_rate, place);
        let update = Update { step: self.progress.step, updates, learning_rate, momentum };
        let outcome = self.learner.step(&next(self.progress.step)?, &update)?;
        let progress = &mut self.progress;
        progress.step += 1;
        progress.epoch.loss += outcome.loss;
        progress.epoch.steps += 1;
        progress.epoch.correct += outcome.correct;
        progress.epoch.voxels += outcome.voxels;
        progress.epoch.learning_rate = learning_rate;
        let event = TrainingEvent::Step {
            step: progress.step,
            steps: self.planned_steps(),
            loss: outcome.loss,
            learning_rate,
            accuracy: outcome.correct as f64 / outcome.voxels.max(1) as f64,
            voxels: outcome.voxels,
            elapsed: start.elapsed(),
        };
        self.tell(&event)
    }

    /// Epochs of the phase under way.
    fn epochs_of_phase(&self) -> &[EpochRecord] {
        let history = &self.progress.history;
        let phase = self.progress.phase as u64 + 1;
        &history[history.partition_point(|record| record.phase < phase)..]
    }

    /// Validates and records the epoch, unless that is interrupted: then the epoch is owed.
    fn end_epoch(&mut self, interrupted: &AtomicBool) -> Result<(), TrainError> {
        let validation = match self.validator {
            Some(validator) => validator.validate(&self.learner.predictor()?, interrupted),
            None => Ok(Some(Validation::default())),
        };
        let Some(validation) = validation.map_err(TrainError::Validation)? else { return Ok(()) };
        let sums = std::mem::take(&mut self.progress.epoch);
        let record = EpochRecord {
            epoch: self.progress.history.len() as u64 + 1,
            step: self.progress.step,
            phase: self.progress.phase as u64 + 1,
            learning_rate: sums.learning_rate,
            train_loss: sums.loss / sums.steps.max(1) as f64,
            train_accuracy: sums.correct as f64 / sums.voxels.max(1) as f64,
            validation_loss: validation.loss,
            validation_accuracy: validation.accuracy,
            validation_balanced_accuracy: validation.balanced_accuracy,
            validation_macro_f1: validation.macro_f1,
            validation_mean_iou: validation.mean_iou,
            validation_kappa: validation.kappa,
            validation_fwiu: validation.fwiu,
            validation_roc_auc: validation.roc_auc,
            validation_mae: validation.mae,
        };
        self.progress.history.push(record.clone());
        let best = best_epoch(&self.progress.history, self.options.best_by) == Some(self.progress.history.len() - 1);
        if best {
            self.best = self.learner.weights()?;
        }
        self.tell(&TrainingEvent::Epoch { record: &record, best })?;
        let mut watches = self.options.early_stopping.iter();
        self.progress.stopped = watches.find_map(|watch| watch.reason(self.epochs_of_phase()));
        Ok(())
    }

    fn save(&self) -> Result<(), TrainError> {
        Ok(Checkpoint::of(self.learner, &self.progress, &self.best)?.save(self.checkpoint_path)?)
    }

    fn finish(mut self) -> Result<TrainedWeights, TrainError> {
        let history = &self.progress.history;
        let last = self.learner.weights()?;
        let kept = match self.options.keep {
            Keep::Best => best_epoch(history, self.options.best_by),
            Keep::Last => history.len().checked_sub(1),
        };
        let best_epoch = kept.map_or(0, |place| history[place].epoch);
        if let Some(reason) = self.progress.stopped.clone() {
            self.tell(&TrainingEvent::StoppedEarly { reason })?;
        }
        self.tell(&TrainingEvent::Finished { best_epoch })?;
        let keeps_last = self.options.keep == Keep::Last || self.best.is_empty();
        let weights = if keeps_last { last.clone() } else { self.best };
        Ok(TrainedWeights { weights, last, history: self.progress.history, best_epoch, stopped: self.progress.stopped })
    }

    fn tell(&mut self, event: &TrainingEvent<'_>) -> Result<(), TrainError> {
        self.observer.observe(event).map_err(TrainError::Record)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::test_run::{
        Scripted, alone, dense, frozen, learner, options, patch, phase, run, run_on, sparse_dataset, unet, vgg16,
        waldeland,
    };
    use super::super::{EarlyStopping, Monitor};
    use super::*;
    use crate::network::Freeze;

    #[test]
    fn both_forms_learn_and_continue_exactly_after_any_interruption() {
        for form in [dense(), patch()] {
            let options = options(form, 14);
            let whole = run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &options, None, u64::MAX);
            let whole = whole.unwrap();
            assert_eq!(whole.history.len(), 4);
            assert!(whole.history[3].train_loss < whole.history[0].train_loss, "{:?}", whole.history);

            let folder = tempfile::tempdir().unwrap();
            for interrupt_after in [3, 8] {
                let result = run(&folder, &mut learner(waldeland()), &options, None, interrupt_after);
                assert!(matches!(result, Err(TrainError::Interrupted { step, .. }) if step == interrupt_after));
            }
            let continued = run(&folder, &mut learner(waldeland()), &options, None, u64::MAX).unwrap();
            assert_eq!(continued.weights, whole.weights);
            assert_eq!(continued.history, whole.history);
        }
    }

    #[test]
    fn an_epoch_whose_validation_was_interrupted_is_validated_when_the_run_continues() {
        let options = options(dense(), 14);
        let losses = || Scripted(RefCell::new(vec![0.9, 0.5, 0.7, 0.6]));
        let whole = run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &options, Some(&losses()), u64::MAX);
        let whole = whole.unwrap();
        assert_eq!((whole.history.len(), whole.best_epoch), (4, 2));

        let (folder, validator) = (tempfile::tempdir().unwrap(), losses());
        // Ends of epochs, the last of them that of the training.
        for interrupt_after in [4, 8, 14] {
            let result = run(&folder, &mut learner(waldeland()), &options, Some(&validator), interrupt_after);
            assert!(matches!(result, Err(TrainError::Interrupted { step, .. }) if step == interrupt_after));
        }
        let continued = run(&folder, &mut learner(waldeland()), &options, Some(&validator), u64::MAX).unwrap();
        assert_eq!(continued.history, whole.history);
        assert_eq!(continued.best_epoch, whole.best_epoch);
        assert!(continued.last == whole.last, "the last weights differ");
        assert!(continued.weights == whole.weights, "the best weights differ");
    }

    #[test]
    fn batches_made_ahead_change_no_bit() {
        for form in [dense(), patch()] {
            let with = |batches_ahead| {
                let options = TrainingOptions { batches_ahead, ..options(form.clone(), 6) };
                let folder = tempfile::tempdir().unwrap();
                run(&folder, &mut learner(waldeland()), &options, None, u64::MAX).unwrap()
            };
            let (none, one, four) = (with(0), with(1), with(4));
            assert_eq!((&none.weights, &none.history), (&one.weights, &one.history));
            assert_eq!((&none.weights, &none.history), (&four.weights, &four.history));
        }
    }

    #[test]
    fn a_u_net_learns_from_few_labels_keeps_what_is_frozen_and_continues_exactly() {
        let (dataset, options) = (sparse_dataset(), frozen(alone(), 60, Freeze::Through("bn1".into())));
        let fresh = || learner(unet());
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
        let mut learner = learner(vgg16());
        let before = learner.weights().unwrap();
        let options = frozen(patch(), 2, Freeze::Convolutions(2));
        run(&tempfile::tempdir().unwrap(), &mut learner, &options, None, u64::MAX).unwrap();
        for (before, after) in before.iter().zip(learner.weights().unwrap()) {
            let frozen = before.name.starts_with("features.0.") || before.name.starts_with("features.2.");
            assert_eq!(before.values == after.values, frozen, "{}", before.name);
        }
    }

    #[test]
    fn a_stalled_run_stops_and_keeps_its_best_weights() {
        let stopping = EarlyStopping { monitor: Monitor::Loss, patience: 2, min_delta: 0.0 };
        let options = TrainingOptions { early_stopping: vec![stopping], ..options(patch(), 400) };
        let script = Scripted(vec![0.9, 0.5, 0.6, 0.7].into());
        let mut stopped_learner = learner(waldeland());
        let trained =
            run(&tempfile::tempdir().unwrap(), &mut stopped_learner, &options, Some(&script), u64::MAX).unwrap();
        assert_eq!((trained.best_epoch, trained.history.len()), (2, 4));
        assert!(trained.stopped.is_some());

        let options = TrainingOptions { early_stopping: Vec::new(), phases: vec![phase(8, None)], ..options };
        let short = run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &options, None, u64::MAX);
        assert_eq!(trained.weights, short.unwrap().weights);
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = run(&folder, &mut learner(waldeland()), &options(patch(), 4), None, 2);
        assert!(matches!(first, Err(TrainError::Interrupted { .. })));
        let other = TrainingOptions { fingerprint: "other".into(), ..options(patch(), 4) };
        let second = run(&folder, &mut learner(waldeland()), &other, None, u64::MAX);
        assert!(matches!(second, Err(TrainError::OtherRun { .. })));
    }
}
