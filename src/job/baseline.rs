//! The use case `baseline` of a job: what classifiers without deep learning reach on its labelled voxels.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayView3, Axis};
use rayon::prelude::*;

use super::baseline_table::{BaselineOptions, BaselineOutcome, Comparison};
use super::located::located;
use super::material::split_summary;
use super::{JobEvent, Listener, LoadedJob, Material, RunError};
use crate::analysis::features::{FeatureBank, Subject};
use crate::analysis::{Part, Trial};
use crate::dataset::{PatchWalk, SeismicDataset, Subset};
use crate::volume::Volume;

/// Patches that are described at a time.
const BATCH: usize = 512;
/// Sets of voxels that classifiers have not learnt from.
const HELD_OUT: [(Subset, &str); 2] = [(Subset::Validation, "validation"), (Subset::Test, "test")];

/// Describes the labelled voxels of a job, at most `most_voxels` of each subset, by features of their patches, fits
/// classifiers and scores them.
///
/// # Errors
/// When cube or labels cannot be read or divided, no voxel is held out, the work is interrupted, or a file cannot be written.
pub fn survey_baseline(
    loaded: &LoadedJob,
    most_voxels: usize,
    options: &BaselineOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
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
    listener.notice(&JobEvent::Stage("describing the labelled voxels"));
    let bank = options.bank_or(FeatureBank::of_patches());
    let subsets = [(Subset::Train, "train")].into_iter().chain(held_out.iter().copied());
    let describe = |(subset, name)| described(loaded, &dataset, subset, name, &bank, most_voxels, interrupted);
    let parts = subsets.map(describe).collect::<Result<Vec<_>, _>>()?;
    let split = job.split_options(material.volume.geometry())?;
    let comparison = Comparison {
        title: &format!("{} — shallow classifiers", job.name),
        unit: "voxels",
        classes: &material.classes,
        names: &names(&bank, job.patch.size, parts[0].features.ncols()),
        trials: vec![Trial { train: vec![0], held_out: (1..parts.len()).collect() }],
        parts,
        sets: held_out.iter().map(|(_, name)| *name).collect(),
        seed: job.seed,
        leak: split_summary(&dataset, &split, job.patch.size, None).leak,
    };
    comparison.carry_out(options, listener, interrupted)
}

/// Names of all columns; those of every channel but the first carry its number.
fn names(bank: &FeatureBank, size: usize, columns: usize) -> Vec<String> {
    let patch = Array2::zeros((size, size));
    let of_channel = bank.names(Subject::Patch(patch.view()));
    let channel = |place: usize| match place / of_channel.len() {
        0 => String::new(),
        channel => format!("channel{}_", channel + 1),
    };
    (0..columns).map(|place| channel(place) + &of_channel[place % of_channel.len()]).collect()
}

/// Features and class of voxels of `subset`. Every channel is described by the same features.
fn described(
    loaded: &LoadedJob,
    dataset: &SeismicDataset,
    subset: Subset,
    name: &str,
    bank: &FeatureBank,
    most: usize,
    interrupted: &AtomicBool,
) -> Result<Part, RunError> {
    let patch = &loaded.job.patch;
    let walk = PatchWalk::new(dataset, subset, patch.size, patch.padding.into(), BATCH, Some(most))?;
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for batch in walk.batches() {
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let patches: Vec<_> = batch.values.axis_iter(Axis(0)).collect();
        // Patches are `[sample, trace]`, as networks see them.
        let describe = |patch: ArrayView3<'_, f32>| -> Vec<f32> {
            patch.outer_iter().flat_map(|channel| bank.describe(Subject::Patch(channel.t()))).collect()
        };
        rows.extend(patches.into_par_iter().map(describe).collect::<Vec<_>>());
        codes.extend(batch.codes);
    }
    let columns = rows.first().map_or(0, Vec::len);
    let features =
        Array2::from_shape_vec((rows.len(), columns), rows.concat()).expect("all patches have equal features");
    Ok(Part { name: name.to_owned(), features, codes })
}
