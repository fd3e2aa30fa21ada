//! Random streams of the classifiers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The stream of member `item` (a tree, a class), the same whatever thread draws from it.
pub(in crate::analysis) fn stream(seed: u64, item: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&item.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}
