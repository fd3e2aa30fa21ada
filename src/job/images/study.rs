//! A job of pictures from its folders to the report.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use sha2::{Digest, Sha256};

use super::bottleneck_path;
use super::features::{NamedFolders, bottlenecks_of, open_folders, warnings};
use super::folds::check_folds;
use super::learning::{PictureSets, Task};
use super::load::LoadedImages;
use super::page::write_page;
use super::recipe::{self, PictureTraining};
use super::resolve::network_layers;
use super::train::train_and_score;
use crate::dataset::pictures::{PictureDivision, PictureFolder, PictureSet, divide};
use crate::grid::hexadecimal;
use crate::job::differences::Changes;
use crate::job::identity::hash_file;
use crate::job::run_folder::{FigureRecord, FileRecord, InputRecord, RunFolder, RunRecord, StageRecord, Stages};
use crate::job::schema::images::{ImagesJob, PictureFolds, PictureSplit};
use crate::job::write::images_yaml;
use crate::job::{JobEvent, Listener, MODEL_FILE, RunError, RunOptions, RunOutcome, Work};
use crate::metrics::share_interval;
use crate::network::{NetworkError, library_release, set_threads};
use crate::predict::pictures::Bottlenecks;

/// Carries out a job of pictures: bottlenecks, training, scores, report. What is there already is kept.
///
/// # Errors
/// When the job cannot be carried out, fails, or is interrupted.
pub(in crate::job) fn carry_out_images(
    loaded: &LoadedImages,
    work: Work,
    options: &RunOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<RunOutcome, RunError> {
    let help = |text: &str| Some(text.to_owned());
    match work {
        Work::Run | Work::Train => {}
        Work::Evaluate => {
            let message = "pictures are scored where a network is trained on them";
            return Err(loaded.refuse("input.images", message, help("use `facies run`")).into());
        }
        Work::Predict => {
            let message = "a job of pictures interprets no volume";
            let help = help("train it with `facies run`, then `facies images classify --model MODEL FOLDER`");
            return Err(loaded.refuse("input.images", message, help).into());
        }
    }
    // Before any other call into libtorch.
    let device = options.device.open()?[0];
    set_threads(options.threads);
    let job = &loaded.job;
    let folder = RunFolder::find(&options.output, &job.name)?;
    let earlier = folder.record()?;
    let begun = Instant::now();
    let folders = open(job)?;
    let (folders, mut told) = divided(job, folders)?;
    check_tuning(loaded, &folders)?;
    let file = bottleneck_path(&options.output, &bottleneck_name(job, &folders)?);
    let outcome = bottlenecks_of(&folders, &job.frozen_network(), &file, device, listener, interrupted)?;
    let bottlenecks = outcome.bottlenecks;
    told.extend(warnings(&folders, &bottlenecks));
    told.extend(left_out(&bottlenecks));
    told.iter().for_each(|text| listener.notice(&JobEvent::Warning(text)));
    let sets = PictureSets::of(&bottlenecks);
    let recipe = job.recipe(sets.train.pictures.len(), device, options.threads);
    let identity = identity(job, &bottlenecks, &recipe);
    if let (Some(record), false) = (&earlier, options.overwrite) {
        let Stages { training, evaluation, .. } = &record.stages;
        if training.as_ref().is_some_and(|training| training.identity != identity) {
            let changes = Changes::new(&folder, images_yaml(job).ok().as_deref(), earlier.as_ref(), &[], &[device]);
            let (path, differences) = (folder.path().to_owned(), changes.of_training());
            return Err(RunError::OtherRun { path, stage: "training", differences });
        }
        let whole = |stage: &Option<StageRecord>| stage.as_ref().is_some_and(|stage| stage.is_complete(&folder));
        if whole(training) && whole(evaluation) && folder.file(REPORT).exists() && record.status == "finished" {
            let stages = record.stages.clone();
            return Ok(RunOutcome { folder: folder.path().to_owned(), stages, was_done: true });
        }
    }
    let study = Study {
        begun,
        loaded,
        folder,
        bottlenecks: &bottlenecks,
        sets: &sets,
        recipe: &recipe,
        identity,
        warnings: told,
    };
    study.carry_out(earlier, options, listener, interrupted)
}

/// Everything that is known before training.
struct Study<'a> {
    begun: Instant,
    loaded: &'a LoadedImages,
    folder: RunFolder,
    bottlenecks: &'a Bottlenecks,
    sets: &'a PictureSets,
    recipe: &'a PictureTraining,
    identity: String,
    warnings: Vec<String>,
}

