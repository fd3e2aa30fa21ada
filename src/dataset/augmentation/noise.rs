//! Noise in proportion to what is seen.

use ndarray::{ArrayView2, ArrayViewMut2, Zip};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Adds Gaussian noise to `image` where `seen`; its standard deviation is `share` of the root mean square there.
pub(super) fn add_noise(
    mut image: ArrayViewMut2<'_, f32>,
    seen: ArrayView2<'_, bool>,
    share: f32,
    random: &mut impl Rng,
) {
    let (mut squares, mut count) = (0.0, 0u32);
    Zip::from(&image).and(&seen).for_each(|&value, &seen| {
        if seen {
            squares += f64::from(value).powi(2);
            count += 1;
        }
    });
    let deviation = share * (squares / f64::from(count.max(1))).sqrt() as f32;
    Zip::from(&mut image).and(&seen).for_each(|value, &seen| {
        if seen {
            let deviate: f32 = StandardNormal.sample(random);
            *value += deviation * deviate;
        }
    });
}
