//! The two forms of training.

use crate::dataset::{CropOptions, CropSampler, DatasetError, PatchOptions, PatchSampler, SeismicDataset};
use crate::network::{Learner, NetworkError, StepOutcome};

/// What one training step sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Patches round labelled voxels; for any network.
    Patch(PatchOptions),
    /// Crops whose voxels all count; for networks with a dense form.
    Dense(CropOptions),
}

/// Draws the batches of one form.
pub(super) enum Sampler<'a> {
    Patch(PatchSampler<'a>),
    Dense(CropSampler<'a>),
}

impl<'a> Sampler<'a> {
    pub(super) fn new(dataset: &'a SeismicDataset, form: &Form) -> Result<Self, DatasetError> {
        Ok(match form {
            Form::Patch(options) => Self::Patch(PatchSampler::new(dataset, options.clone())?),
            Form::Dense(options) => Self::Dense(CropSampler::new(dataset, options.clone())?),
        })
    }

    /// Draws the batch of `step`, counted from 0, and lets the learner learn it.
    pub(super) fn step(&self, learner: &mut Learner, step: u64) -> Result<StepOutcome, NetworkError> {
        match self {
            Self::Patch(sampler) => {
                let batch = sampler.batch(step);
                learner.step_patches(batch.amplitude.view(), &batch.codes, step)
            }
            Self::Dense(sampler) => {
                let batch = sampler.batch(step);
                learner.step_crops(batch.amplitude.view(), batch.codes.view(), step)
            }
        }
    }
}
