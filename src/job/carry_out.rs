//! Carrying out a job: everything is checked first, then done stage by stage, and recorded as it is done.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use super::differences::Changes;
use super::disk_space::check_free_space;
use super::engine_choice::Computing;
use super::identity::{self, hash_file, hash_inputs};
use super::interpretation::{PredictionRun, PreparedPrediction};
use super::located::located;
use super::predictors::workers_per_device;
use super::report_page::{REPORT, write_page};
use super::run_folder::{RunFolder, RunRecord, StageRecord, Stages};
use super::training::{MODEL_FILE, PreparedTraining};
use super::{JobEvent, Listener, LoadedJob, Material, RunError, evaluation, interpretation, job_yaml, training};
use crate::network::{Device, DeviceChoice, Model, library_release};

/// Which part of a job to carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Train a model.
    Train,
    /// Score a trained model on the labelled voxels.
    Evaluate,
    /// Interpret cubes with a trained model.
    Predict,
    /// All of it, and the report.
    Run,
}

/// How a job is carried out.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Folder that holds the run folders.
    pub output: PathBuf,
    /// Where to compute.
    pub device: DeviceChoice,
    /// CPU threads.
    pub threads: usize,
    /// Whether results that are there already are made again.
    pub overwrite: bool,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// The run folder.
    pub folder: PathBuf,
    /// The parts of the work that are done.
    pub stages: Stages,
    /// Whether everything asked for was there already.
    pub was_done: bool,
}

/// Carries out `work` of a job of a cube; of one fold, where it has folds.
///
/// Parts that are done already are kept; an interrupted part continues. Nothing is written before everything that the job
/// names has been read and found to fit.
///
/// # Errors
/// When the job cannot be carried out, fails, or is interrupted.
pub(super) fn carry_out(
    loaded: &LoadedJob,
    work: Work,
    options: &RunOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<RunOutcome, RunError> {
    // Before any other call into libtorch.
    let devices = options.device.open()?;
    let mut plan = Plan::new(loaded, work, options, devices)?;
    if !plan.trains && !plan.evaluates && !plan.predicts && !plan.reports {
        return Ok(RunOutcome { folder: plan.folder.path().to_owned(), stages: plan.record.stages, was_done: true });
    }
    let mut listener = Remembering { listener, warnings: Vec::new() };
    let prepared = Prepared::new(&plan, &mut listener).map_err(|error| located(loaded, error))?;
    plan.begin()?;
    let result = prepared.carry_out(&mut plan, &mut listener, interrupted);
    plan.end(&result)?;
    result?;
    Ok(RunOutcome { folder: plan.folder.path().to_owned(), stages: plan.record.stages, was_done: false })
}

/// What is to be done, and where.
struct Plan<'a> {
    loaded: &'a LoadedJob,
    options: &'a RunOptions,
    /// The first trains and scores, all interpret.
    devices: Vec<Device>,
    folder: RunFolder,
    record: RunRecord,
    training_identity: String,
    trains: bool,
    evaluates: bool,
    predicts: bool,
    reports: bool,
    /// Results that will be made again.
    replaced: Vec<StageRecord>,
    /// Unfinished work that is given up.
    given_up: Vec<&'static str>,
    /// Since the last command in this folder.
    changes: Changes,
    lock: Option<File>,
}

impl<'a> Plan<'a> {
    /// How many sections are computed at a time on one device.
    fn workers(&self) -> usize {
        workers_per_device(&self.devices, self.options.threads)
    }

