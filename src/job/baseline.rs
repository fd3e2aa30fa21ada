//! The use case `baseline`: what classifiers without deep learning reach on the labels of a job.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::located::located;
use super::material::split_summary;
use super::{JobEvent, Listener, LoadedJob, Material, RunError};
use crate::analysis::features::{FeatureBank, Subject};
use crate::analysis::shallow::{Classifier, Table};
use crate::analysis::{BaselineRow, HeldOut, baseline};
use crate::dataset::{PatchWalk, SeismicDataset, Subset};
use crate::report::{BaselineFigure, Figure, write_baseline, write_features};
use crate::volume::Volume;

/// Patches that are described at a time.
const BATCH: usize = 512;
/// Sets of rows that classifiers have not learnt from.
const HELD_OUT: [(Subset, &str); 2] = [(Subset::Validation, "validation"), (Subset::Test, "test")];

/// How the table is made.
#[derive(Clone, Debug)]
pub struct BaselineOptions {
    /// Classifiers, in the order of the table.
    pub classifiers: Vec<Classifier>,
    /// Most voxels of a subset, spread evenly over it.
    pub most_voxels: usize,
    /// Where `baseline.csv` and `baseline.png` go.
    pub folder: PathBuf,
    /// Whether the features are written, too, as `features.csv`.
    pub writes_features: bool,
}

