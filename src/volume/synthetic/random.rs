//! Repeatable randomness: draws for parameters and noise, and a smooth random field over space.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Numbers drawn from one stream of a seed. Streams are independent, so traces can be made in any order.
pub(super) struct Draws {
    generator: ChaCha12Rng,
}

impl Draws {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self { generator }
    }

    /// Uniform in `[low, high)`.
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, deviation 1, close to normal: the sum of four uniform numbers, scaled.
    pub(super) fn normal(&mut self) -> f64 {
        let bits = self.generator.next_u64();
        let sum: u64 = (0..4).map(|k| bits >> (16 * k) & 0xFFFF).sum();
        (sum as f64 / 65_535.0 - 2.0) * 3f64.sqrt()
    }

    /// Either sign, equally often.
    pub(super) fn sign(&mut self) -> f64 {
        if self.generator.next_u32() & 1 == 0 { 1.0 } else { -1.0 }
    }

    /// The numbers below `count` in random order.
    pub(super) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.uniform(0.0, (last + 1) as f64) as usize);
        }
        order
    }

    /// A smooth random field.
    pub(super) fn field(&mut self) -> Field {
        Field { seed: self.generator.next_u64() }
    }
}

/// A smooth random field over space with values in [-1, 1] and features about one unit wide (Perlin's value noise).
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    seed: u64,
}

impl Field {
    pub(super) fn at(self, position: [f64; 3]) -> f64 {
        let corner = position.map(f64::floor);
        let weight: [f64; 3] = std::array::from_fn(|axis| smooth_step(position[axis] - corner[axis]));
        let [x, y, z] = corner.map(|coordinate| coordinate as i64);
        let along = |near: f64, far: f64, axis: usize| near + (far - near) * weight[axis];
        let edge = |dy: i64, dz: i64| along(self.node(x, y + dy, z + dz), self.node(x + 1, y + dy, z + dz), 0);
        let face = |dz: i64| along(edge(0, dz), edge(1, dz), 1);
        along(face(0), face(1), 2)
    }

    /// Value at a lattice node: the coordinates, hashed by the finaliser of SplitMix64 (Steele et al., 2014).
    fn node(self, x: i64, y: i64, z: i64) -> f64 {
        let hash = [x, y, z].into_iter().fold(self.seed, |state, coordinate| {
            let mut bits = (state ^ coordinate as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
            bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            bits ^ bits >> 31
        });
        (hash >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// 0 below 0, 1 above 1, and between them a curve without kinks.
pub(super) fn smooth_step(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (x * (6.0 * x - 15.0) + 10.0)
}