    fn new(loaded: &'a LoadedJob, work: Work, options: &'a RunOptions, devices: Vec<Device>) -> Result<Self, RunError> {
        let job = &loaded.job;
        if work == Work::Predict && job.prediction.is_empty() {
            let help = "add one, for example `prediction: {engine: dense}`".to_owned();
            return Err(loaded.refuse("prediction", "the job asks for no interpretation", Some(help)).into());
        }
        let folder = RunFolder::find(&options.output, &job.name)?;
        let inputs = hash_inputs(loaded)?;
        let training_identity = identity::of_training(job, &inputs);
        let earlier = match folder.record() {
            // What it said of earlier results is lost; they are all made again.
            Err(RunError::Record { .. }) if options.overwrite && matches!(work, Work::Run | Work::Train) => None,
            earlier => earlier?,
        };
        let changes = Changes::new(&folder, job_yaml(job).ok().as_deref(), earlier.as_ref(), &inputs, &devices);
        let mut record = RunRecord {
            facies: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch: library_release().to_owned(),
            job: job.name.clone(),
            seed: job.seed,
            device: names(&devices),
            threads: options.threads,
            inputs,
            ..earlier.unwrap_or_default()
        };
        let asks = |part: Work| work == Work::Run || work == part;
        let other = |stage, differences| RunError::OtherRun { path: folder.path().to_owned(), stage, differences };
        let done = |stage: &Option<StageRecord>| stage.as_ref().is_some_and(|stage| stage.is_complete(&folder));
        let same_training = record.stages.training.as_ref().is_none_or(|stage| stage.identity == training_identity);

        let trains = asks(Work::Train) && (options.overwrite || !done(&record.stages.training));
        if !same_training && !trains {
            return Err(other("training", changes.of_training()));
        }
        // A model that is there but damaged is told as such when it is read.
        let has_model = record.stages.training.is_some() && folder.file(MODEL_FILE).exists();
        if !asks(Work::Train) && !has_model {
            return Err(RunError::NoModel { path: folder.path().to_owned() });
        }
        let (mut replaced, mut given_up) = (Vec::new(), Vec::new());
        if trains {
            // Later stages belong to the old model.
            let Stages { training, evaluation, prediction } = std::mem::take(&mut record.stages);
            replaced.extend([training, evaluation, prediction].into_iter().flatten());
            if options.overwrite {
                given_up.extend([training::UNFINISHED, interpretation::UNFINISHED]);
            }
        }
        let expected = |record: &RunRecord| {
            let model = record.model_sha256.as_deref().unwrap_or_default();
            identity::of_predictions(job, &record.inputs, model, devices[0].kind())
        };
        let scored = identity::of_evaluation(job);
        let same_scores = record.stages.evaluation.as_ref().is_none_or(|stage| stage.identity.ends_with(&scored));
        let evaluates = asks(Work::Evaluate) && (options.overwrite || !done(&record.stages.evaluation) || !same_scores);
        let predicts = asks(Work::Predict)
            && !job.prediction.is_empty()
            && (options.overwrite || !done(&record.stages.prediction));
        if !predicts
            && record.stages.prediction.as_ref().is_some_and(|stage| stage.identity != expected(&record))
            && asks(Work::Predict)
        {
            return Err(other("prediction", changes.of_prediction()));
        }
        if predicts && options.overwrite {
            replaced.extend(record.stages.prediction.take());
            given_up.push(interpretation::UNFINISHED);
        }
        let reports = work == Work::Run
            && (trains || evaluates || predicts || !folder.file(REPORT).exists() || record.status != "finished");
        Ok(Self {
            loaded,
            options,
            devices,
            folder,
            record,
            training_identity,
            trains,
            evaluates,
            predicts,
            reports,
            replaced,
            given_up,
            changes,
            lock: None,
        })
    }

    fn begin(&mut self) -> Result<(), RunError> {
        let begun = self.folder.lock().and_then(|lock| {
            self.lock = Some(lock);
            self.write_beginning()
        });
        if !matches!(begun, Ok(()) | Err(RunError::Busy { .. })) {
            // The first error is the one that matters.
            let _ = self.end(&begun);
        }
        begun
    }