/// The table, and what it was made from.
#[derive(Clone, Debug)]
pub struct BaselineOutcome {
    /// Features of a voxel.
    pub features: usize,
    /// Training voxels used.
    pub training_voxels: usize,
    /// Names of the sets held out, as the rows have them, with their voxels.
    pub held_out: Vec<(&'static str, usize)>,
    /// One row a classifier.
    pub rows: Vec<BaselineRow>,
    /// Test voxels whose patch holds a training voxel.
    pub leak: u64,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// Describes the labelled voxels of a job by features of their patches, fits classifiers and scores them.
///
/// # Errors
/// When cube or labels cannot be read or divided, no voxel is held out, the work is interrupted, or a file cannot be written.
pub fn survey_baseline(
    loaded: &LoadedJob,
    options: &BaselineOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(&BaselineRow),
) -> Result<BaselineOutcome, RunError> {
    let job = &loaded.job;
    if job.patch.size < FeatureBank::LEAST_SIDE {
        let reason = format!("features describe patches of at least {side} x {side}", side = FeatureBank::LEAST_SIDE);
        return Err(loaded.refuse("patch.size", reason, Some("65 is usual".into())).into());
    }
    let material = Material::open(loaded, listener)?;
    let reader = material.reader_of_all()?;
    let dataset = material.dataset(loaded, &reader).map_err(|error| located(loaded, error))?;
    let held_out: Vec<_> = HELD_OUT.into_iter().filter(|(subset, _)| dataset.total(*subset) > 0).collect();
    if held_out.is_empty() {
        let help = Some(
            "let `split` keep some labels back, as in `--set 'split={stripes: {train: 30, gap: 10, test: 15}}'` with numbers of traces that suit the line",
        );
        let reason = "nothing is held out to score classifiers on".to_owned();
        return Err(loaded.refuse("split", reason, help.map(str::to_owned)).into());
    }
    if matches!(job.split, super::schema::Split::Folds(_)) {
        listener
            .notice(&JobEvent::Warning("of the folds, one is scored: choose another with `--set split.folds.fold=N`"));
    }
    let stage = |listener: &mut dyn Listener, text: &str| listener.notice(&JobEvent::Stage(text));
    let describe = |subset| described(loaded, &dataset, subset, options.most_voxels, interrupted);

    stage(listener, "describing the labelled voxels");
    let (features, codes) = describe(Subset::Train)?;
    let (columns, training_voxels) = (features.ncols(), codes.len());
    let table = Table::new(features, codes, material.classes.len())?;
    let parts = held_out.iter().map(|(subset, _)| describe(*subset)).collect::<Result<Vec<_>, _>>()?;
    stage(listener, &format!("fitting classifiers to {columns} features of {training_voxels} voxels"));
    let views: Vec<_> = parts.iter().map(|(features, codes)| HeldOut { features: features.view(), codes }).collect();
    let rows = baseline(&table, &views, &material.classes, &options.classifiers, job.seed, interrupted, tell)?;
    if interrupted.load(Ordering::Relaxed) {
        return Err(RunError::Interrupted);
    }
    let mut files = Vec::new();
    if options.writes_features {
        let names = names(job.patch.size, columns);
        files.push(options.folder.join("features.csv"));
        let training = [("train", HeldOut { features: table.features(), codes: table.classes() })];
        let sets = held_out.iter().map(|(_, name)| *name).zip(views.iter().copied());
        let sets: Vec<_> = training.into_iter().chain(sets).collect();
        fs::create_dir_all(&options.folder).map_err(RunError::io("make", &options.folder))?;
        write_features(&files[0], &names, &material.classes, &sets)?;
    }
    let sets: Vec<&str> = held_out.iter().map(|(_, name)| *name).collect();
    files.extend(write(&options.folder, &format!("{} — shallow classifiers", job.name), &sets, &rows)?);
    let split = job.split_options(material.volume.geometry())?;
    let leak = split_summary(&dataset, &split, job.patch.size, None).leak;
    let held_out = sets_with_sizes(&held_out, &views);
    Ok(BaselineOutcome { features: columns, training_voxels, held_out, rows, leak, files })
}

/// Names of all columns; those of every channel but the first carry its number.
fn names(size: usize, columns: usize) -> Vec<String> {
    let patch = Array2::zeros((size, size));
    let of_channel = FeatureBank::of_patches().names(Subject::Patch(patch.view()));
    let channel = |place: usize| match place / of_channel.len() {
        0 => String::new(),
        channel => format!("channel{}_", channel + 1),
    };
    (0..columns).map(|place| channel(place) + &of_channel[place % of_channel.len()]).collect()
}

fn sets_with_sizes(sets: &[(Subset, &'static str)], parts: &[HeldOut<'_>]) -> Vec<(&'static str, usize)> {
    sets.iter().zip(parts).map(|(&(_, name), part)| (name, part.codes.len())).collect()
}

/// Features `[voxel, feature]` and class of voxels of `subset`. Every channel is described by the same features.
fn described(
    loaded: &LoadedJob,
    dataset: &SeismicDataset,
    subset: Subset,
    most: usize,
    interrupted: &AtomicBool,
) -> Result<(Array2<f32>, Vec<u8>), RunError> {
    let patch = &loaded.job.patch;
    let bank = FeatureBank::of_patches();
    let walk = PatchWalk::new(dataset, subset, patch.size, patch.padding.into(), BATCH, Some(most))?;
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for batch in walk.batches() {
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let patches: Vec<_> = batch.values.axis_iter(Axis(0)).collect();
        // Patches are `[sample, trace]`, as networks see them.
        let describe = |patch: ndarray::ArrayView3<'_, f32>| -> Vec<f32> {
            patch.outer_iter().flat_map(|channel| bank.describe(Subject::Patch(channel.t()))).collect()
        };
        rows.extend(patches.into_par_iter().map(describe).collect::<Vec<_>>());
        codes.extend(batch.codes);
    }
    let columns = rows.first().map_or(0, Vec::len);
    let features =
        Array2::from_shape_vec((rows.len(), columns), rows.concat()).expect("all patches have equal features");
    Ok((features, codes))
}

fn write(folder: &Path, title: &str, sets: &[&str], rows: &[BaselineRow]) -> Result<Vec<PathBuf>, RunError> {
    fs::create_dir_all(folder).map_err(RunError::io("make", folder))?;
    let files = ["baseline.csv", "baseline.png"].map(|name| folder.join(name));
    write_baseline(&files[0], sets, rows)?;
    BaselineFigure { title, sets, rows }.draw(&files[1])?;
    Ok(files.into())
}
