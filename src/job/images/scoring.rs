//! What a trained network makes of the pictures of each set, and the files that tell it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ndarray::Array2;

use super::learning::PictureSets;
use super::recipe::PictureTraining;
use crate::grid::ClassTable;
use crate::job::run_folder::{FigureRecord, FileRecord};
use crate::job::{JobEvent, Listener, RunError};
use crate::metrics::{Metrics, ScoreSums, SplitSummary};
use crate::network::{HeadDescription, HeadModel, PictureModel};
use crate::predict::pictures::{Bottlenecks, classify_pictures};
use crate::report::{
    ConfusionFigure, Figure, Judged, most_probable, write_confusion, write_metrics, write_misclassified, write_scores,
};

/// The pictures of a set with their probabilities.
#[derive(Debug)]
pub(super) struct ScoredSet {
    /// `train`, `validation` or `test`.
    pub(super) name: &'static str,
    pub(super) pictures: Vec<ScoredPicture>,
    /// `[picture, class]`.
    pub(super) probabilities: Array2<f32>,
}

/// A picture of known class.
#[derive(Clone, Debug)]
pub(super) struct ScoredPicture {
    /// `class/file`.
    pub(super) file: String,
    /// Empty where the folder of its bottleneck is no more.
    pub(super) path: PathBuf,
    pub(super) class: u8,
}

/// A picture that was classified wrongly.
#[derive(Clone, Debug)]
pub(super) struct Misclassified {
    pub(super) picture: ScoredPicture,
    pub(super) predicted: usize,
    /// Probability of that.
    pub(super) confidence: f32,
}

/// What came of scoring.
#[derive(Debug)]
pub(super) struct PictureScores {
    pub(super) metrics: Metrics,
    /// Of the set that says most, the surest first.
    pub(super) misclassified: Vec<Misclassified>,
    pub(super) files: Vec<FileRecord>,
    pub(super) figures: Vec<FigureRecord>,
}

