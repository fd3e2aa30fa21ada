//! Dropout while predicting: which units are dropped depends on where they lie, not on who computes them.
//!
//! A unit is dropped or kept by a hash of seed, section, pass, layer, channel and place, as a counter-based generator does
//! (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Tiles, batches, threads and interruptions change
//! nothing, and neighbouring windows that share a unit share its lot.

use tch::{Device, Tensor};

use super::NetworkError;
use crate::grid::{Plane, Section};

/// Passes with dropout over the same input (Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonteCarlo {
    /// How many; at least 2 tell something of their spread.
    pub passes: usize,
    /// Decides which units are dropped.
    pub seed: u64,
}

/// The passes over one section, and where in it the device's part begins.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// How many passes, and their seed.
    pub monte_carlo: MonteCarlo,
    /// The section.
    pub section: Section,
    /// Sample and trace of the voxel whose window begins at the part's first row and column.
    pub origin: [usize; 2],
}

/// What becomes of dropout in a batch of maps.
#[derive(Clone, Debug)]
pub(super) struct Lots {
    pub(super) passes: usize,
    /// What the scores of every pass are divided by.
    pub(super) temperature: Option<f64>,
    /// The pass that is computed; before the first dropout none yet.
    pass: Option<usize>,
    entries: Vec<Entry>,
    /// Distance of neighbouring units in voxels.
    spread: u64,
    /// Rows of the pictures that a network segments: how far apart the units of a map are then follows from its rows.
    picture_rows: Option<u64>,
}

/// Where the map of one entry of the batch lies.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    row: u64,
    column: u64,
}

impl Lots {
    /// For dense tiles at `corners` of the part: units lie in the section, and tiles share them.
    pub(super) fn of_tiles(draw: &Draw, corners: &[[usize; 2]]) -> Self {
        let key = section_key(draw);
        let entry = |&[row, column]: &[usize; 2]| Entry {
            key,
            row: (draw.origin[0] + row) as u64,
            column: (draw.origin[1] + column) as u64,
        };
        Self::new(draw, corners.iter().map(entry).collect())
    }

    /// For patches at `corners` of the part: each voxel has units of its own.
    pub(super) fn of_patches(draw: &Draw, corners: &[[usize; 2]]) -> Self {
        let key = section_key(draw);
        let entry = |&[row, column]: &[usize; 2]| {
            let voxel = place(draw.origin[0] + row, draw.origin[1] + column);
            Entry { key: mixed(key ^ mixed(voxel)), row: 0, column: 0 }
        };
        Self::new(draw, corners.iter().map(entry).collect())
    }

    /// For pictures of `rows` rows that begin at `corners` of the section, which are multiples of the distance of the smallest
    /// map's units, and that a network segments: units of every resolution lie in the section, and pictures that overlap share
    /// them.
    pub(super) fn of_pictures(draw: &Draw, corners: &[[usize; 2]], rows: usize) -> Self {
        let in_section = Draw { origin: [0, 0], ..*draw };
        Self { picture_rows: Some(rows as u64), ..Self::of_tiles(&in_section, corners) }
    }

    fn new(draw: &Draw, entries: Vec<Entry>) -> Self {
        let passes = draw.monte_carlo.passes;
        Self { passes, temperature: None, pass: None, entries, spread: 1, picture_rows: None }
    }

    /// The same for a calibrated network.
    pub(super) fn calibrated(self, temperature: Option<f64>) -> Self {
        Self { temperature, ..self }
    }

    /// Whether a pass is under way.
    pub(super) fn is_drawn(&self) -> bool {
        self.pass.is_some()
    }

    /// The lots of one pass.
    pub(super) fn of_pass(&self, pass: usize) -> Self {
        Self { pass: Some(pass), ..self.clone() }
    }

    /// Those of the maps that a stride takes apart, beginning at `row` and `column`.
    pub(super) fn of_phase(&self, row: i64, column: i64, stride: i64) -> Self {
        let (down, across) = (row as u64 * self.spread, column as u64 * self.spread);
        let shifted = |entry: &Entry| Entry { row: entry.row + down, column: entry.column + across, ..*entry };
        Self {
            entries: self.entries.iter().map(shifted).collect(),
            spread: self.spread * stride as u64,
            ..self.clone()
        }
    }

