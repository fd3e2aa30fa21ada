//! The frozen network that makes bottlenecks.

use std::path::PathBuf;

use ndarray::{Array4, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::dataset::pictures::Fit;
use crate::job::RunError;
use crate::network::{
    Backbone, Dialect, Head, Normalization, PictureDescription, PictureInput, PictureModel, Pooling, Pretrained, Top,
};

/// Which network, and how it sees pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenNetwork {
    /// The network.
    pub backbone: Backbone,
    /// Its pretrained weights; without them they are drawn from the seed.
    pub weights: Option<PathBuf>,
    /// Rows and columns of what it sees.
    pub side: usize,
    /// What becomes of pictures of another proportion.
    pub fit: Fit,
    /// What becomes of the last map.
    pub pooling: Pooling,
    /// Seed of weights that are not pretrained.
    pub seed: u64,
}

impl FrozenNetwork {
    /// The network for `classes`; its end says nothing yet.
    ///
    /// # Errors
    /// When weights or size do not fit the network.
    pub(super) fn model(&self, classes: &[String]) -> Result<PictureModel, RunError> {
        let pretrained = self.weights.as_deref().map(Pretrained::read).transpose()?;
        // Without weights there is nothing that pictures were normalised for; ImageNet's suits fresh ones as well.
        let normalization = pretrained.as_ref().map(|weights| weights.normalization(self.backbone));
        let description = PictureDescription {
            version: PictureDescription::VERSION,
            backbone: self.backbone,
            top: Top {
                pooling: self.pooling,
                batch_norm_features: false,
                head: Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false },
            },
            pictures: PictureInput {
                side: self.side,
                fit: self.fit,
                normalization: normalization.unwrap_or(self.backbone.normalization(Dialect::Torch)),
            },
            classes: classes.to_vec(),
            pretrained: None,
            seed: self.seed,
        };
        let model = PictureModel::new(description, pretrained.as_ref())?;
        match pretrained {
            Some(_) => Ok(model),
            None => {
                let normalization = model.description.pictures.normalization;
                Ok(model.with_measured_statistics(texture(self.side, self.seed, normalization).view())?)
            }
        }
    }
}

/// Pictures of waves and noise that have nothing to do with the user's, so that more of those change no weight; as far from 0 as
/// photographs are after `normalization`.
fn texture(side: usize, seed: u64, normalization: Normalization) -> Array4<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pictures = Array4::zeros((16, 3, side, side));
    for mut channel in
        pictures.view_mut().into_shape_with_order((48, side, side)).expect("one block of memory").outer_iter_mut()
    {
        let mut waves = [[0.0_f32; 3]; 3];
        waves.iter_mut().flatten().for_each(|number| *number = random.random_range(-1.0..1.0));
        for ((row, column), value) in channel.indexed_iter_mut() {
            let wave = |&[down, right, phase]: &[f32; 3]| {
                (0.6 * (down * row as f32 + right * column as f32) + 3.0 * phase).sin()
            };
            *value = waves.iter().map(wave).sum::<f32>() + random.random_range(-0.5..0.5);
        }
    }
    // ImageNet's deviations are those of photographs.
    let spreads = Normalization::ImageNet.deviation().into_iter().zip(normalization.deviation());
    for (mut channel, (photographs, divisor)) in pictures.axis_iter_mut(Axis(1)).zip(spreads) {
        channel.mapv_inplace(|value| value * (photographs / divisor));
    }
    pictures
}

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;
    use crate::network::Device;

    #[test]
    fn networks_of_chance_make_moderate_features_of_pictures_whatever_their_normalisation() {
        for backbone in [Backbone::Resnet50Keras, Backbone::MobilenetV2] {
            let network = FrozenNetwork {
                backbone,
                weights: None,
                side: 64,
                fit: Fit::Stretch,
                pooling: Pooling::Average,
                seed: 1,
            };
            let model = network.model(&["a".to_owned(), "b".to_owned()]).unwrap();
            let mut pictures = Array4::from_shape_fn((4, 3, 64, 64), |(picture, _, row, column)| {
                0.5 + 0.4 * (0.1 * (row * (picture + 1) + column) as f32).sin()
            });
            pictures.outer_iter_mut().for_each(|picture| model.description.pictures.normalization.apply(picture));
            let features = model.features(Device::cpu()).unwrap().patch_scores(pictures.view()).unwrap();
            let largest = features.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            assert!((0.1..300.0).contains(&largest), "{backbone:?}: {largest}");
        }
    }
}