impl Study<'_> {
    fn carry_out(
        self,
        earlier: Option<RunRecord>,
        options: &RunOptions,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<RunOutcome, RunError> {
        let job = &self.loaded.job;
        let now = || humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let mut record = RunRecord {
            facies: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch: library_release().to_owned(),
            status: "running".into(),
            job: job.name.clone(),
            seed: job.seed,
            device: self.recipe.device.to_string(),
            threads: options.threads,
            started: now(),
            inputs: inputs(job)?,
            ..RunRecord::default()
        };
        let lock = self.folder.lock()?;
        self.folder.remove_left_overs()?;
        if options.overwrite {
            self.folder.remove_partial("training")?;
        }
        self.folder.remove_file(REPORT)?;
        let Stages { training, evaluation, .. } = earlier.map(|record| record.stages).unwrap_or_default();
        [training, evaluation].iter().flatten().try_for_each(|stage| self.folder.remove_stage(stage))?;
        self.folder.write_record(&record)?;
        self.folder.write("job.yaml", images_yaml(job)?.as_bytes())?;
        let result = self.learn(&mut record, listener, interrupted);
        record.ended = Some(now());
        (record.status, record.error) = match &result {
            Ok(()) => ("finished".into(), None),
            Err(error) if error.is_interruption() => ("interrupted".into(), None),
            Err(error) => ("failed".into(), Some(error.to_string())),
        };
        let written = self.folder.write_record(&record);
        drop(lock);
        self.folder.unlock();
        result?;
        written?;
        Ok(RunOutcome { folder: self.folder.path().to_owned(), stages: record.stages, was_done: false })
    }

    fn learn(
        &self,
        record: &mut RunRecord,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<(), RunError> {
        let Self { loaded, folder, bottlenecks, sets, recipe, .. } = self;
        let job = &loaded.job;
        let task = Task { bottlenecks, sets, recipe, name: &job.name, folder: folder.path() };
        let (learnt, scores) = train_and_score(task, job.output.explained, listener, interrupted)?;
        let model = folder.file(MODEL_FILE);
        learnt.model.save(&model)?;
        record.model_sha256 = Some(hash_file(&model)?.1);
        let mut training = StageRecord {
            identity: self.identity.clone(),
            seconds: self.begun.elapsed().as_secs_f64(),
            files: vec![FileRecord {
                name: MODEL_FILE.into(),
                description: "the trained network: weights and all that is needed to use them".into(),
                bytes: 0,
            }],
            warnings: self.warnings.clone(),
            ..StageRecord::default()
        };
        for name in &learnt.files {
            match name.ends_with(".png") {
                true => training.figures.push(FigureRecord {
                    name: name.clone(),
                    caption: format!("Loss and accuracy over the epochs of {}.", name.trim_end_matches(".png")),
                    bytes: 0,
                }),
                false => training.files.push(FileRecord {
                    name: name.clone(),
                    description: "the course of training".into(),
                    bytes: 0,
                }),
            }
        }
        training.results.extend(learnt.stopped.map(|reason| ("stopped early".to_owned(), reason)));
        training.measure(folder);
        let results = scores.metrics.subsets().into_iter().map(|(set, scores)| {
            let [low, high] = share_interval(scores.accuracy, scores.support);
            let range = if set == "train" { String::new() } else { format!("; 95 % interval {low:.2} to {high:.2}") };
            (format!("{set} accuracy"), format!("{:.3} ({} pictures{range})", scores.accuracy, scores.support))
        });
        let mut evaluation = StageRecord {
            results: results.collect(),
            files: scores.files.clone(),
            figures: scores.figures.clone(),
            ..StageRecord::default()
        };
        evaluation.measure(folder);
        record.stages = Stages { training: Some(training), evaluation: Some(evaluation), prediction: None };
        folder.write_record(record)?;
        write_page(job, folder, record, &scores, bottlenecks, sets, &learnt.model.description)
    }
}

/// Name of the report in a run folder.
pub(super) const REPORT: &str = "report.html";

/// The folds of a job as jobs of their own, if it asks for all of them: `fold-1` and so on.
pub(in crate::job) fn folds_of_pictures(loaded: &LoadedImages) -> Option<Vec<LoadedImages>> {
    let PictureSplit::Folds(PictureFolds { count, fold: None }) = loaded.job.split else { return None };
    let fold = |number: usize| {
        let mut loaded = loaded.clone();
        loaded.job.split = PictureSplit::Folds(PictureFolds { count, fold: Some(number) });
        loaded.job.name = format!("fold-{number}");
        loaded
    };
    Some((1..=count).map(fold).collect())
}

/// The folders that a job names: those of its sets, or one that is still to be divided.
///
/// # Errors
/// When one cannot be used.
pub(super) fn open(job: &ImagesJob) -> Result<NamedFolders, RunError> {
    let images = &job.input.images;
    let first = images.folder.as_deref().or(images.train.as_deref()).unwrap_or(Path::new(""));
    open_folders(first, images.validation.as_deref(), images.test.as_deref())
}

/// Refuses to tune what the network does not have, before anything is computed.
fn check_tuning(loaded: &LoadedImages, folders: &NamedFolders) -> Result<(), RunError> {
    let job = &loaded.job;
    let Some(layers) = job.training.fine_tune else { return Ok(()) };
    let classes = folders.first().map_or(0, |(_, folder)| folder.classes().len());
    let freeze = recipe::TunedLayers::from(layers).freeze(job.network.backbone);
    let checked = freeze.map_or(Ok(()), |freeze| freeze.check(&network_layers(job, classes)?.layers));
    checked.map_err(|error| match error {
        NetworkError::Freeze { .. } => loaded.refuse("training.fine_tune", error.to_string(), None).into(),
        error => error.into(),
    })
}

/// The sets of one folder, if it is to be divided, with what did not come out as asked.
fn divided(job: &ImagesJob, folders: NamedFolders) -> Result<(NamedFolders, Vec<String>), RunError> {
    let (Some(division), [(_, all)]) = (job.division(), &folders[..]) else { return Ok((folders, Vec::new())) };
    let PictureDivision { sets, remarks, .. } = divide(all, &division)?;
    let chosen = match &job.split {
        PictureSplit::Folds(folds) => {
            check_folds(all, &sets)?;
            folds.fold.map(|fold| fold - 1)
        }
        _ => None,
    };
    let set_of = |set: &Option<PictureSet>| match set {
        Some(PictureSet::Validation) => "validation",
        Some(PictureSet::Test) => "test",
        Some(PictureSet::Fold(fold)) if Some(*fold) == chosen => "test",
        // What cannot be read is listed among the training pictures.
        _ => "train",
    };
    let part = |name: &'static str| -> (&'static str, PictureFolder) {
        let places: Vec<_> = (0..sets.len()).filter(|&place| set_of(&sets[place]) == name).collect();
        (name, all.part(&places))
    };
    let parts = ["train", "validation", "test"].map(part).into_iter();
    let parts = parts.filter(|(name, folder)| *name == "train" || !folder.pictures().is_empty());
    Ok((parts.collect(), remarks))
}