    /// Those of all phases of a stride as one batch, rows first.
    pub(super) fn of_all_phases(&self, stride: i64) -> Self {
        let phases = (0..stride).flat_map(|row| (0..stride).map(move |column| (row, column)));
        let entries = phases.flat_map(|(row, column)| self.of_phase(row, column, stride).entries).collect();
        Self { entries, spread: self.spread * stride as u64, ..self.clone() }
    }

    /// `values` `[N, C, H, W]`, `[N, C, D, H, W]` or `[N, C]` with a share of them dropped and the others scaled up, so that the mean stays.
    pub(super) fn apply(&self, values: &Tensor, layer: u64, share: f64) -> Result<Tensor, NetworkError> {
        let size = values.size();
        let [channels, rows, columns] = match size[..] {
            [_, channels, rows, columns] => [channels, rows, columns],
            [_, channels, depth, rows, columns] => [channels * depth, rows, columns],
            _ => [size[1..].iter().product(), 1, 1],
        };
        let spread = self.picture_rows.map_or(self.spread, |all| all / rows.max(1) as u64);
        let lots = Self { spread, ..self.clone() };
        let factors = lots.factors(layer, share, [channels, rows, columns].map(|length| length as usize));
        let by_pixel = [size[0], rows, columns, channels];
        let factors = on_device(&factors, values.device())?.f_reshape(by_pixel)?.f_permute([0, 3, 1, 2])?;
        Ok(values.f_mul(&factors.f_reshape(&size)?)?.f_to_kind(values.kind())?)
    }

    /// 0 for what is dropped, `[entry, row, column, channel]`.
    fn factors(&self, layer: u64, share: f64, [channels, rows, columns]: [usize; 3]) -> Vec<f32> {
        let pass = self.pass.unwrap_or(0) as u64;
        let kept = if share < 1.0 { (1.0 / (1.0 - share)) as f32 } else { 0.0 };
        // Of 2^32 numbers, these are too small.
        let least = (share * f64::from(u32::MAX)) as u32;
        let mut factors = Vec::with_capacity(self.entries.len() * channels * rows * columns);
        let mut by_channel = Vec::new();
        let mut known = None;
        for entry in &self.entries {
            let key = mixed(mixed(entry.key ^ mixed(pass)) ^ layer);
            if known != Some(key) {
                by_channel = (0..channels as u64).map(|channel| upper(mixed(!key ^ channel))).collect();
                known = Some(key);
            }
            for row in 0..rows as u64 {
                for column in 0..columns as u64 {
                    let (row, column) = (entry.row + row * self.spread, entry.column + column * self.spread);
                    let here = upper(mixed(key ^ place(row as usize, column as usize)));
                    let factor = |channel: &u32| if scrambled(here ^ channel) < least { 0.0 } else { kept };
                    factors.extend(by_channel.iter().map(factor));
                }
            }
        }
        factors
    }
}

fn on_device(factors: &[f32], device: Device) -> Result<Tensor, NetworkError> {
    Ok(Tensor::f_from_slice(factors)?.f_to_device(device)?)
}

fn section_key(draw: &Draw) -> u64 {
    let plane = u64::from(draw.section.plane == Plane::Crossline);
    mixed(mixed(draw.monte_carlo.seed) ^ mixed((draw.section.index as u64) << 1 | plane))
}

fn place(row: usize, column: usize) -> u64 {
    (row as u64) << 32 | column as u64
}

