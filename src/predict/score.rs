//! Scores of a network on the labelled voxels of a job.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array1, Array3, ArrayView1, s};

use super::{Engine, PredictError, SectionWindow, section_probabilities};
use crate::dataset::{LabelledSection, Padding, PatchWalk, SeismicDataset, Subset};
use crate::grid::{ClassTable, UNLABELLED};
use crate::metrics::ScoreSums;
use crate::network::Predictor;
use crate::train::{Validation, Validator};

/// How labelled voxels are scored.
#[derive(Clone, Copy, Debug)]
pub struct ScoreOptions<'a> {
    /// Dense: whole sections. Patch: one window a labelled voxel.
    pub engine: Engine,
    /// What windows see beyond the survey's edge; as in training.
    pub padding: Padding,
    /// Most voxels of a subset that the patch engine scores, spread evenly over the subset; `None` scores all.
    pub most_voxels: Option<usize>,
    /// Set to stop between batches or sections; nothing stops it if left out.
    pub interrupted: Option<&'a AtomicBool>,
}

impl ScoreOptions<'_> {
    fn go_on(&self) -> Result<(), PredictError> {
        match self.interrupted {
            Some(interrupted) if interrupted.load(Ordering::Relaxed) => Err(PredictError::ScoringInterrupted),
            _ => Ok(()),
        }
    }
}

/// Scores of `predictor` on each of `subsets`.
///
/// # Errors
/// When the engine does not fit the network or memory runs out.
pub fn score(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subsets: &[Subset],
) -> Result<Vec<ScoreSums>, PredictError> {
    options.engine.check(predictor)?;
    match options.engine {
        Engine::Dense { .. } => score_sections(dataset, predictor, options, subsets),
        Engine::Patch { batch, .. } => {
            subsets.iter().map(|&subset| score_patches(dataset, predictor, options, batch, subset)).collect()
        }
    }
}

fn score_sections(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subsets: &[Subset],
) -> Result<Vec<ScoreSums>, PredictError> {
    let empty = || ScoreSums::of_calibrated(dataset.class_count(), predictor.temperature());
    let mut sums: Vec<ScoreSums> = subsets.iter().map(|_| empty()).collect();
    for section in dataset.sections() {
        let probabilities = labelled_probabilities(predictor, options, section, subsets)?;
        for (&subset, sums) in subsets.iter().zip(&mut sums) {
            sums.add_section(section.codes_in(subset).view(), probabilities.view());
        }
    }
    Ok(sums)
}

/// Class probabilities `[class, trace, sample]` of a section, where a trace has a voxel of `subsets`.
fn labelled_probabilities(
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    section: &LabelledSection,
    subsets: &[Subset],
) -> Result<Array3<f32>, PredictError> {
    options.go_on()?;
    let asked = |trace: usize| section.subset.row(trace).iter().any(|subset| subsets.contains(subset));
    let traces = Array1::from_shape_fn(section.subset.nrows(), asked);
    let window = SectionWindow::whole(section.channels.shape());
    section_probabilities(predictor, options.engine, options.padding, &section.channels, traces.view(), &window)
}

fn score_patches(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    batch: usize,
    subset: Subset,
) -> Result<ScoreSums, PredictError> {
    let mut sums = ScoreSums::of_calibrated(dataset.class_count(), predictor.temperature());
    let walk = PatchWalk::new(dataset, subset, predictor.patch(), options.padding, batch, options.most_voxels)?;
    for batch in walk.batches() {
        options.go_on()?;
        let probabilities = predictor.patch_probabilities(batch.values.view())?;
        sums.add_rows(&batch.codes, probabilities.view());
    }
    Ok(sums)
}

/// Hands code and class probabilities of every voxel of `subset` to `take`, in one order always.
pub(super) fn each_voxel(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subset: Subset,
    mut take: impl FnMut(u8, &[f32]),
) -> Result<(), PredictError> {
    each_labelled(dataset, predictor, options, subset, |_, code, row| take(code, row))
}

/// The same with its place: index of the labelled section, trace, sample.
pub(super) fn each_labelled(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subset: Subset,
    mut take: impl FnMut([usize; 3], u8, &[f32]),
) -> Result<(), PredictError> {
    options.engine.check(predictor)?;
    let mut hand_over = |place: [usize; 3], code: u8, row: ArrayView1<'_, f32>| take(place, code, &row.to_vec());
    if let Engine::Patch { batch, .. } = options.engine {
        let walk = PatchWalk::new(dataset, subset, predictor.patch(), options.padding, batch, options.most_voxels)?;
        let mut places = walk.places();
        for batch in walk.batches() {
            options.go_on()?;
            let probabilities = predictor.patch_probabilities(batch.values.view())?;
            for ((&code, row), place) in batch.codes.iter().zip(probabilities.outer_iter()).zip(&mut places) {
                hand_over(place, code, row);
            }
        }
        return Ok(());
    }
    for (index, section) in dataset.sections().iter().enumerate() {
        let probabilities = labelled_probabilities(predictor, options, section, &[subset])?;
        let codes = section.codes_in(subset);
        let labelled = codes.indexed_iter().filter(|(_, code)| **code != UNLABELLED);
        labelled.for_each(|((trace, sample), &code)| {
            hand_over([index, trace, sample], code, probabilities.slice(s![.., trace, sample]));
        });
    }
    Ok(())
}

/// Scores the validation share for early stopping.
pub struct SubsetValidator<'a> {
    /// The labelled voxels.
    pub dataset: &'a SeismicDataset,
    /// Their classes.
    pub classes: &'a ClassTable,
    /// How to score them.
    pub options: ScoreOptions<'a>,
}

impl Validator for SubsetValidator<'_> {
    fn validate(
        &self,
        predictor: &Predictor,
        interrupted: &AtomicBool,
    ) -> Result<Option<Validation>, Box<dyn Error + Send + Sync>> {
        let options = ScoreOptions { interrupted: Some(interrupted), ..self.options };
        match score(self.dataset, predictor, &options, &[Subset::Validation]) {
            Ok(sums) => {
                let scores = sums[0].scores(self.classes);
                Ok(Some(scores.as_ref().map_or_else(Validation::default, Validation::from)))
            }
            Err(PredictError::ScoringInterrupted) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
