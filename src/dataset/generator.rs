//! Random streams that depend on nothing but what they are for.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What a random stream decides. The numbers are part of the reproducible results.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    RandomSplit = 1,
    BlockSplit = 2,
    Permutation = 3,
    Patch = 4,
    Crop = 5,
    Picture = 6,
    PictureSplit = 7,
    SyntheticPicture = 8,
}

/// The generator of `item` in `step`, the same whatever was drawn before and by whichever thread.
pub(super) fn generator(seed: u64, purpose: Purpose, step: u64, item: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, step, item]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}
