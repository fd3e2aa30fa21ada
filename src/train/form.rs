//! What training sees, step by step.

use super::TrainError;
use crate::dataset::pictures::{FeatureSampler, FeatureTable, PictureFolder, PictureSampler, PictureSamplerOptions};
use crate::dataset::{CropOptions, CropSampler, PatchOptions, PatchSampler, SeismicDataset};
use crate::network::{Batch, Normalization, Stager};

/// What training learns from.
#[derive(Clone, Copy, Debug)]
pub enum Examples<'a> {
    /// Labelled voxels of sections.
    Sections(&'a SeismicDataset),
    /// Pictures of known classes.
    Pictures(&'a PictureFolder),
    /// What a frozen network made of pictures.
    Features(&'a FeatureTable),
}

/// What one training step sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Patches round labelled voxels; for any network of sections.
    Patch(PatchOptions),
    /// Crops whose voxels all count; for networks with a dense form.
    Dense(CropOptions),
    /// Pictures, and what becomes of their colours.
    Pictures(PictureSamplerOptions, Normalization),
    /// Features of pictures.
    Features(FeatureOptions),
}

/// How features of pictures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureOptions {
    /// Pictures in a batch.
    pub batch: usize,
    /// Whether all classes come equally often, instead of all pictures.
    pub balanced: bool,
    /// Seed of the order.
    pub seed: u64,
}

