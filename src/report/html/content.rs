//! What a report tells.

use crate::grid::{ClassTable, Geometry};
use crate::labels::LabelReport;
use crate::metrics::Metrics;
use crate::report::Judged;
use crate::volume::AmplitudeStatistics;

/// Everything that `report.html` shows. Parts that are empty are left out.
#[derive(Clone, Debug)]
pub struct ReportContent {
    /// Name of the job.
    pub name: String,
    /// Name and value of what a reader wants to know first: network, weights, training, device, duration, seed, version.
    pub summary: Vec<(String, String)>,
    /// What a user should look into, one sentence each.
    pub warnings: Vec<String>,
    /// The cubes that were read, the training volume first.
    pub volumes: Vec<ReportVolume>,
    /// Names and colours of the classes.
    pub classes: ClassTable,
    /// What became of every label input.
    pub labels: Vec<LabelReport>,
    /// Labelled voxels of each subset.
    pub voxels: Vec<SubsetVoxels>,
    /// What the scores are of.
    pub judged: Judged,
    /// Scores and split.
    pub metrics: Option<Metrics>,
    /// The confusion matrix.
    pub score_figures: Vec<ReportFigure>,
    /// The training curves.
    pub training_figures: Vec<ReportFigure>,
    /// Sections and slices, or pictures.
    pub section_figures: Vec<ReportFigure>,
    /// What the run wrote.
    pub files: Vec<ReportFile>,
    /// The job with every default written out.
    pub job_yaml: String,
}

/// A cube that a run read.
#[derive(Clone, Debug)]
pub struct ReportVolume {
    /// `training and prediction`, `prediction`.
    pub role: String,
    /// Path of its file, or what it is called in messages.
    pub name: String,
    /// Its axes.
    pub geometry: Geometry,
    /// Its amplitudes, where they were measured.
    pub statistics: Option<AmplitudeStatistics>,
    /// Bounds at which its amplitudes were clipped.
    pub clip: Option<(f32, f32)>,
}

/// Labelled voxels of one subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsetVoxels {
    /// `train`, `validation`, `test` or `gap`.
    pub subset: String,
    /// Voxels of each class, in code order.
    pub counts: Vec<u64>,
}

/// A figure of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFigure {
    /// What it shows, one or two sentences.
    pub caption: String,
    /// The bytes of its PNG file.
    pub png: Vec<u8>,
}

/// A file that the run wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Path inside the run folder.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// Its size.
    pub bytes: u64,
}
