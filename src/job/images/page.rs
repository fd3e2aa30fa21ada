//! The report of a job of pictures.

use std::fs;

use super::learning::PictureSets;
use super::resolve::network_title;
use super::scoring::PictureScores;
use super::study::REPORT;
use crate::grid::ClassTable;
use crate::job::RunError;
use crate::job::report_page::embedded;
use crate::job::run_folder::{FigureRecord, RunFolder, RunRecord, StageRecord};
use crate::job::schema::images::ImagesJob;
use crate::job::write::images_yaml;
use crate::network::PictureDescription;
use crate::predict::pictures::Bottlenecks;
use crate::report::{Judged, ReportContent, ReportFigure, ReportFile, SubsetVoxels, write_report};

/// Writes `report.html`.
///
/// # Errors
/// When a figure of the run cannot be read, or the report not be written.
pub(super) fn write_page(
    job: &ImagesJob,
    folder: &RunFolder,
    record: &RunRecord,
    scores: &PictureScores,
    bottlenecks: &Bottlenecks,
    sets: &PictureSets,
    description: &PictureDescription,
) -> Result<(), RunError> {
    let stages = [&record.stages.training, &record.stages.evaluation];
    let (confusion, pictures): (Vec<_>, Vec<_>) =
        scores.figures.iter().partition(|figure| figure.name.ends_with("confusion.png"));
    let figures = |figures: Vec<&FigureRecord>| -> Result<Vec<ReportFigure>, RunError> {
        figures.into_iter().map(|figure| embedded(figure, folder)).collect()
    };
    let of_training = stages[0].iter().flat_map(|stage| &stage.figures).collect();
    let mut summary = vec![
        ("network".to_owned(), network_title(job)),
        ("sees".to_owned(), format!("{0} x {0} pixels", description.pictures.side)),
        ("features of a picture".to_owned(), bottlenecks.feature_count().to_string()),
        ("seed".to_owned(), job.seed.to_string()),
        ("program".to_owned(), format!("facies {}, libtorch {}, on {}", record.facies, record.libtorch, record.device)),
    ];
    if let Some(origin) = &description.pretrained {
        summary.insert(1, ("pretrained weights".to_owned(), format!("{} (SHA-256 {})", origin.file, origin.sha256)));
    }
    summary.extend(stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage| stage.results.clone()));
    let counts = |set: &crate::predict::pictures::BottleneckSet| {
        let mut counts = vec![0; description.classes.len()];
        set.pictures.iter().for_each(|picture| counts[usize::from(picture.class)] += 1);
        counts
    };
    let written = stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage: &StageRecord| &stage.files);
    let files = written.map(|file| ReportFile {
        name: file.name.clone(),
        description: file.description.clone(),
        bytes: fs::metadata(folder.file(&file.name)).map_or(0, |metadata| metadata.len()),
    });
    let content = ReportContent {
        name: job.name.clone(),
        summary,
        warnings: stages.iter().flat_map(|stage| stage.iter()).flat_map(|stage| stage.warnings.clone()).collect(),
        volumes: Vec::new(),
        classes: ClassTable::from_names(description.classes.iter().map(String::as_str))?,
        labels: Vec::new(),
        voxels: sets.all().map(|(name, set)| SubsetVoxels { subset: name.to_owned(), counts: counts(set) }).collect(),
        judged: Judged::Pictures,
        metrics: Some(scores.metrics.clone()),
        score_figures: figures(confusion)?,
        training_figures: figures(of_training)?,
        section_figures: figures(pictures)?,
        files: files.collect(),
        job_yaml: images_yaml(job)?,
    };
    Ok(write_report(&folder.file(REPORT), &content)?)
}
