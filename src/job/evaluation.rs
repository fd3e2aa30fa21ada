//! The use case `evaluate`: scores of the trained model on the labelled voxels.

use std::sync::atomic::AtomicBool;

use super::explain::amplitude_of;
use super::material::split_summary;
use super::patch_of_voxel::patch_of_voxel;
use super::run_folder::{FigureRecord, FileRecord, RunFolder, StageRecord};
use super::training::scoring_engine;
use super::{JobEvent, Listener, LoadedJob, Material, RunError};
use crate::dataset::{SeismicDataset, Subset};
use crate::metrics::{ConfusionMatrix, Metrics};
use crate::network::{Device, Model, Predictor, Segmentation, set_threads};
use crate::predict::{ScoreOptions, Search, score, search_voxels};
use crate::report::{
    ConfusionFigure, Figure, Judged, ReliabilityFigure, Tile, TileContent, TilesFigure, split_statement,
    voxel_position, write_confusion, write_judged_voxels, write_metrics, write_scores,
};
use crate::volume::Volume;

/// Scores the model on train, validation and test voxels and writes `metrics.json`, `scores.csv`, `confusion.csv`, and
/// pictures of confusion and reliability.
///
/// # Errors
/// When the labels no longer fit the model, a file cannot be written, or on interruption.
#[expect(clippy::too_many_arguments, reason = "each is one of the things that an evaluation works with")]
pub(super) fn evaluate(
    loaded: &LoadedJob,
    material: &Material,
    model: &Model,
    device: Device,
    threads: usize,
    folder: &RunFolder,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<StageRecord, RunError> {
    let job = &loaded.job;
    listener.notice(&JobEvent::Stage("scoring the labelled voxels"));
    set_threads(threads);
    let dataset = material.dataset(loaded, &material.reader(&model.description)?)?;
    let predictor = model.predictor(device)?;
    let options = ScoreOptions {
        engine: scoring_engine(&predictor, &dataset),
        padding: job.patch.padding.into(),
        most_voxels: Some(job.evaluation.patches),
        interrupted: Some(interrupted),
    };
    let all = [Subset::Train, Subset::Validation, Subset::Test];
    let subsets: Vec<Subset> =
        all.into_iter().filter(|&subset| subset != Subset::Train || job.evaluation.training_share).collect();
    let sums = score(&dataset, &predictor, &options, &subsets)?;
    let context = predictor.segmentation().map(Segmentation::window);
    let split = split_summary(&dataset, &job.split_options(material.volume.geometry())?, job.patch.size, context);
    let scores = |subset: Subset| {
        let place = subsets.iter().position(|&other| other == subset)?;
        sums[place].scores(&material.classes)
    };
    let metrics = Metrics {
        train: scores(Subset::Train),
        validation: scores(Subset::Validation),
        test: scores(Subset::Test),
        split,
    };

    let mut record = StageRecord::default();
    write_metrics(&folder.file("metrics.json"), &metrics)?;
    write_scores(&folder.file("scores.csv"), &metrics)?;
    let file = |name: &str, description: String| FileRecord { name: name.to_owned(), description, bytes: 0 };
    record.files.push(file("metrics.json", "scores per subset and class".into()));
    record.files.push(file("scores.csv", "the same as a table, a row a score".into()));
    // The most telling subset that has voxels.
    let Some(shown) = (0..subsets.len()).rev().find(|&place| sums[place].confusion().total() > 0) else {
        listener.notice(&JobEvent::Warning("nothing was scored: all labelled voxels train"));
        return Ok(record);
    };
    let (subset, confusion) = (subsets[shown].name(), sums[shown].confusion());
    write_confusion(&folder.file("confusion.csv"), &material.classes, confusion)?;
    let description =
        format!("confusion matrix of the {subset} voxels: a row a labelled class, a column a predicted one");
    record.files.push(file("confusion.csv", description));
    let title = format!("{} — {subset} voxels", job.name);
    let figure =
        ConfusionFigure { title: &title, classes: &material.classes, matrix: confusion, judged: Judged::Voxels };
    figure.draw(&folder.file("figures/confusion.png"))?;
    let caption = format!("Confusion matrix of the {subset} voxels; rows are labelled, columns predicted.");
    record.figures.push(FigureRecord { name: "figures/confusion.png".into(), caption, bytes: 0 });

    show_most_wrong(loaded, material, &dataset, &predictor, &options, subsets[shown], folder, &mut record)?;
    if let Some(scores) = sums[shown].scores(&material.classes) {
        ReliabilityFigure { title: &title, scores: &scores }.draw(&folder.file("figures/reliability.png"))?;
        let caption = format!(
            "Accuracy of the {subset} voxels by the confidence of their class. Where bars end on the dashed line, probabilities \
             mean what they say; where they end below it (orange), the network is too sure, above it not sure enough."
        );
        record.figures.push(FigureRecord { name: "figures/reliability.png".into(), caption, bytes: 0 });
    }
    for (place, subset) in subsets.iter().enumerate() {
        warn_of_absent_classes(subset.name(), sums[place].confusion(), material, listener);
    }
    for (subset, scores) in metrics.subsets() {
        let text = format!(
            "accuracy {:.3}, balanced accuracy {:.3}, mean IoU {:.3} ({} voxels)",
            scores.accuracy, scores.balanced_accuracy, scores.mean_iou, scores.support
        );
        record.results.push((subset.to_owned(), text));
        if let (Some(before), Some(now)) =
            (scores.uncalibrated.and_then(|before| before.calibration_error), scores.calibration_error)
        {
            let text = format!("{now:.3}, before the temperature {before:.3}");
            record.results.push((format!("calibration error ({subset})"), text));
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

/// Scores of a share that lacks classes say nothing of them, however good they look.
fn warn_of_absent_classes(subset: &str, confusion: &ConfusionMatrix, material: &Material, listener: &mut dyn Listener) {
    let absent = material.classes.iter().enumerate().filter(|(class, _)| confusion.support(*class) == 0);
    let names: Vec<&str> = absent.map(|(_, class)| class.name.as_str()).collect();
    if names.is_empty() || confusion.total() == 0 {
        return;
    }
    let text = format!(
        "{} of {} classes have no {subset} voxel, so its scores hardly tell of them: {}",
        names.len(),
        material.classes.len(),
        names.join(", ")
    );
    listener.notice(&JobEvent::Warning(&text));
}

/// The voxels that the network is most sure of and wrong about, as a picture of their patches and as a table.
#[expect(clippy::too_many_arguments, reason = "each is one of the things that an evaluation works with")]
fn show_most_wrong(
    loaded: &LoadedJob,
    material: &Material,
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subset: Subset,
    folder: &RunFolder,
    record: &mut StageRecord,
) -> Result<(), RunError> {
    let (job, size) = (&loaded.job, loaded.job.patch.size);
    let (most, search) = (job.evaluation.most_wrong, Search::ConfidentlyWrong);
    if most == 0 {
        return Ok(());
    }
    let found = search_voxels(dataset, predictor, options, subset, search, [most, size / 2])?;
    if found.is_empty() {
        return Ok(());
    }
    let geometry = material.volume.geometry();
    write_judged_voxels(&folder.file("most-wrong.csv"), geometry, &material.classes, &found)?;
    let description =
        format!("the {subset} voxels that the network is most sure of and wrong about", subset = subset.name());
    record.files.push(FileRecord { name: "most-wrong.csv".into(), description: description.clone(), bytes: 0 });
    let name = |code: u8| material.classes.get(code).map_or("", |class| class.name.as_str());
    let mut patches = Vec::with_capacity(found.len());
    for voxel in &found {
        let section = dataset.sections().iter().find(|section| section.section == voxel.section);
        let channels = section.map(|section| &section.channels);
        patches.extend(
            channels.map(|channels| patch_of_voxel(channels, [voxel.trace, voxel.sample], size, options.padding)),
        );
    }
    let unit = geometry.vertical.domain.unit();
    let tile = |(voxel, patch)| {
        let (inline, crossline, position) = voxel_position(geometry, voxel);
        Tile {
            captions: vec![
                format!("inline {inline}, crossline {crossline}, {position} {unit}"),
                format!("labelled {}", name(voxel.truth)),
                format!("{:.3} for {}", voxel.confidence, name(voxel.predicted)),
            ],
            content: TileContent::Amplitude(amplitude_of(patch)),
            heat: None,
            marked: true,
        }
    };
    let tiles: Vec<Tile<'_>> = found.iter().zip(&patches).map(tile).collect();
    let title = format!("{} — {description}", job.name);
    TilesFigure { title: &title, tiles: &tiles, columns: 4, side: 260, share: None }
        .draw(&folder.file("figures/most-wrong.png"))?;
    let caption =
        format!("Patches of {description}, at most one in {0} x {0} voxels; the dot marks the voxel.", size / 2);
    record.figures.push(FigureRecord { name: "figures/most-wrong.png".into(), caption, bytes: 0 });
    Ok(())
}
