//! From bottlenecks to a trained network: its end first, then more of it on the pictures themselves.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ndarray::ArrayView2;

use super::course::Lesson;
use super::recipe::{FineTuning, PictureTraining};
use crate::dataset::pictures::{FeatureSampler, FeatureTable, PictureFile, PictureSamplerOptions, PictureShape};
use crate::grid::ClassTable;
use crate::job::{JobEvent, Listener, RunError};
use crate::metrics::ScoreSums;
use crate::network::{Head, HeadDescription, HeadModel, PictureInput, PictureModel, Predictor, Top};
use crate::predict::PredictError;
use crate::predict::pictures::{BottleneckSet, Bottlenecks, classify_pictures};
use crate::train::{Examples, FeatureOptions, Form, Validation, Validator};

/// Where training goes on in the folder of what it will leave.
const UNFINISHED: &str = ".partial/training";
/// Names of the two trainings, and of their tables of epochs.
const HEAD: [&str; 2] = ["training", "history.csv"];
const TUNING: [&str; 2] = ["fine-tuning", "fine-tuning.csv"];
/// Most memory for decoded pictures; others are read anew each time they are drawn.
const MEMORY: u64 = 1 << 30;

/// The pictures of one training.
#[derive(Clone, Debug)]
pub(super) struct PictureSets {
    pub(super) train: BottleneckSet,
    /// Chooses the epoch and ends training.
    pub(super) validation: Option<BottleneckSet>,
    /// Is scored at the end, and takes no part before.
    pub(super) test: Option<BottleneckSet>,
}

/// What is to be learnt, and where its traces go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) bottlenecks: &'a Bottlenecks,
    pub(super) sets: &'a PictureSets,
    pub(super) recipe: &'a PictureTraining,
    /// Stands in titles.
    pub(super) name: &'a str,
    /// Where history and curves go.
    pub(super) folder: &'a Path,
}

/// A trained network of pictures.
#[derive(Debug)]
pub(super) struct Learnt {
    pub(super) model: PictureModel,
    /// Of the last training.
    pub(super) best_epoch: u64,
    /// Why the last training ended early, if it did.
    pub(super) stopped: Option<String>,
    /// Names of the files that were written.
    pub(super) files: Vec<String>,
}

impl PictureSets {
    /// The sets of `bottlenecks` by their names; those without a picture are left out.
    pub(super) fn of(bottlenecks: &Bottlenecks) -> Self {
        let set = |name: &str| bottlenecks.set(name).cloned();
        let filled = |name: &str| set(name).filter(|set| !set.pictures.is_empty());
        let nothing = || BottleneckSet { name: "train".into(), ..BottleneckSet::default() };
        Self { train: set("train").unwrap_or_else(nothing), validation: filled("validation"), test: filled("test") }
    }

    /// Train, validation, test, as far as there are some.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &BottleneckSet)> {
        [("train", Some(&self.train)), ("validation", self.validation.as_ref()), ("test", self.test.as_ref())]
            .into_iter()
            .filter_map(|(name, set)| Some((name, set?)))
    }
}

/// Trains a network.
///
/// # Errors
/// When a class has no training picture, a picture is no more where it was, the loss is no number, a file cannot be written, or
/// on interruption, after a checkpoint was written.
pub(super) fn learn(task: Task<'_>, listener: &mut dyn Listener, interrupted: &AtomicBool) -> Result<Learnt, RunError> {
    let Task { bottlenecks, sets, recipe, folder, .. } = task;
    let network = bottlenecks.network();
    let table = bottlenecks.table(&sets.train);
    if let Some(class) = table.counts().iter().position(|&count| count == 0) {
        let class = network.classes[class].clone();
        return Err(RunError::ClassWithoutPictures { path: sets.train.folder.clone(), class });
    }
    // What cannot be tuned is refused before anything is learnt.
    if let Some(tuning) = &recipe.fine_tuning {
        bottlenecks.network().check_freeze(tuning.layers.freeze(network.backbone).as_ref())?;
        tuning.augmentation.check()?;
    }
    let unfinished = folder.join(UNFINISHED);
    fs::create_dir_all(&unfinished).map_err(RunError::io("make", &unfinished))?;
    let task = Task { folder: &unfinished, ..task };
    let head = task.learn_head(&table, listener, interrupted)?;
    let learnt = match &recipe.fine_tuning {
        None => head,
        Some(tuning) => task.fine_tune(head, tuning, listener, interrupted)?,
    };
    for name in &learnt.files {
        let (from, to) = (unfinished.join(name), folder.join(name));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(RunError::io("make", parent))?;
        }
        fs::rename(&from, &to).map_err(RunError::io("write", &to))?;
    }
    fs::remove_dir_all(&unfinished).map_err(RunError::io("remove", &unfinished))?;
    // Unless others lie beside it.
    let _ = unfinished.parent().map(fs::remove_dir);
    Ok(learnt)
}

