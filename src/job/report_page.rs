//! The report of a run, put together from what its stages left in the run folder.

use std::fs;

use super::run_folder::{FigureRecord, RunFolder, RunRecord, StageRecord};
use super::{LoadedJob, Material, RunError, job_yaml};
use crate::dataset::{SeismicDataset, Subset};
use crate::network::Model;
use crate::report::{
    Judged, ReportContent, ReportFigure, ReportFile, ReportVolume, SubsetVoxels, read_metrics, split_statement,
    write_report,
};
use crate::volume::Volume;

/// Name of the report in a run folder.
pub(super) const REPORT: &str = "report.html";

/// Writes `report.html`; `warnings` are those about cube and labels.
///
/// # Errors
/// When a file of the run cannot be read or the report not be written.
pub(super) fn write_page(
    loaded: &LoadedJob,
    material: &Material,
    dataset: &SeismicDataset,
    model: &Model,
    folder: &RunFolder,
    record: &RunRecord,
    warnings: &[String],
) -> Result<(), RunError> {
    let job = &loaded.job;
    let stages = [&record.stages.training, &record.stages.evaluation, &record.stages.prediction];
    let figures = |stage: &Option<StageRecord>| -> Result<Vec<ReportFigure>, RunError> {
        stage.iter().flat_map(|stage| &stage.figures).map(|figure| embedded(figure, folder)).collect()
    };
    let metrics_path = folder.file("metrics.json");
    let metrics = metrics_path.exists().then(|| read_metrics(&metrics_path)).transpose()?;
    // The page says in a place of its own how much the scores mean.
    let said = metrics.as_ref().map(split_statement).map(|statement| statement.text);
    let voxels = [Subset::Train, Subset::Validation, Subset::Test, Subset::Gap]
        .map(|subset| SubsetVoxels { subset: subset.name().to_owned(), counts: dataset.counts(subset) });
    let description = &model.description;
    let mut summary = vec![
        ("network".to_owned(), description.architecture.title()),
        ("patch".to_owned(), format!("{0} x {0} samples", description.patch)),
        ("seed".to_owned(), job.seed.to_string()),
        ("program".to_owned(), format!("facies {}, libtorch {}, on {}", record.facies, record.libtorch, record.device)),
    ];
    if !description.further_channels.is_empty() {
        summary.insert(1, ("channels".to_owned(), description.channel_names().join(", ")));
    }
    if let Some(origin) = &description.pretrained {
        summary.insert(1, ("pretrained weights".to_owned(), format!("{} (SHA-256 {})", origin.file, origin.sha256)));
    }
    summary.extend(stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage| stage.results.clone()));
    let written = stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage| &stage.files);
    let files = written.map(|file| ReportFile {
        name: file.name.clone(),
        description: file.description.clone(),
        bytes: fs::metadata(folder.file(&file.name)).map_or(0, |metadata| metadata.len()),
    });
    let of_stages = stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage| &stage.warnings);
    let warnings =
        warnings.iter().chain(of_stages).filter(|warning| Some(*warning) != said.as_ref()).cloned().collect();
    let content = ReportContent {
        name: job.name.clone(),
        summary,
        warnings,
        volumes: volumes(material, model),
        classes: material.classes.clone(),
        labels: material.label_reports.clone(),
        voxels: voxels.into_iter().filter(|subset| subset.counts.iter().any(|&count| count > 0)).collect(),
        judged: Judged::Voxels,
        metrics,
        score_figures: figures(&record.stages.evaluation)?,
        training_figures: figures(&record.stages.training)?,
        section_figures: figures(&record.stages.prediction)?,
        files: files.collect(),
        job_yaml: job_yaml(job)?,
    };
    Ok(write_report(&folder.file(REPORT), &content)?)
}

/// The cube, and the volumes beside it.
fn volumes(material: &Material, model: &Model) -> Vec<ReportVolume> {
    let cube = ReportVolume {
        role: "learnt from".into(),
        name: material.volume.name(),
        geometry: material.volume.geometry().clone(),
        statistics: Some(material.measurement.statistics),
        clip: Some(model.description.amplitude.bounds()),
    };
    let attributes = material.attributes.iter().map(|attribute| ReportVolume {
        role: format!("channel `{}`", attribute.name),
        name: attribute.volume.name(),
        geometry: attribute.volume.geometry().clone(),
        statistics: Some(attribute.measurement.statistics),
        clip: Some(attribute.scaling.bounds()),
    });
    std::iter::once(cube).chain(attributes).collect()
}

pub(super) fn embedded(figure: &FigureRecord, folder: &RunFolder) -> Result<ReportFigure, RunError> {
    let path = folder.file(&figure.name);
    let png = fs::read(&path).map_err(RunError::io("read", path))?;
    Ok(ReportFigure { caption: figure.caption.clone(), png })
}
