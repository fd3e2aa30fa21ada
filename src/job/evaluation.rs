//! The use case `evaluate`: scores of the trained model on the labelled voxels.

use super::material::split_summary;
use super::run_folder::{FigureRecord, FileRecord, RunFolder, StageRecord};
use super::training::scoring_engine;
use super::{JobEvent, Listener, LoadedJob, Material, RunError};
use crate::dataset::Subset;
use crate::metrics::Metrics;
use crate::network::{Device, Model, Segmentation, set_threads};
use crate::predict::{ScoreOptions, score};
use crate::report::{ConfusionFigure, Figure, split_statement, write_confusion, write_metrics};

/// Most voxels of a subset that are scored patch by patch; dense networks score all.
const MOST_PATCHES: usize = 5_000;

/// Scores the model on train, validation and test voxels and writes `metrics.json`, `confusion.csv` and its picture.
///
/// # Errors
/// When the labels no longer fit the model, or a file cannot be written.
pub(super) fn evaluate(
    loaded: &LoadedJob,
    material: &Material,
    model: &Model,
    device: Device,
    threads: usize,
    folder: &RunFolder,
    listener: &mut dyn Listener,
) -> Result<StageRecord, RunError> {
    let job = &loaded.job;
    listener.notice(&JobEvent::Stage("scoring the labelled voxels"));
    set_threads(threads);
    let dataset = material.dataset(loaded, &material.reader(&model.description)?)?;
    let predictor = model.predictor(device)?;
    let options = ScoreOptions {
        engine: scoring_engine(&predictor, &dataset),
        padding: job.patch.padding.into(),
        most_voxels: Some(MOST_PATCHES),
    };
    let subsets = [Subset::Train, Subset::Validation, Subset::Test];
    let sums = score(&dataset, &predictor, &options, &subsets)?;
    let context = predictor.segmentation().map(Segmentation::window);
    let split = split_summary(&dataset, &job.split_options(), job.patch.size, context);
    let scores = |place: usize| sums[place].scores(&material.classes);
    let metrics = Metrics { train: scores(0), validation: scores(1), test: scores(2), split };

    let mut record = StageRecord::default();
    write_metrics(&folder.file("metrics.json"), &metrics)?;
    let metrics_file =
        FileRecord { name: "metrics.json".into(), description: "scores per subset and class".into(), bytes: 0 };
    // The most telling subset that has voxels.
    let shown = (0..3).rev().find(|&place| sums[place].confusion().total() > 0).unwrap_or(0);
    let (subset, confusion) = (subsets[shown].name(), sums[shown].confusion());
    write_confusion(&folder.file("confusion.csv"), &material.classes, confusion)?;
    let description =
        format!("confusion matrix of the {subset} voxels: a row a labelled class, a column a predicted one");
    record.files = vec![metrics_file, FileRecord { name: "confusion.csv".into(), description, bytes: 0 }];
    let title = format!("{} — {subset} voxels", job.name);
    let figure = ConfusionFigure { title: &title, classes: &material.classes, matrix: confusion };
    figure.draw(&folder.file("figures/confusion.png"))?;
    let caption = format!("Confusion matrix of the {subset} voxels; rows are labelled, columns predicted.");
    record.figures.push(FigureRecord { name: "figures/confusion.png".into(), caption, bytes: 0 });

    for (subset, scores) in [("train", &metrics.train), ("validation", &metrics.validation), ("test", &metrics.test)] {
        if let Some(scores) = scores {
            let text = format!(
                "accuracy {:.3}, balanced accuracy {:.3}, mean IoU {:.3} ({} voxels)",
                scores.accuracy, scores.balanced_accuracy, scores.mean_iou, scores.support
            );
            record.results.push((subset.to_owned(), text));
        }
    }
    let statement = split_statement(&metrics);
    if statement.alarms {
        listener.notice(&JobEvent::Warning(&statement.text));
    } else {
        record.results.push(("split".into(), statement.title.to_owned()));
    }
    Ok(record)
}