fn upper(value: u64) -> u32 {
    (value >> 32) as u32
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// A permutation of 32 bits that compilers turn into vector instructions (C. Wellons' `lowbias32`, 2018).
fn scrambled(value: u32) -> u32 {
    let value = (value ^ value >> 16).wrapping_mul(0x7feb_352d);
    let value = (value ^ value >> 15).wrapping_mul(0x846c_a68b);
    value ^ value >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64) -> Draw {
        Draw { monte_carlo: MonteCarlo { passes: 2, seed }, section: Section::inline(7), origin: [100, 200] }
    }

    /// Share kept, and how often two neighbouring maps agree.
    fn statistics(factors: &[f32], others: &[f32]) -> [f64; 2] {
        let count = factors.len() as f64;
        let kept = factors.iter().filter(|&&factor| factor > 0.0).count() as f64 / count;
        let agree = factors.iter().zip(others).filter(|(a, b)| a == b).count() as f64 / count;
        [kept, agree]
    }

    #[test]
    fn the_share_is_met_and_passes_layers_sections_and_seeds_are_independent() {
        let shape = [50, 60, 40];
        let factors = |draw: &Draw, pass, layer, share| {
            Lots::of_tiles(draw, &[[0, 0]]).of_pass(pass).factors(layer, share, shape)
        };
        for share in [0.2, 0.5] {
            let first = factors(&draw(1), 0, 0, share);
            let other_section = Draw { section: Section::crossline(7), ..draw(1) };
            let others = [
                factors(&draw(1), 1, 0, share),
                factors(&draw(1), 0, 1, share),
                factors(&draw(2), 0, 0, share),
                factors(&other_section, 0, 0, share),
                // Neighbours down, across and among channels.
                first[40 * 50..].to_vec(),
                first[50..].to_vec(),
                first[1..].to_vec(),
            ];
            let expected = (1.0 - share) * (1.0 - share) + share * share;
            for (place, other) in others.iter().enumerate() {
                let [kept, agree] = statistics(&first[..other.len()], other);
                // Four standard deviations of 120,000 throws.
                assert!((kept - (1.0 - share)).abs() < 0.006, "{kept} of {share}");
                assert!((agree - expected).abs() < 0.006, "{place}: {agree}, not {expected}");
            }
            let sum: f64 = first.iter().map(|&factor| f64::from(factor)).sum();
            assert!((sum / first.len() as f64 - 1.0).abs() < 0.012);
        }
    }

    #[test]
    fn units_of_pictures_that_overlap_have_one_lot_at_every_resolution() {
        let kind = (tch::Kind::Float, Device::Cpu);
        let dropped = |corners: &[[usize; 2]], rows: usize, size: [i64; 4]| {
            let lots = Lots::of_pictures(&draw(3), corners, rows).of_pass(1);
            lots.apply(&Tensor::f_ones(size, kind).unwrap(), 0, 0.5).unwrap()
        };
        for spacing in [1usize, 8] {
            let side = |voxels: usize| (voxels / spacing) as i64;
            let whole = dropped(&[[0, 0]], 64, [1, 5, side(64), side(80)]);
            let parts = dropped(&[[24, 0], [32, 40]], 32, [2, 5, side(32), side(40)]);
            for (number, [row, column]) in [[24, 0], [32, 40]].into_iter().enumerate() {
                let same = whole.narrow(2, side(row), side(32)).narrow(3, side(column), side(40)).squeeze_dim(0);
                assert!(same == parts.get(number as i64), "{spacing}: {row}, {column}");
            }
        }
    }

    #[test]
    fn a_unit_has_one_lot_whatever_map_it_is_computed_in() {
        let whole = Lots::of_tiles(&draw(3), &[[0, 0]]).factors(2, 0.5, [4, 12, 10]);
        let at = |row: usize, column: usize, channel: usize| whole[(row * 10 + column) * 4 + channel];
        // A tile of its own, and the phases of two strides, apart and together.
        let tile = Lots::of_tiles(&draw(3), &[[9, 9], [3, 2]]).factors(2, 0.5, [4, 5, 6]);
        let phase = Lots::of_tiles(&draw(3), &[[0, 0]]).of_phase(1, 0, 2).of_phase(0, 1, 2).factors(2, 0.5, [4, 2, 2]);
        let together = Lots::of_tiles(&draw(3), &[[0, 0], [2, 1]]).of_all_phases(2).factors(2, 0.5, [4, 3, 3]);
        for channel in 0..4 {
            for row in 0..5 {
                for column in 0..6 {
                    assert_eq!(tile[120 + (row * 6 + column) * 4 + channel], at(3 + row, 2 + column, channel));
                }
            }
            for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert_eq!(phase[(row * 2 + column) * 4 + channel], at(1 + 4 * row, 2 + 4 * column, channel));
            }
            for (number, (row, column)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
                let second = &together[(2 * number + 1) * 36..];
                assert_eq!(second[(2 * 3 + 2) * 4 + channel], at(2 + row + 4, 1 + column + 4, channel));
            }
        }
    }
}
