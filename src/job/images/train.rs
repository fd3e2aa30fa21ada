//! The use case `images train`: an end for a frozen network, learnt from bottlenecks.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::dataset::pictures::{FeatureSampler, FeatureTable};
use crate::grid::ClassTable;
use crate::job::{JobEvent, Listener, RunError};
use crate::metrics::{Metrics, ScoreSums, SplitSummary};
use crate::network::{
    Device, GradientClip, Head, HeadDescription, HeadModel, Learner, LearnerOptions, Learning, Loss, OptimizerOptions,
    Precision, Predictor, Top, set_threads,
};
use crate::predict::pictures::Bottlenecks;
use crate::report::{
    ConfusionFigure, Figure, HistoryCsv, TrainingCurves, most_probable, read_history, write_confusion, write_metrics,
    write_misclassified, write_scores,
};
use crate::train::{
    EarlyStopping, Examples, FeatureCache, FeatureOptions, Form, Keep, Monitor, Observer, Phase, Schedule,
    TrainingEvent, TrainingOptions, Validation, Validator, train,
};

/// What an interrupted training leaves.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// A killed run loses at most this much work.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// How an end is learnt.
#[derive(Clone, Debug)]
pub struct HeadTraining {
    /// The bottlenecks.
    pub bottlenecks: PathBuf,
    /// Where the model goes; what tells of its training goes to the folder of the same name.
    pub model: PathBuf,
    /// Times that every picture is seen, or steps of one batch each.
    pub length: Length,
    /// Pictures of one step.
    pub batch: usize,
    /// Optimiser.
    pub optimizer: OptimizerOptions,
    /// Its step size.
    pub learning_rate: f64,
    /// Widths of hidden layers.
    pub hidden: Vec<usize>,
    /// Share of the values dropped while training.
    pub dropout: f64,
    /// Whether all classes are drawn equally often.
    pub balanced: bool,
    /// Epochs without a lower validation loss that are borne; `None` goes on to the end.
    pub patience: Option<u64>,
    /// Bound of the gradients' length.
    pub clip: Option<GradientClip>,
    /// Seed of weights, order and dropout.
    pub seed: u64,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// How long training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Times that every picture is seen.
    Epochs(u64),
    /// Steps of one batch each.
    Steps(u64),
}

/// What came of it.
#[derive(Debug)]
pub struct ImagesTrained {
    /// Scores on `train` and, where there are some, `validation` pictures.
    pub metrics: Metrics,
    /// The epoch whose weights the model has.
    pub best_epoch: u64,
    /// Why training ended early, if it did.
    pub stopped: Option<String>,
    /// Pictures of the last set that are classified wrongly.
    pub misclassified: usize,
    /// Files that were written, the model first.
    pub files: Vec<PathBuf>,
}

