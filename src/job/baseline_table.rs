//! What the use cases `baseline` have in common: the table, and its files.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{JobEvent, Listener, RunError};
use crate::analysis::features::{Family, FeatureBank};
use crate::analysis::shallow::Classifier;
use crate::analysis::{BaselineRow, Part, Trial, baseline};
use crate::grid::ClassTable;
use crate::report::{BaselineFigure, Figure, write_baseline, write_features};

/// How the table is made.
#[derive(Clone, Debug)]
pub struct BaselineOptions {
    /// Classifiers, in the order of the table.
    pub classifiers: Vec<Classifier>,
    /// Features; those that are usual for patches or pictures if there are none.
    pub families: Vec<Family>,
    /// Where `baseline.csv` and `baseline.png` go.
    pub folder: PathBuf,
    /// Whether the features are written, too, as `features.csv`.
    pub writes_features: bool,
}

/// The table, and what it was made from.
#[derive(Clone, Debug)]
pub struct BaselineOutcome {
    /// Features of a voxel or picture.
    pub features: usize,
    /// Voxels or pictures that were learnt from.
    pub training: usize,
    /// Names of the sets held out, as the rows have them, with their voxels or pictures.
    pub held_out: Vec<(&'static str, usize)>,
    /// One row a classifier.
    pub rows: Vec<BaselineRow>,
    /// Voxels held out whose patch holds a training voxel; pictures held out that train as well.
    pub leak: u64,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// What classifiers are compared on.
pub(super) struct Comparison<'a> {
    /// Title of the figure.
    pub title: &'a str,
    /// `voxels` or `pictures`.
    pub unit: &'a str,
    pub classes: &'a ClassTable,
    /// Names of the features.
    pub names: &'a [String],
    pub parts: Vec<Part>,
    pub trials: Vec<Trial>,
    /// Names of what the trials hold out.
    pub sets: Vec<&'static str>,
    pub seed: u64,
    pub leak: u64,
}

impl BaselineOptions {
    /// The features, `usual` if none were chosen.
    pub(super) fn bank_or(&self, usual: FeatureBank) -> FeatureBank {
        if self.families.is_empty() { usual } else { FeatureBank::new(&self.families) }
    }
}

impl Comparison<'_> {
    /// Fits and scores the classifiers and writes the table.
    pub(super) fn carry_out(
        self,
        options: &BaselineOptions,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<BaselineOutcome, RunError> {
        let Self { parts, trials, sets, classes, .. } = &self;
        let features = self.names.len();
        let size = |place: usize| parts[place].codes.len();
        let trains = |place: &usize| trials.iter().any(|trial| trial.train.contains(place));
        let training = (0..parts.len()).filter(trains).map(size).sum();
        let held_out = sets.iter().enumerate().map(|(set, &name)| {
            let voxels = trials.iter().map(|trial| size(trial.held_out[set])).sum();
            (name, voxels)
        });
        let held_out = held_out.collect();
        let stage = format!("fitting classifiers to {features} features of {training} {}", self.unit);
        listener.notice(&JobEvent::Stage(&stage));
        let mut tell = |progress| listener.notice(&JobEvent::Fit(&progress));
        let rows = baseline(parts, trials, classes, &options.classifiers, self.seed, interrupted, &mut tell)?;
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        fs::create_dir_all(&options.folder).map_err(RunError::io("make", &options.folder))?;
        let mut files = Vec::new();
        if options.writes_features {
            files.push(options.folder.join("features.csv"));
            write_features(&files[0], self.names, classes, parts)?;
        }
        let [table, figure] = ["baseline.csv", "baseline.png"].map(|name| options.folder.join(name));
        write_baseline(&table, sets, &rows)?;
        BaselineFigure { title: self.title, sets, rows: &rows }.draw(&figure)?;
        files.extend([table, figure]);
        Ok(BaselineOutcome { features, training, held_out, rows, leak: self.leak, files })
    }
}
