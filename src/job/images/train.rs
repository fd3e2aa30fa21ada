//! The use case `images train`: an end for a frozen network, learnt from bottlenecks, and more of the network after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::folders::load_bottlenecks;
use super::folds::fold_sets;
use super::learning::{Learnt, PictureSets, Task, learn};
use super::recipe::PictureTraining;
use super::scoring::{PictureScores, classify_sets, write_scores_of};
use super::seeing::show;
use crate::grid::ClassTable;
use crate::job::folds::{FILES, told, write_folds};
use crate::job::{JobEvent, Listener, RunError};
use crate::metrics::Metrics;
use crate::network::set_threads;

/// Pictures that are shown with what the network looked at.
const EXPLAINED: usize = 6;
/// Most folds that can have been asked for.
const MOST_FOLDS: usize = 100;

/// Which bottlenecks, where the model goes, and how it learns.
#[derive(Clone, Debug)]
pub struct ImageTraining {
    /// The bottlenecks.
    pub bottlenecks: PathBuf,
    /// Where the model goes; what tells of its training goes to the folder of the same name.
    pub model: PathBuf,
    /// How it learns.
    pub recipe: PictureTraining,
    /// Whether what is there of an earlier training, finished or not, is given up.
    pub overwrite: bool,
    /// Into how many folds the training pictures are divided, to score the recipe before the model is trained on all of them.
    pub folds: Option<usize>,
}

/// What came of it.
#[derive(Debug)]
pub struct ImagesTrained {
    /// Scores on `train` and, where there are some, `validation` and `test` pictures.
    pub metrics: Metrics,
    /// The epoch whose weights the model has.
    pub best_epoch: u64,
    /// Why training ended early, if it did.
    pub stopped: Option<String>,
    /// Pictures of the last set that are classified wrongly.
    pub misclassified: usize,
    /// Mean and spread over the folds.
    pub folds: Vec<(String, String)>,
    /// Files that were written, the model first.
    pub files: Vec<PathBuf>,
}

/// Learns an end from bottlenecks, and what more of the network shall learn, and writes the whole network as one model.
///
/// # Errors
/// When the bottlenecks cannot be read, a class has no picture, the loss is no number, a file cannot be written, or on
/// interruption, after a checkpoint was written.
pub fn train_images(
    options: &ImageTraining,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<ImagesTrained, RunError> {
    let recipe = &options.recipe;
    set_threads(recipe.threads);
    let bottlenecks = load_bottlenecks(&options.bottlenecks)?;
    if !bottlenecks.is_complete() {
        return Err(RunError::UnfinishedBottlenecks { path: options.bottlenecks.clone() });
    }
    let folder = options.model.with_extension("");
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sets = PictureSets::of(&bottlenecks);
    for (name, set) in sets.all().filter(|(name, _)| *name != "train") {
        let shared = set.shared_with(&sets.train);
        if shared > 0 {
            let text = format!("{shared} {name} pictures train as well, so that score says nothing of other pictures");
            listener.notice(&JobEvent::Warning(&text));
        }
    }
    if sets.validation.is_none() {
        listener
            .notice(&JobEvent::Note("no pictures validate, so training goes to its end and its last weights are kept"));
    }
    let fold_sets = |count| fold_sets(&sets, &bottlenecks.network().classes, count, recipe.seed);
    let parts = options.folds.map(fold_sets).transpose()?;
    if options.overwrite {
        give_up(&folder)?;
    }
    let mut files = vec![options.model.clone()];
    let mut folds = Vec::new();
    if let Some(parts) = parts {
        let count = parts.len();
        let names: Vec<String> = (1..=count).map(|fold| format!("fold-{fold}")).collect();
        for (place, (fold, sets)) in names.iter().zip(&parts).enumerate() {
            listener.notice(&JobEvent::Stage(&format!("fold {} of {count}", place + 1)));
            let (name, folder) = (format!("{name}, fold {}", place + 1), folder.join(fold));
            let task = Task { bottlenecks: &bottlenecks, sets, recipe, name: &name, folder: &folder };
            train_and_score(task, 0, listener, interrupted)?;
        }
        folds = told(&write_folds(&folder, &names)?);
        files.extend(FILES.map(|(file, _)| folder.join(file)));
    }
    let task = Task { bottlenecks: &bottlenecks, sets: &sets, recipe, name: &name, folder: &folder };
    let (learnt, scores) = train_and_score(task, EXPLAINED, listener, interrupted)?;
    learnt.model.save(&options.model)?;
    files.extend(learnt.files.iter().map(|file| folder.join(file)));
    files.extend(scores.files.iter().map(|file| folder.join(&file.name)));
    files.extend(scores.figures.iter().map(|figure| folder.join(&figure.name)));
    Ok(ImagesTrained {
        metrics: scores.metrics,
        best_epoch: learnt.best_epoch,
        stopped: learnt.stopped,
        misclassified: scores.misclassified.len(),
        folds,
        files,
    })
}

/// Removes unfinished work, and the folds of an earlier recipe, which would stand beside a model that they say nothing about.
fn give_up(folder: &Path) -> Result<(), RunError> {
    let folds = (1..=MOST_FOLDS).map(|fold| folder.join(format!("fold-{fold}")));
    for path in folds.chain([folder.join(".partial")]).filter(|path| path.is_dir()) {
        fs::remove_dir_all(&path).map_err(RunError::io("remove", &path))?;
    }
    for path in FILES.map(|(file, _)| folder.join(file)).into_iter().filter(|path| path.exists()) {
        fs::remove_file(&path).map_err(RunError::io("remove", &path))?;
    }
    Ok(())
}

/// Trains, scores what was trained, and shows what it looked at in `explained` pictures.
///
/// # Errors
/// As [`train_images`].
pub(super) fn train_and_score(
    task: Task<'_>,
    explained: usize,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<(Learnt, PictureScores), RunError> {
    let Task { bottlenecks, sets, recipe, name, folder } = task;
    let learnt = learn(task, listener, interrupted)?;
    let scored = classify_sets(&learnt.model, bottlenecks, sets, recipe, listener, interrupted)?;
    let classes = ClassTable::from_names(bottlenecks.network().classes.iter().map(String::as_str))?;
    let mut scores = write_scores_of(&scored, sets, &classes, name, folder)?;
    if let Some(set) = scored.last() {
        let shown = show(&task, &learnt.model, set, &scores.misclassified, explained, listener, interrupted)?;
        scores.figures.extend(shown);
    }
    Ok((learnt, scores))
}