/// Learns an end from bottlenecks and writes it, with the network that made them, as one model.
///
/// # Errors
/// When the bottlenecks cannot be read, a class has no picture, the loss is no number, a file cannot be written, or on
/// interruption, after a checkpoint was written.
pub fn train_head(
    options: &HeadTraining,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<ImagesTrained, RunError> {
    set_threads(options.threads);
    let bottlenecks = Bottlenecks::load(&options.bottlenecks)?;
    if !bottlenecks.is_complete() {
        return Err(RunError::UnfinishedBottlenecks { path: options.bottlenecks.clone() });
    }
    let network = bottlenecks.network().clone();
    let table = bottlenecks.table("train").unwrap_or_else(|| empty(&bottlenecks));
    if let Some(class) = table.counts().iter().position(|&count| count == 0) {
        let (path, class) = (options.bottlenecks.clone(), network.classes[class].clone());
        return Err(RunError::ClassWithoutPictures { path, class });
    }
    let validation = bottlenecks.table("validation").filter(|table| !table.codes().is_empty());
    let head =
        Head { hidden: options.hidden.clone(), dropout: options.dropout, batch_norm: false, batch_norm_scores: false };
    let top = Top { head, ..network.top.clone() };
    let description = HeadDescription {
        features: bottlenecks.feature_count(),
        top: top.clone(),
        classes: network.classes.len(),
        seed: options.seed,
    };
    let batch = options.batch.min(table.codes().len());
    let steps_per_epoch = FeatureSampler::new(&table, batch, options.balanced, options.seed).steps_per_epoch();
    let steps = match options.length {
        Length::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
        Length::Steps(steps) => steps,
    };
    let folder = options.model.with_extension("");
    fs::create_dir_all(&folder).map_err(RunError::io("make", &folder))?;
    let learning = Learning { optimizer: options.optimizer, freeze: None };
    let learner_options = LearnerOptions {
        learning: learning.clone(),
        loss: Loss::CROSS_ENTROPY,
        class_weights: None,
        clip: options.clip,
        precision: Precision::Float32,
        frozen_statistics: Default::default(),
        device: options.device,
        seed: options.seed,
    };
    let mut learner = Learner::new(HeadModel::new(description.clone(), None)?, learner_options)?;
    let watch = |patience| EarlyStopping { monitor: Monitor::Loss, patience, min_delta: 0.0 };
    let training = TrainingOptions {
        form: Form::Features(FeatureOptions { batch, balanced: options.balanced, seed: options.seed }),
        phases: vec![Phase { steps, learning, learning_rate: options.learning_rate, schedule: Schedule::Constant }],
        steps_per_epoch,
        early_stopping: options.patience.filter(|_| validation.is_some()).map(watch).into_iter().collect(),
        best_by: Monitor::Loss,
        keep: Keep::Best,
        checkpoint_every: CHECKPOINT_EVERY,
        feature_cache: FeatureCache::Off,
        batches_ahead: 0,
        fingerprint: format!(
            "{} {:?}",
            bottlenecks.digest(),
            HeadTraining { model: PathBuf::new(), ..options.clone() }
        ),
    };
    let pictures = table.codes().len();
    listener
        .notice(&JobEvent::Stage(&format!("training an end of {} on {pictures} pictures", network.backbone.title())));
    let validator = validation.as_ref().map(FeatureValidator);
    let history = folder.join("history.csv");
    let checkpoint = folder.join(CHECKPOINT);
    let mut watchers = Watchers { history: HistoryCsv::new(&history), listener };
    let trained = train(
        &mut learner,
        Examples::Features(&table),
        &training,
        validator.as_ref().map(|validator| validator as &dyn Validator),
        &checkpoint,
        &mut watchers,
        interrupted,
    )?;
    bottlenecks.assemble(top, options.seed, &trained.weights)?.save(&options.model)?;
    remove_checkpoints(&folder)?;

    let mut files = vec![options.model.clone(), history];
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let title = format!("{name} — training");
    let records = read_history(&files[1])?;
    let curves = TrainingCurves { title: &title, history: &records, best_epoch: Some(trained.best_epoch) };
    files.push(folder.join("training.png"));
    curves.draw(&files[2])?;

    let head = HeadModel::with_weights(description, &trained.weights)?.predictor(options.device)?;
    let classes = ClassTable::from_names(network.classes.iter().map(String::as_str))?;
    let scored = |table: &FeatureTable| sums(&head, table);
    let sums = [Some(&table), validation.as_ref()].map(|table| table.map(scored).transpose());
    let [train_sums, validation_sums] = sums;
    let (train_sums, validation_sums) = (train_sums?, validation_sums?);
    let scores = |sums: &Option<ScoreSums>| sums.as_ref().and_then(|sums| sums.scores(&classes));
    let split = SplitSummary { kind: "folders".into(), leak: 0, context: None, test_voxels: 0, gap: None };
    let metrics = Metrics { train: scores(&train_sums), validation: scores(&validation_sums), test: None, split };
    let written = ["metrics.json", "scores.csv", "confusion.csv", "confusion.png", "misclassified.csv"];
    let written = written.map(|name| folder.join(name));
    write_metrics(&written[0], &metrics)?;
    write_scores(&written[1], &metrics)?;
    let (set, last) = match &validation_sums {
        Some(sums) => ("validation", sums),
        None => ("train", train_sums.as_ref().expect("training pictures were scored")),
    };
    write_confusion(&written[2], &classes, last.confusion())?;
    let title = format!("{name} — {set} pictures");
    ConfusionFigure { title: &title, classes: &classes, matrix: last.confusion() }.draw(&written[3])?;
    let misclassified = misclassified(&bottlenecks, set, &head)?;
    write_misclassified(&written[4], &misclassified)?;
    files.extend(written);
    let (best_epoch, stopped) = (trained.best_epoch, trained.stopped);
    Ok(ImagesTrained { metrics, best_epoch, stopped, misclassified: misclassified.len(), files })
}

/// Removes the checkpoint, and what a kill left of one that was being written.
fn remove_checkpoints(folder: &Path) -> Result<(), RunError> {
    let read = |source| RunError::io("read", folder)(source);
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(|source| RunError::io("read", folder)(source))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.trim_start_matches('.').starts_with(CHECKPOINT) {
            fs::remove_file(&path).map_err(RunError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// A table without pictures.
fn empty(bottlenecks: &Bottlenecks) -> FeatureTable {
    let features = ndarray::Array2::zeros((0, bottlenecks.feature_count()));
    FeatureTable::new(features, Vec::new(), bottlenecks.network().classes.len())
}

fn sums(head: &Predictor, table: &FeatureTable) -> Result<ScoreSums, crate::network::NetworkError> {
    let mut sums = ScoreSums::new(table.counts().len());
    sums.add_rows(table.codes(), head.patch_probabilities(table.inputs().view())?.view());
    Ok(sums)
}

/// File, class, predicted class and its probability of the pictures of `set` that are classified wrongly, the surest first.
fn misclassified(
    bottlenecks: &Bottlenecks,
    set: &str,
    head: &Predictor,
) -> Result<Vec<(String, String, String, f32)>, RunError> {
    let Some(set) = bottlenecks.sets().iter().find(|known| known.name == set) else { return Ok(Vec::new()) };
    let classes = &bottlenecks.network().classes;
    let inputs = bottlenecks.inputs_of(set);
    let probabilities = head.patch_probabilities(inputs.view())?;
    let mut wrong = Vec::new();
    for (picture, row) in set.pictures.iter().zip(probabilities.rows()) {
        let (class, confidence) = most_probable(&row.to_vec());
        if class != usize::from(picture.class) {
            let truth = classes[usize::from(picture.class)].clone();
            wrong.push((picture.file.clone(), truth, classes[class].clone(), confidence));
        }
    }
    wrong.sort_by(|a, b| b.3.total_cmp(&a.3).then_with(|| a.0.cmp(&b.0)));
    Ok(wrong)
}

/// Scores an end on features held out.
struct FeatureValidator<'a>(&'a FeatureTable);

impl Validator for FeatureValidator<'_> {
    fn validate(&self, predictor: &Predictor) -> Result<Validation, Box<dyn Error + Send + Sync>> {
        let sums = sums(predictor, self.0)?;
        Ok(Validation { loss: sums.loss(), accuracy: sums.accuracy(), ..Validation::default() })
    }
}

/// Keeps the history and tells the listener.
struct Watchers<'a> {
    history: HistoryCsv,
    listener: &'a mut dyn Listener,
}

impl Observer for Watchers<'_> {
    fn observe(&mut self, event: &TrainingEvent<'_>) -> std::io::Result<()> {
        self.history.observe(event)?;
        self.listener.notice(&JobEvent::Training(event));
        Ok(())
    }
}
