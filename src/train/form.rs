//! The two forms of training.

use crate::dataset::{CropOptions, CropSampler, DatasetError, PatchOptions, PatchSampler, SeismicDataset};
use crate::network::{Batch, NetworkError, Stager};

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

    /// The batch of `step`, counted from 0: amplitudes, or the places of their features if the learner keeps them.
    pub(super) fn batch(&self, step: u64, stager: Stager, features_kept: bool) -> Result<Batch, NetworkError> {
        match self {
            Self::Patch(sampler) if features_kept => {
                let batch = sampler.placed_batch(step);
                stager.kept_patches(&batch.places, &batch.codes)
            }
            Self::Patch(sampler) => {
                let batch = sampler.batch(step);
                stager.patches(batch.values.view(), &batch.codes)
            }
            Self::Dense(sampler) if features_kept => {
                let batch = sampler.placed_batch(step);
                stager.kept_crops(batch.places, batch.codes.view())
            }
            Self::Dense(sampler) => {
                let batch = sampler.batch(step);
                stager.crops(batch.values.view(), batch.codes.view())
            }
        }
    }
}