impl Task<'_> {
    /// Everything that decides about the weights.
    fn fingerprint(&self) -> String {
        let rows = |set: &BottleneckSet| set.pictures.iter().map(|picture| picture.row).collect::<Vec<_>>();
        let recipe = PictureTraining { tensorboard: None, ..self.recipe.clone() };
        let sets = self.sets.all().filter(|(name, _)| *name != "test");
        let sets: Vec<_> = sets.map(|(name, set)| (name, rows(set))).collect();
        format!("{} {sets:?} {recipe:?}", self.bottlenecks.digest())
    }

    fn learn_head(
        &self,
        table: &FeatureTable,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<Learnt, RunError> {
        let Task { bottlenecks, sets, recipe, name, folder } = *self;
        let network = bottlenecks.network();
        let (course, hidden, dropout) = (&recipe.head, recipe.hidden.clone(), recipe.dropout);
        let head = Head { hidden, dropout, batch_norm: false, batch_norm_scores: false };
        let top = Top { head, ..network.top.clone() };
        let description = HeadDescription {
            features: bottlenecks.feature_count(),
            top: top.clone(),
            classes: network.classes.len(),
            seed: recipe.seed,
        };
        let batch = course.batch.min(table.codes().len());
        let (balanced, seed) = (course.balanced, recipe.seed);
        let validation = sets.validation.as_ref().map(|set| bottlenecks.table(set));
        let classes = ClassTable::from_names(network.classes.iter().map(String::as_str))?;
        let validator = validation.as_ref().map(|table| FeatureValidator { table, classes: &classes });
        let (pictures, title) = (table.codes().len(), network.backbone.title());
        listener.notice(&JobEvent::Stage(&format!("training an end of {title} on {pictures} pictures")));
        let lesson = Lesson {
            model: HeadModel::new(description, None)?,
            freeze: None,
            examples: Examples::Features(table),
            form: Form::Features(FeatureOptions { batch, balanced, seed }),
            steps_per_epoch: FeatureSampler::new(table, batch, balanced, seed).steps_per_epoch(),
            validator: validator.as_ref().map(|validator| validator as &dyn Validator),
            fingerprint: format!("head {}", self.fingerprint()),
            title: format!("{name} — training"),
            name: HEAD[0],
            history: HEAD[1],
        };
        let (trained, files) = lesson.learn(course, recipe, folder, listener, interrupted)?;
        let model = bottlenecks.assemble(top, recipe.seed, &trained.weights)?;
        Ok(Learnt { model, best_epoch: trained.best_epoch, stopped: trained.stopped, files })
    }

    fn fine_tune(
        &self,
        head: Learnt,
        tuning: &FineTuning,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<Learnt, RunError> {
        let Task { sets, recipe, name, folder, .. } = *self;
        let description = head.model.description.clone();
        let classes = ClassTable::from_names(description.classes.iter().map(String::as_str))?;
        let input = description.pictures;
        let train = sets.train.files(&description.classes)?;
        let options = PictureSamplerOptions {
            shape: PictureShape { size: [input.side, input.side], fit: input.fit },
            batch: tuning.course.batch.min(train.pictures().len()),
            balanced: tuning.course.balanced,
            augmentation: tuning.augmentation.clone(),
            memory: MEMORY,
            seed: recipe.seed,
        };
        let steps_per_epoch = train.pictures().len().div_ceil(options.batch) as u64;
        let validation = sets.validation.as_ref().map(|set| set.files(&description.classes)).transpose()?;
        let validator =
            validation.as_ref().map(|folder| PictureValidator { files: folder.pictures(), input, classes: &classes });
        let (title, pictures) = (description.backbone.title(), train.pictures().len());
        listener.notice(&JobEvent::Stage(&format!("tuning {title} on {pictures} pictures")));
        let lesson = Lesson {
            model: head.model,
            freeze: tuning.layers.freeze(description.backbone),
            examples: Examples::Pictures(&train),
            form: Form::Pictures(options, input.normalization),
            steps_per_epoch,
            validator: validator.as_ref().map(|validator| validator as &dyn Validator),
            fingerprint: format!("tuning {}", self.fingerprint()),
            title: format!("{name} — fine-tuning"),
            name: TUNING[0],
            history: TUNING[1],
        };
        let (trained, files) = lesson.learn(&tuning.course, recipe, folder, listener, interrupted)?;
        let model = PictureModel::with_weights(description, &trained.weights)?;
        let files = [head.files, files].concat();
        Ok(Learnt { model, best_epoch: trained.best_epoch, stopped: trained.stopped, files })
    }
}

/// Scores an end on features held out.
struct FeatureValidator<'a> {
    table: &'a FeatureTable,
    classes: &'a ClassTable,
}

impl Validator for FeatureValidator<'_> {
    fn validate(
        &self,
        predictor: &Predictor,
        _: &AtomicBool,
    ) -> Result<Option<Validation>, Box<dyn Error + Send + Sync>> {
        let probabilities = predictor.patch_probabilities(self.table.inputs().view())?;
        Ok(Some(validation(self.classes, self.table.codes(), probabilities.view())))
    }
}

/// Scores a network on pictures held out.
struct PictureValidator<'a> {
    files: &'a [PictureFile],
    input: PictureInput,
    classes: &'a ClassTable,
}

impl Validator for PictureValidator<'_> {
    fn validate(
        &self,
        predictor: &Predictor,
        interrupted: &AtomicBool,
    ) -> Result<Option<Validation>, Box<dyn Error + Send + Sync>> {
        let classified = match classify_pictures(predictor, self.input, self.files, interrupted, &mut |_| {}) {
            Err(PredictError::PicturesInterrupted { .. }) => return Ok(None),
            classified => classified?,
        };
        let codes: Vec<u8> = classified.places.iter().map(|&place| self.files[place].class).collect();
        Ok(Some(validation(self.classes, &codes, classified.probabilities.view())))
    }
}

fn validation(classes: &ClassTable, codes: &[u8], probabilities: ArrayView2<'_, f32>) -> Validation {
    let mut sums = ScoreSums::new(classes.len());
    sums.add_rows(codes, probabilities);
    sums.scores(classes).as_ref().map_or_else(Validation::default, Validation::from)
}
