//! Whether the features of frozen layers are computed once and kept.

use super::form::Sampler;
use super::{FeatureCache, Form, KeptFeatures, TrainingOptions};
use crate::network::{FrozenLayers, Learner, NetworkError};

/// Patches whose features are computed at a time.
const PATCHES_AT_A_TIME: usize = 64;

/// What would be kept, and what it costs.
struct Offer {
    /// Bytes of all features.
    bytes: u64,
    /// Patches, or places in images.
    places: u64,
    /// The same, as often as the steps look at them.
    looked_at: u64,
    /// How many, in words.
    words: String,
}

/// Decides whether features are worth keeping for so many steps and fit the budget, or follows what was `decided` before the run
/// was cut off.
///
/// The numbers of a run with and without kept features may differ in the last digit, so a run does not change its mind.
pub(super) fn decide(
    learner: &Learner,
    sampler: &Sampler<'_>,
    options: &TrainingOptions,
    steps: u64,
    decided: Option<bool>,
) -> Result<KeptFeatures, NetworkError> {
    let no = |reason: &str| Ok(KeptFeatures::No { reason: reason.to_owned() });
    let Some(layers) = learner.frozen_layers()? else {
        return Ok(KeptFeatures::NothingFrozen);
    };
    if matches!(options.form, Form::Pictures(..)) {
        return no("each picture goes through all layers while it is tuned on");
    }
    if options.feature_cache == FeatureCache::Off {
        return no("`feature_cache` is off");
    }
    let Some(offer) = offer(&layers, sampler, steps) else {
        return no("`augmentation` draws other amplitudes at every step");
    };
    let Offer { bytes, ref words, .. } = offer;
    match decided {
        Some(true) => return Ok(KeptFeatures::Yes { bytes, words: offer.words }),
        Some(false) => return no("the run began without"),
        None => {}
    }
    if offer.looked_at <= offer.places {
        return no(&format!("the steps are too few to look at {words} more than once"));
    }
    let (budget, whose) = match options.feature_cache {
        FeatureCache::Bytes(budget) => (budget, "`feature_cache`"),
        _ => (learner.free_memory().unwrap_or(0) / 4, "a quarter of the free memory"),
    };
    if bytes > budget {
        return no(&format!("those of {words} take {}, more than {whose}, {}", mebibytes(bytes), mebibytes(budget)));
    }
    Ok(KeptFeatures::Yes { bytes, words: offer.words })
}

fn offer(layers: &FrozenLayers, sampler: &Sampler<'_>, steps: u64) -> Option<Offer> {
    match sampler {
        Sampler::Pictures(..) | Sampler::Features(_) => None,
        Sampler::Patch(sampler) => {
            let count = sampler.distinct()? as u64;
            let looked_at = steps.saturating_mul(sampler.batch_size() as u64);
            let bytes = count.saturating_mul(layers.patch_bytes());
            Some(Offer { bytes, places: count, looked_at, words: format!("{count} patches") })
        }
        Sampler::Dense(sampler) => {
            let images = sampler.images()?;
            let places = |shape| layers.image_places(shape);
            let side = sampler.input_size();
            let a_step = places([side, side]).saturating_mul(sampler.crops_per_step() as u64);
            Some(Offer {
                bytes: images.iter().map(|image| layers.image_bytes(image.shape())).sum(),
                places: images.iter().map(|image| places(image.shape())).sum(),
                looked_at: steps.saturating_mul(a_step),
                words: match images.len() {
                    1 => "1 section".to_owned(),
                    count => format!("{count} sections, mirrored ones counted apart"),
                },
            })
        }
    }
}

/// Computes the features that the sampler's batches will name, until `carry_on` says no.
pub(super) fn keep(
    learner: &mut Learner,
    sampler: &Sampler<'_>,
    carry_on: &dyn Fn() -> bool,
) -> Result<(), NetworkError> {
    match sampler {
        Sampler::Pictures(..) | Sampler::Features(_) => Ok(()),
        Sampler::Patch(sampler) => {
            let count = sampler.distinct().unwrap_or(0);
            let batch = |first| sampler.distinct_patches(first, PATCHES_AT_A_TIME.min(count - first));
            learner.keep_patches((0..count).step_by(PATCHES_AT_A_TIME).map(batch), count, carry_on)
        }
        Sampler::Dense(sampler) => {
            let images = sampler.images().unwrap_or_default();
            learner.keep_images(images.iter().map(|image| sampler.image_values(image)), carry_on)
        }
    }
}