    fn write_beginning(&mut self) -> Result<(), RunError> {
        self.folder.remove_left_overs()?;
        if self.trains || self.evaluates || self.predicts {
            // It tells of what was before; `run` writes it anew.
            self.folder.remove_file(REPORT)?;
        }
        for stage in &self.replaced {
            self.folder.remove_stage(stage)?;
        }
        for part in &self.given_up {
            self.folder.remove_partial(part)?;
        }
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        self.record.status = "running".into();
        self.record.error = None;
        self.record.ended = None;
        if self.trains || self.record.started.is_empty() {
            self.record.started = now;
        }
        self.folder.write_record(&self.record)?;
        self.folder.write("job.yaml", job_yaml(&self.loaded.job)?.as_bytes())
    }

    /// Notes how it ended. The record of an error must not hide the error itself.
    fn end(&mut self, result: &Result<(), RunError>) -> Result<(), RunError> {
        self.record.ended = Some(humantime::format_rfc3339_seconds(SystemTime::now()).to_string());
        (self.record.status, self.record.error) = match result {
            Ok(()) => ("finished".into(), None),
            Err(error) if error.is_interruption() => ("interrupted".into(), None),
            Err(error) => ("failed".into(), Some(error.to_string())),
        };
        let written = self.folder.write_record(&self.record);
        self.lock = None;
        self.folder.unlock();
        if result.is_ok() { written } else { Ok(()) }
    }

    /// The trained model, when it is still the one that was trained.
    fn model(&self) -> Result<Model, RunError> {
        let path = self.folder.file(MODEL_FILE);
        let model = Model::load(&path)?;
        let trained = self.record.model_sha256.as_ref();
        if trained.is_some_and(|trained| hash_file(&path).is_ok_and(|(_, sha256)| sha256 != *trained)) {
            return Err(RunError::ChangedModel { path });
        }
        Ok(model)
    }

    fn note(
        &mut self,
        since: Instant,
        identity: String,
        mut stage: StageRecord,
        slot: fn(&mut Stages) -> &mut Option<StageRecord>,
    ) -> Result<(), RunError> {
        stage.identity = identity;
        stage.seconds = since.elapsed().as_secs_f64();
        stage.measure(&self.folder);
        *slot(&mut self.record.stages) = Some(stage);
        self.folder.write_record(&self.record)
    }
}