/// A name that only the same network, seeing pictures of the same classes in the same way, has.
fn bottleneck_name(job: &ImagesJob, folders: &NamedFolders) -> Result<String, RunError> {
    let network = job.frozen_network();
    let weights = network.weights.as_deref().map(hash_file).transpose()?;
    let classes = folders.first().map(|(_, folder)| folder.classes());
    let network_only = super::FrozenNetwork { weights: None, ..network };
    let text = format!("{network_only:?} {weights:?} {classes:?}");
    let hash = hexadecimal(&Sha256::digest(text.as_bytes()));
    Ok(format!("{}-{}", job.network.backbone.name(), &hash[..12]))
}

/// Everything that decides about model and scores.
fn identity(job: &ImagesJob, bottlenecks: &Bottlenecks, recipe: &PictureTraining) -> String {
    let recipe = PictureTraining { threads: 0, tensorboard: None, ..recipe.clone() };
    let text = format!("{} {} {recipe:?} {:?}", env!("CARGO_PKG_VERSION"), bottlenecks.digest(), job.output);
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// How many pictures cannot be read, and the first of them.
fn left_out(bottlenecks: &Bottlenecks) -> Option<String> {
    let mut all = bottlenecks.sets().iter().flat_map(|set| &set.left_out);
    let first = all.next()?;
    let more = all.count();
    let file = first.file.escape_debug();
    Some(match more {
        0 => format!("one picture is left out: {file} {}", first.reason),
        _ => format!("{} pictures are left out, the first of them {file}, which {}", more + 1, first.reason),
    })
}

/// The weights, as a file that was read.
fn inputs(job: &ImagesJob) -> Result<Vec<InputRecord>, RunError> {
    let Some(path) = &job.network.weights else { return Ok(Vec::new()) };
    let (bytes, sha256) = hash_file(path)?;
    Ok(vec![InputRecord { key: "network.weights".into(), path: PathBuf::from(path), bytes, sha256 }])
}