/// Rounded up, so that a budget of 0 is told from a small one.
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{frozen, learner, options, run, vgg16, waldeland, watched_run};
    use super::super::{Form, TrainError, TrainedWeights};
    use super::*;
    use crate::dataset::{Augmentation, CropOptions, Padding, PatchOptions};
    use crate::network::{Architecture, Freeze};

    fn mirrored() -> Augmentation {
        Augmentation { mirror: 0.5, ..Augmentation::default() }
    }

    fn crops(crop: usize, receptive_field: usize) -> Form {
        let (crops_per_step, labelled_at_least) = (8, 0.5);
        Form::Dense(CropOptions {
            crop,
            receptive_field,
            crops_per_step,
            labelled_at_least,
            augmentation: mirrored(),
            seed: 3,
        })
    }

    fn patches(padding: Padding) -> Form {
        let (size, batch, balanced) = (65, 500, true);
        Form::Patch(PatchOptions { size, batch, padding, balanced, augmentation: mirrored(), seed: 3 })
    }

    /// Runs with this budget and the first two convolutions frozen.
    fn with(
        architecture: Architecture,
        form: &Form,
        steps: u64,
        feature_cache: FeatureCache,
    ) -> (TrainedWeights, KeptFeatures) {
        let options = TrainingOptions { feature_cache, ..frozen(form.clone(), steps, Freeze::Convolutions(2)) };
        let mut learner = learner(architecture);
        watched_run(&tempfile::tempdir().unwrap(), &mut learner, &options, None, u64::MAX).unwrap()
    }

    const PLENTY: FeatureCache = FeatureCache::Bytes(8 << 30);

    #[test]
    fn kept_features_train_the_same_network() {
        for (architecture, form, steps) in [
            // Phases, and dilated kernels where the crop is no multiple of the stride.
            (vgg16(), crops(16, 10), 10),
            (vgg16(), crops(15, 10), 10),
            // Dropout follows the second convolution, and a frozen batch norm the first.
            (waldeland(), crops(12, 61), 10),
            (waldeland(), patches(Padding::Reflect), 20),
        ] {
            let (anew, without) = with(architecture.clone(), &form, steps, FeatureCache::Off);
            let (kept, cached) = with(architecture, &form, steps, PLENTY);
            assert!(
                matches!(without, KeptFeatures::No { .. }) && matches!(cached, KeptFeatures::Yes { .. }),
                "{cached:?}"
            );
            let values = |weights: &TrainedWeights| -> Vec<f32> {
                weights.weights.iter().flat_map(|array| array.values.clone()).collect()
            };
            let pairs: Vec<_> = values(&anew).into_iter().zip(values(&kept)).collect();
            let worst = pairs.iter().map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            println!("{form:?}: {worst}");
            assert!(worst <= 1e-6, "{form:?}: weights differ by {worst}");
        }
    }

    #[test]
    fn a_run_on_kept_features_continues_exactly_and_does_not_change_its_mind() {
        let form = crops(16, 10);
        let fresh = || learner(vgg16());
        let two = Freeze::Convolutions(2);
        let on = |feature_cache| TrainingOptions {
            feature_cache,
            batches_ahead: 3,
            ..frozen(form.clone(), 10, two.clone())
        };
        let whole = run(&tempfile::tempdir().unwrap(), &mut fresh(), &on(PLENTY), None, u64::MAX).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (interrupt_after, feature_cache) in [(0, PLENTY), (3, PLENTY), (6, FeatureCache::Bytes(1))] {
            let result = run(&folder, &mut fresh(), &on(feature_cache), None, interrupt_after);
            assert!(matches!(result, Err(TrainError::Interrupted { step, .. }) if step == interrupt_after));
        }
        let budget = FeatureCache::Bytes(1);
        let (continued, kept) = watched_run(&folder, &mut fresh(), &on(budget), None, u64::MAX).unwrap();
        assert_eq!((continued.weights, continued.history), (whole.weights, whole.history));
        assert!(matches!(kept, KeptFeatures::Yes { .. }));
    }

    #[test]
    fn features_are_not_kept_without_a_reason_to() {
        let noisy = |form: Form| match form {
            Form::Dense(options) => {
                Form::Dense(CropOptions { augmentation: Augmentation { noise: 0.1.into(), ..mirrored() }, ..options })
            }
            Form::Patch(options) => {
                let augmentation = Augmentation { amplitude_scale: [0.9, 1.1], ..mirrored() };
                Form::Patch(PatchOptions { augmentation, ..options })
            }
            other => other,
        };
        let reason = |form: &Form, steps, feature_cache| match with(vgg16(), form, steps, feature_cache).1 {
            KeptFeatures::No { reason } => reason,
            other => panic!("{other:?}"),
        };
        for (form, steps, feature_cache, words) in [
            (crops(16, 10), 10, FeatureCache::Off, "`feature_cache` is off"),
            (crops(16, 10), 10, FeatureCache::Bytes(3 << 20), "2 sections, mirrored ones counted apart take 4 MiB"),
            (crops(16, 10), 1, PLENTY, "too few"),
            (noisy(crops(16, 10)), 2, PLENTY, "`augmentation`"),
            (noisy(patches(Padding::Zero)), 2, PLENTY, "`augmentation`"),
        ] {
            let reason = reason(&form, steps, feature_cache);
            assert!(reason.contains(words), "{reason}");
        }
        let mut nothing_frozen = learner(vgg16());
        let options = TrainingOptions { feature_cache: PLENTY, ..options(crops(16, 10), 1) };
        let said = watched_run(&tempfile::tempdir().unwrap(), &mut nothing_frozen, &options, None, u64::MAX).unwrap().1;
        assert_eq!(said, KeptFeatures::NothingFrozen);
    }
}