/// Classifies the pictures of all sets: their bottlenecks where only the end has learnt, else the pictures themselves.
///
/// # Errors
/// When a picture is no more where it was, memory runs out, or on interruption.
pub(super) fn classify_sets(
    model: &PictureModel,
    bottlenecks: &Bottlenecks,
    sets: &PictureSets,
    recipe: &PictureTraining,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Vec<ScoredSet>, RunError> {
    let description = &model.description;
    let network = match recipe.fine_tuning {
        Some(_) => model.predictor(recipe.device)?,
        None => {
            let head = HeadDescription {
                features: bottlenecks.feature_count(),
                top: description.top.clone(),
                classes: description.classes.len(),
                seed: description.seed,
            };
            HeadModel::with_weights(head, &model.weights()?)?.predictor(recipe.device)?
        }
    };
    let mut scored = Vec::new();
    for (name, set) in sets.all() {
        let mut pictures: Vec<_> = set
            .pictures
            .iter()
            .map(|picture| ScoredPicture { file: picture.file.clone(), path: PathBuf::new(), class: picture.class })
            .collect();
        let folder = set.files(&description.classes);
        if let Ok(folder) = &folder {
            pictures.iter_mut().zip(folder.pictures()).for_each(|(picture, file)| picture.path.clone_from(&file.path));
        }
        let probabilities = match (&recipe.fine_tuning, folder) {
            (Some(_), folder) => {
                let mut tell = |progress| listener.notice(&JobEvent::Pictures(&progress));
                let (files, input) = (folder?, description.pictures);
                let classified = classify_pictures(&network, input, files.pictures(), interrupted, &mut tell)?;
                pictures = classified.places.iter().map(|&place| pictures[place].clone()).collect();
                classified.probabilities
            }
            (None, folder) => {
                if let Err(error) = folder {
                    listener.notice(&JobEvent::Note(&format!("no {name} picture can be shown: {error}")));
                }
                network.patch_probabilities(bottlenecks.inputs(set).view())?
            }
        };
        scored.push(ScoredSet { name, pictures, probabilities });
    }
    Ok(scored)
}

/// Writes scores, the confusion matrix and what was classified wrongly into `folder`.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_scores_of(
    scored: &[ScoredSet],
    sets: &PictureSets,
    classes: &ClassTable,
    name: &str,
    folder: &Path,
) -> Result<PictureScores, RunError> {
    let sums = |set: &ScoredSet| {
        let mut sums = ScoreSums::new(classes.len());
        let codes: Vec<u8> = set.pictures.iter().map(|picture| picture.class).collect();
        sums.add_rows(&codes, set.probabilities.view());
        sums
    };
    let all: Vec<_> = scored.iter().map(|set| (set, sums(set))).collect();
    let scores = |name: &str| all.iter().find(|(set, _)| set.name == name)?.1.scores(classes);
    let split = SplitSummary {
        kind: Judged::Pictures.words().into(),
        leak: sets.test.as_ref().map_or(0, |test| test.shared_with(&sets.train) as u64),
        context: None,
        test_voxels: sets.test.as_ref().map_or(0, |test| test.pictures.len() as u64),
        gap: None,
    };
    let metrics = Metrics { train: scores("train"), validation: scores("validation"), test: scores("test"), split };
    let (last, last_sums) = all.last().expect("the training pictures are scored");
    fs::create_dir_all(folder.join(FIGURES)).map_err(RunError::io("make", folder.join(FIGURES)))?;
    write_metrics(&folder.join("metrics.json"), &metrics)?;
    write_scores(&folder.join("scores.csv"), &metrics)?;
    write_confusion(&folder.join("confusion.csv"), classes, last_sums.confusion())?;
    let (set, confusion) = (last.name, format!("{FIGURES}/confusion.png"));
    let title = format!("{name} — {set} pictures");
    let judged = Judged::Pictures;
    let figure = ConfusionFigure { title: &title, classes, matrix: last_sums.confusion(), judged };
    figure.draw(&folder.join(&confusion))?;
    let misclassified = misclassified(last);
    let rows: Vec<_> = misclassified
        .iter()
        .map(|wrong| {
            let name = |class: usize| classes.get(class as u8).map_or_else(String::new, |class| class.name.clone());
            let (truth, predicted) = (name(usize::from(wrong.picture.class)), name(wrong.predicted));
            (wrong.picture.file.clone(), truth, predicted, wrong.confidence)
        })
        .collect();
    write_misclassified(&folder.join("misclassified.csv"), &rows)?;
    let file = |name: &str, description: String| FileRecord { name: name.to_owned(), description, bytes: 0 };
    let files = vec![
        file("metrics.json", "scores per set and class".into()),
        file("scores.csv", "the same as a table, a row a score".into()),
        file(
            "confusion.csv",
            format!("confusion matrix of the {set} pictures: a row a class, a column a predicted one"),
        ),
        file("misclassified.csv", format!("{set} pictures that are classified wrongly, the surest first")),
    ];
    let caption = format!("Confusion matrix of the {set} pictures; rows are labelled, columns predicted.");
    let figures = vec![FigureRecord { name: confusion, caption, bytes: 0 }];
    Ok(PictureScores { metrics, misclassified, files, figures })
}

/// Folder of figures in that of a run.
pub(super) const FIGURES: &str = "figures";

/// What is classified wrongly, the surest first.
fn misclassified(set: &ScoredSet) -> Vec<Misclassified> {
    let mut wrong: Vec<_> = set
        .pictures
        .iter()
        .zip(set.probabilities.rows())
        .filter_map(|(picture, row)| {
            let (predicted, confidence) = most_probable(&row.to_vec());
            let is_wrong = predicted != usize::from(picture.class);
            is_wrong.then(|| Misclassified { picture: picture.clone(), predicted, confidence })
        })
        .collect();
    wrong.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.picture.file.cmp(&b.picture.file)));
    wrong
}