/// `cuda:0,cuda:1`, as `--device` takes it.
fn names(devices: &[Device]) -> String {
    devices.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Everything read and found to fit.
struct Prepared {
    material: Material,
    training: Option<PreparedTraining>,
    /// The model, unless it is trained first.
    model: Option<Model>,
    predictions: Vec<PreparedPrediction>,
    /// About cube and labels.
    warnings: Vec<String>,
    /// About what is to be interpreted.
    prediction_warnings: Vec<String>,
}

impl Prepared {
    fn new(plan: &Plan<'_>, listener: &mut Remembering<'_>) -> Result<Self, RunError> {
        let loaded = plan.loaded;
        listener.notice(&JobEvent::Stage("reading the cube and its labels"));
        let material = Material::open(loaded, listener)?;
        let warnings = listener.take();
        let training = if plan.trains {
            let threads = plan.options.threads;
            let training = PreparedTraining::new(loaded, &material, plan.devices[0], threads, &plan.training_identity)?;
            if !plan.given_up.contains(&training::UNFINISHED) {
                training.check_unfinished(&plan.folder).map_err(|error| match error {
                    RunError::OtherUnfinished { path, device, threads, .. } => {
                        RunError::OtherUnfinished { path, device, threads, differences: plan.changes.of_training() }
                    }
                    error => error,
                })?;
            }
            Some(training)
        } else {
            None
        };
        let model = if plan.trains { None } else { Some(plan.model()?) };
        let layers = loaded.job.layers()?;
        // The one with the least memory decides about tiles.
        let device = plan.devices.iter().copied().min_by_key(|device| device.free_memory().unwrap_or(u64::MAX));
        let device = device.unwrap_or(plan.devices[0]);
        let computing = Computing { layers: &layers, device, workers: plan.workers() };
        let predictions =
            if plan.predicts { PreparedPrediction::all(loaded, &material, computing, listener)? } else { Vec::new() };
        let needed = predictions.iter().map(|prediction| prediction.surely_needed(loaded, &material, &plan.folder));
        check_free_space(&plan.folder, needed.sum(), &plan.replaced)?;
        Ok(Self { material, training, model, predictions, warnings, prediction_warnings: listener.take() })
    }

    fn carry_out(
        self,
        plan: &mut Plan<'_>,
        listener: &mut Remembering<'_>,
        interrupted: &AtomicBool,
    ) -> Result<(), RunError> {
        let (loaded, device, threads) = (plan.loaded, plan.devices[0], plan.options.threads);
        let devices = plan.devices.clone();
        let Self { material, training, model, predictions, warnings, prediction_warnings } = self;
        if let Some(training) = training {
            let start = Instant::now();
            let mut stage = training.run(loaded, &plan.folder, listener, interrupted)?;
            stage.warnings = listener.take();
            plan.record.model_sha256 = Some(hash_file(&plan.folder.file(MODEL_FILE))?.1);
            let identity = plan.training_identity.clone();
            plan.note(start, identity, stage, |stages| &mut stages.training)?;
        }
        plan.folder.remove_partial(training::UNFINISHED)?;
        let model = match model {
            Some(model) => model,
            None => Model::load(&plan.folder.file(MODEL_FILE))?,
        };
        let model_sha256 = plan.record.model_sha256.clone().unwrap_or_default();
        if plan.evaluates {
            let start = Instant::now();
            let folder = &plan.folder;
            let mut stage =
                evaluation::evaluate(loaded, &material, &model, device, threads, folder, listener, interrupted)?;
            stage.warnings = listener.take();
            let scored = identity::of_evaluation(&loaded.job);
            let identity = format!("{} {model_sha256} {device} {scored}", plan.training_identity);
            plan.note(start, identity, stage, |stages| &mut stages.evaluation)?;
        }
        if !predictions.is_empty() {
            let start = Instant::now();
            let inputs = plan.record.inputs.clone();
            let run = PredictionRun {
                loaded,
                material: &material,
                model: &model,
                devices: &devices,
                workers: plan.workers(),
                folder: &plan.folder,
                inputs: &inputs,
                model_sha256: &model_sha256,
                interrupted,
            };
            let mut stage = StageRecord { warnings: prediction_warnings, ..StageRecord::default() };
            for prediction in &predictions {
                prediction.run(&run, listener, &mut stage)?;
            }
            stage.warnings.extend(listener.take());
            let identity = identity::of_predictions(&loaded.job, &inputs, &model_sha256, device.kind());
            plan.note(start, identity, stage, |stages| &mut stages.prediction)?;
        }
        if plan.record.stages.prediction.is_some() {
            plan.folder.remove_partial(interpretation::UNFINISHED)?;
        }
        if plan.reports {
            listener.notice(&JobEvent::Stage("writing the report"));
            let dataset = material.dataset(loaded, &material.reader(&model.description)?)?;
            write_page(loaded, &material, &dataset, &model, &plan.folder, &plan.record, &warnings)?;
        }
        Ok(())
    }
}

/// Passes events on and keeps the warnings for the report.
struct Remembering<'a> {
    listener: &'a mut dyn Listener,
    warnings: Vec<String>,
}

impl Remembering<'_> {
    /// The warnings since the last call.
    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }
}

impl Listener for Remembering<'_> {
    fn notice(&mut self, event: &JobEvent<'_>) {
        if let JobEvent::Warning(warning) = event {
            self.warnings.push((*warning).to_owned());
        }
        self.listener.notice(event);
    }
}

/// Reads the record of a run that may have ended, for batches.
///
/// # Errors
/// When it cannot be read.
pub fn run_record(output: &Path, name: &str) -> Result<Option<RunRecord>, RunError> {
    RunFolder::find(output, name)?.record()
}