/// Draws the batches of one form.
pub(super) enum Sampler<'a> {
    Patch(PatchSampler<'a>),
    Dense(CropSampler<'a>),
    Pictures(PictureSampler, Normalization),
    Features(FeatureSampler<'a>),
}

impl<'a> From<&'a SeismicDataset> for Examples<'a> {
    fn from(dataset: &'a SeismicDataset) -> Self {
        Self::Sections(dataset)
    }
}

impl<'a> Sampler<'a> {
    /// # Panics
    /// When the form is one of other examples.
    pub(super) fn new(examples: Examples<'a>, form: &Form) -> Result<Self, TrainError> {
        Ok(match (examples, form) {
            (Examples::Sections(dataset), Form::Patch(options)) => {
                Self::Patch(PatchSampler::new(dataset, options.clone())?)
            }
            (Examples::Sections(dataset), Form::Dense(options)) => {
                Self::Dense(CropSampler::new(dataset, options.clone())?)
            }
            (Examples::Pictures(folder), Form::Pictures(options, normalization)) => {
                Self::Pictures(PictureSampler::new(folder, options.clone())?.0, *normalization)
            }
            (Examples::Features(table), Form::Features(FeatureOptions { batch, balanced, seed })) => {
                Self::Features(FeatureSampler::new(table, *batch, *balanced, *seed))
            }
            (examples, form) => panic!("{form:?} does not draw from {examples:?}"),
        })
    }

    /// The batch of `step`, counted from 0: values, or the places of their features if the learner keeps them.
    pub(super) fn batch(&self, step: u64, stager: Stager, features_kept: bool) -> Result<Batch, TrainError> {
        Ok(match self {
            Self::Patch(sampler) if features_kept => {
                let batch = sampler.placed_batch(step);
                stager.kept_patches(&batch.places, &batch.codes)?
            }
            Self::Patch(sampler) => {
                let batch = sampler.batch(step);
                stager.patches(batch.values.view(), &batch.codes)?
            }
            Self::Dense(sampler) if features_kept => {
                let batch = sampler.placed_batch(step);
                stager.kept_crops(batch.places, batch.codes.view())?
            }
            Self::Dense(sampler) => {
                let batch = sampler.batch(step);
                stager.crops(batch.values.view(), batch.codes.view())?
            }
            Self::Pictures(sampler, normalization) => {
                let mut batch = sampler.batch(step)?;
                batch.pixels.outer_iter_mut().for_each(|picture| normalization.apply(picture));
                stager.patches(batch.pixels.view(), &batch.codes)?
            }
            Self::Features(sampler) => {
                let (values, codes) = sampler.batch(step);
                stager.patches(values.view(), &codes)?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use ndarray::{Array2, Array3};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::test_run::{Watch, classes, dense, description, learner_of, options, patch, waldeland};
    use super::super::train;
    use super::*;
    use crate::dataset::{Augmentation, Padding, PatchWalk, Split, Subset};
    use crate::grid::{Domain, Geometry, LineAxis, Plane, Section, UNLABELLED, VerticalAxis};
    use crate::labels::Labels;
    use crate::network::{Architecture, ModelDescription, Predictor};
    use crate::volume::{AmplitudeScaling, Channel, MemoryVolume, Volume};

    /// A cube of 80 traces and 60 samples in a section, of which the middle one is labelled: class 0 on the left, 1 on the right.
    fn cube(sections: usize, value: impl FnMut((usize, usize, usize)) -> f32) -> MemoryVolume {
        let line = |count| LineAxis { first: 1, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 60 };
        let geometry = Geometry { inline: line(sections), crossline: line(80), vertical, xy_from_grid: None };
        MemoryVolume::new(geometry, Array3::from_shape_fn((sections, 80, 60), value)).unwrap()
    }

    fn noise(seed: u64) -> impl FnMut((usize, usize, usize)) -> f32 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        move |_| random.random_range(-1.0..1.0)
    }

    fn dataset(
        description: &ModelDescription,
        cube: &MemoryVolume,
        attributes: &[(&str, &dyn Volume)],
    ) -> SeismicDataset {
        let mut labels = Labels::new(cube.geometry().clone());
        let codes = Array2::from_shape_fn((80, 60), |(trace, _)| match trace {
            36..44 => UNLABELLED,
            _ => u8::from(trace >= 40),
        });
        labels.add_section(Section::inline(cube.geometry().inline.count / 2), codes.view()).unwrap();
        let reader = description.reader(cube, attributes).unwrap();
        SeismicDataset::build(&reader, &labels, &classes(), &[Plane::Inline], &Split::None).unwrap()
    }

    fn trained(description: &ModelDescription, dataset: &SeismicDataset, form: Form, steps: u64) -> Predictor {
        let folder = tempfile::tempdir().unwrap();
        let interrupted = AtomicBool::new(false);
        let mut watch =
            Watch { interrupt_after: u64::MAX, interrupted: &interrupted, epochs: Vec::new(), features: None };
        let mut learner = learner_of(description.clone());
        let path = folder.path().join("checkpoint.safetensors");
        train(&mut learner, dataset, &options(form, steps), None, &path, &mut watch, &interrupted).unwrap();
        learner.predictor().unwrap()
    }

    /// Share of labelled voxels that are told rightly.
    fn accuracy(predictor: &Predictor, dataset: &SeismicDataset) -> f64 {
        let walk = PatchWalk::new(dataset, Subset::Train, predictor.patch(), Padding::Zero, 64, Some(512)).unwrap();
        let mut right = 0;
        for batch in walk.batches() {
            let probabilities = predictor.patch_probabilities(batch.values.view()).unwrap();
            let told = probabilities.rows().into_iter().map(|row| u8::from(row[1] > row[0]));
            right += told.zip(batch.codes).filter(|(told, code)| told == code).count();
        }
        right as f64 / walk.voxel_count() as f64
    }

    #[test]
    fn a_network_learns_from_the_only_channel_that_tells_in_both_forms() {
        let scaling = AmplitudeScaling::new(-1.0, 1.0).unwrap();
        let texture = cube(1, |(_, trace, sample)| {
            let period = if trace < 40 { 24.0 } else { 5.0 };
            (sample as f32 / period * std::f32::consts::TAU + trace as f32 * 0.1).sin()
        });
        let [meaningless, other] = [1, 2].map(|seed| cube(1, noise(seed)));
        let channel = Channel::Attribute { name: "texture".into(), scaling };
        let description = ModelDescription { further_channels: vec![channel], ..description(waldeland(), 65) };
        let told = dataset(&description, &meaningless, &[("texture", &texture)]);
        let untold = dataset(&description, &meaningless, &[("texture", &other)]);
        for (form, steps) in [(dense(), 80), (patch(), 80)] {
            let predictor = trained(&description, &told, form, steps);
            let (with, without) = (accuracy(&predictor, &told), accuracy(&predictor, &untold));
            assert!(with > 0.9 && without < 0.8, "{with} with the channel, {without} without");
        }
    }

    /// The middle section is noise; its neighbours repeat it on the left, and turn its sign on the right.
    #[test]
    fn a_network_of_volumes_learns_what_only_neighbouring_sections_tell() {
        const SIDE: usize = 9;
        let line: Vec<f32> = (0..80 * 60).map(|_| (0, 0, 0)).map(noise(5)).collect();
        let volume = cube(SIDE, |(section, trace, sample)| {
            let sign = if trace < 40 || section == SIDE / 2 { 1.0 } else { -1.0 };
            sign * line[trace * 60 + sample]
        });
        let description = description(Architecture::Malenov, SIDE);
        let dataset = dataset(&description, &volume, &[]);
        assert_eq!(dataset.channel_count(), SIDE);
        let form = Form::Patch(PatchOptions {
            size: SIDE,
            batch: 32,
            padding: Padding::Zero,
            balanced: true,
            augmentation: Augmentation::default(),
            seed: 3,
        });
        let accuracy = accuracy(&trained(&description, &dataset, form, 120), &dataset);
        assert!(accuracy > 0.9, "{accuracy}");
    }
}
