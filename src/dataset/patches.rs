//! Patches round labelled voxels.

use ndarray::{Array4, ArrayViewMut3, Axis};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::endless::Endless;
use super::generator::{Purpose, generator};
use super::seismic::Voxel;
use super::window::Window;
use super::{Augmentation, DatasetError, Padding, SeismicDataset, Subset};

/// How training patches are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchOptions {
    /// Side of a patch in voxels; its labelled voxel stands at index size/2 in both directions.
    pub size: usize,
    /// Patches in a batch.
    pub batch: usize,
    /// What a patch sees beyond the survey.
    pub padding: Padding,
    /// Whether all classes come equally often, instead of all voxels.
    pub balanced: bool,
    /// Random changes of every patch.
    pub augmentation: Augmentation,
    /// Seed of order and changes.
    pub seed: u64,
}

/// Patches with the class of their central voxel.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchBatch {
    /// Scaled values, `[patch, channel, sample, trace]`.
    pub values: Array4<f32>,
    /// Class code of every patch.
    pub codes: Vec<u8>,
}

/// A batch of patches as places in a list of patches that does not change.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedPatches {
    /// Which of the [`PatchSampler::distinct`] patches.
    pub places: Vec<usize>,
    /// Class code of every patch.
    pub codes: Vec<u8>,
}

/// Draws batches of patches round the training voxels of a dataset.
///
/// The voxels come in random order, each once before any comes again, and batches cut this endless stream without
/// regard to its epochs: all batches are full and no voxel is left out. In a balanced stream the classes take turns,
/// each going round its own voxels.
pub struct PatchSampler<'a> {
    dataset: &'a SeismicDataset,
    options: PatchOptions,
    /// All training voxels, class by class.
    voxels: Vec<(Voxel, u8)>,
    order: Endless,
}

impl<'a> PatchSampler<'a> {
    /// A sampler of the training voxels of `dataset`.
    ///
    /// # Errors
    /// When an option has no meaning.
    pub fn new(dataset: &'a SeismicDataset, options: PatchOptions) -> Result<Self, DatasetError> {
        check_sizes(options.size, options.batch, dataset.channel_count())?;
        options.augmentation.check()?;
        let classes = with_codes(dataset.voxels(Subset::Train));
        let voxels = classes.concat();
        let counts = classes.iter().map(Vec::len);
        let order = Endless::new(counts, options.balanced, options.batch, options.seed);
        Ok(Self { dataset, options, voxels, order })
    }

    /// Steps after which as many patches were drawn as there are training voxels.
    pub fn steps_per_epoch(&self) -> u64 {
        self.voxels.len().div_ceil(self.options.batch) as u64
    }

    /// Patches in a batch.
    pub fn batch_size(&self) -> usize {
        self.options.batch
    }

    /// The batch of step `step`, counted from 0.
    pub fn batch(&self, step: u64) -> PatchBatch {
        let PatchOptions { batch, padding, ref augmentation, seed, .. } = self.options;
        let voxels: Vec<_> = self.order.positions(step).into_iter().map(|position| self.voxels[position]).collect();
        let mut values = self.empty(batch);
        values.axis_iter_mut(Axis(0)).into_par_iter().zip(&voxels).enumerate().for_each(
            |(item, (patch, &(voxel, _)))| {
                let mut random = generator(seed, Purpose::Patch, step, item as u64);
                cut_changed(self.dataset, voxel, padding, augmentation, &mut random, patch);
            },
        );
        PatchBatch { values, codes: voxels.into_iter().map(|(_, code)| code).collect() }
    }

    /// The batch of step `step` without its amplitudes: which of the [`PatchSampler::distinct`] patches it holds.
    pub fn placed_batch(&self, step: u64) -> PlacedPatches {
        let PatchOptions { ref augmentation, seed, .. } = self.options;
        let directions = augmentation.directions().unwrap_or_default();
        let place = |(item, position): (usize, usize)| {
            let mirrored = augmentation.draw(&mut generator(seed, Purpose::Patch, step, item as u64)).mirrored;
            position * directions.len() + usize::from(mirrored && directions.len() > 1)
        };
        let positions = self.order.positions(step);
        let codes = positions.iter().map(|&position| self.voxels[position].1).collect();
        PlacedPatches { places: positions.into_iter().enumerate().map(place).collect(), codes }
    }

    /// How many different patches can be drawn as long as mirroring is the only change: one for each training voxel, or
    /// two.
    ///
    /// `None` where amplitudes are scaled or noise is added, so that no two patches are alike.
    pub fn distinct(&self) -> Option<usize> {
        Some(self.voxels.len() * self.options.augmentation.directions()?.len())
    }

    /// Values `[patch, channel, sample, trace]` of `count` distinct patches from the `first` on.
    pub fn distinct_patches(&self, first: usize, count: usize) -> Array4<f32> {
        let PatchOptions { padding, ref augmentation, .. } = self.options;
        let directions = augmentation.directions().unwrap_or(&[1]);
        let mut values = self.empty(count);
        values.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(item, patch)| {
            let place = first + item;
            let (voxel, _) = self.voxels[place / directions.len()];
            cut(self.dataset, voxel, directions[place % directions.len()], padding, patch);
        });
        values
    }

    fn empty(&self, count: usize) -> Array4<f32> {
        Array4::zeros((count, self.dataset.channel_count(), self.options.size, self.options.size))
    }
}

/// Goes once through the voxels of a subset, unchanged and in a fixed order, for evaluation.
pub struct PatchWalk<'a> {
    dataset: &'a SeismicDataset,
    voxels: Vec<(Voxel, u8)>,
    size: usize,
    padding: Padding,
    batch: usize,
}

impl<'a> PatchWalk<'a> {
    /// Patches of side `size` round the voxels of `subset`, `batch` at a time: all, or `most` of them spread evenly
    /// over the classes and sections.
    ///
    /// # Errors
    /// When `size` or `batch` is 0 or too large.
    pub fn new(
        dataset: &'a SeismicDataset,
        subset: Subset,
        size: usize,
        padding: Padding,
        batch: usize,
        most: Option<usize>,
    ) -> Result<Self, DatasetError> {
        check_sizes(size, batch, dataset.channel_count())?;
        let mut voxels = with_codes(dataset.voxels(subset)).concat();
        if let Some(most) = most.filter(|&most| most < voxels.len()) {
            voxels = (0..most).map(|place| voxels[place * voxels.len() / most]).collect();
        }
        Ok(Self { dataset, voxels, size, padding, batch })
    }

    /// How many voxels there are.
    pub fn voxel_count(&self) -> usize {
        self.voxels.len()
    }

    /// Index of the section, trace and sample of every voxel, in the order of the batches.
    pub fn places(&self) -> impl Iterator<Item = [usize; 3]> + '_ {
        self.voxels.iter().map(|(voxel, _)| [voxel.section, voxel.trace, voxel.sample].map(|index| index as usize))
    }

    /// The batches in order; the last one may be shorter.
    pub fn batches(&self) -> impl ExactSizeIterator<Item = PatchBatch> + '_ {
        self.voxels.chunks(self.batch).map(|voxels| {
            let mut values = Array4::zeros((voxels.len(), self.dataset.channel_count(), self.size, self.size));
            values.axis_iter_mut(Axis(0)).into_par_iter().zip(voxels).for_each(|(patch, &(voxel, _))| {
                cut(self.dataset, voxel, 1, self.padding, patch);
            });
            PatchBatch { values, codes: voxels.iter().map(|&(_, code)| code).collect() }
        })
    }
}

/// Copies the patch round `voxel` into `patch`, `[channel, sample, trace]`. The voxel stays in the centre of a mirrored
/// patch, also of an even one.
fn cut(dataset: &SeismicDataset, voxel: Voxel, trace_step: i64, padding: Padding, mut patch: ArrayViewMut3<'_, f32>) {
    let window = window(voxel, trace_step, padding, patch.dim().2);
    let channels = &dataset.sections()[voxel.section as usize].channels;
    for (channel, patch) in channels.iter().zip(patch.outer_iter_mut()) {
        window.copy(channel, patch, |value| value);
    }
}

/// The same with random changes. The voxel stays in the centre.
fn cut_changed(
    dataset: &SeismicDataset,
    voxel: Voxel,
    padding: Padding,
    augmentation: &Augmentation,
    random: &mut ChaCha8Rng,
    patch: ArrayViewMut3<'_, f32>,
) {
    let change = augmentation.draw(random);
    let size = patch.dim().2;
    let window = window(voxel, if change.mirrored { -1 } else { 1 }, padding, size);
    let section = &dataset.sections()[voxel.section as usize];
    change.values(section, dataset.is_signal(), window, [(size / 2) as f64; 2], patch, random);
}

/// The patch of side `size` round `voxel`, which stands at index size/2 in both directions.
fn window(voxel: Voxel, trace_step: i64, padding: Padding, size: usize) -> Window {
    let before = (size / 2) as i64;
    Window {
        first_trace: i64::from(voxel.trace) - trace_step * before,
        trace_step,
        first_sample: i64::from(voxel.sample) - before,
        padding,
    }
}

fn with_codes(classes: Vec<Vec<Voxel>>) -> Vec<Vec<(Voxel, u8)>> {
    let coded = |(code, voxels): (u8, Vec<Voxel>)| voxels.into_iter().map(|voxel| (voxel, code)).collect();
    (0..).zip(classes).map(coded).collect()
}

/// Refuses batches that are empty or that no memory holds.
fn check_sizes(size: usize, batch: usize, channels: usize) -> Result<(), DatasetError> {
    const LARGEST_SIZE: usize = 4096;
    const LARGEST_BATCH_VOXELS: usize = 1 << 30;
    if size == 0 || size > LARGEST_SIZE {
        return Err(DatasetError::Option {
            option: "patch size",
            reason: format!("is 1 to {LARGEST_SIZE}, not {size}"),
        });
    }
    let largest_batch = LARGEST_BATCH_VOXELS / (size * size * channels);
    if batch == 0 || batch > largest_batch {
        let reason = format!("is 1 to {largest_batch} for patches of side {size}, not {batch}");
        return Err(DatasetError::Option { option: "batch", reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::dataset::test_line::{dataset, stripes, with_depth};
    use crate::dataset::{Amount, BandLimit, Split};
    use crate::grid::UNLABELLED;

    fn options(size: usize, batch: usize) -> PatchOptions {
        let augmentation = Augmentation::default();
        PatchOptions { size, batch, padding: Padding::Zero, balanced: false, augmentation, seed: 11 }
    }

    /// Class 0 is three times as frequent as class 1; the last samples are unlabelled.
    fn line() -> Array2<u8> {
        Array2::from_shape_fn((30, 10), |(_, sample)| match sample {
            0..6 => 0,
            6..8 => 1,
            _ => UNLABELLED,
        })
    }

    #[test]
    fn the_voxel_stands_in_the_centre_with_its_class_whatever_size_padding_and_mirror() {
        let dataset = dataset(&line(), &Split::None);
        let section = &dataset.sections()[0];
        for size in [1, 4, 5, 64] {
            for (padding, mirror) in [(Padding::Zero, 1.0), (Padding::Reflect, 0.5), (Padding::Edge, 0.0)] {
                let augmentation = Augmentation { mirror, ..Augmentation::default() };
                let options = PatchOptions { padding, augmentation, ..options(size, 50) };
                let batch = PatchSampler::new(&dataset, options).unwrap().batch(3);
                assert_eq!(batch.values.dim(), (50, 1, size, size));
                for (patch, code) in batch.values.outer_iter().zip(batch.codes) {
                    let centre = patch[[0, size / 2, size / 2]];
                    let channel = section.channels.iter().next().unwrap();
                    let voxel = channel.indexed_iter().find(|(_, value)| **value == centre);
                    assert_eq!(voxel.map(|(place, _)| section.codes[place]), Some(code));
                }
            }
        }
    }

    #[test]
    fn a_patch_is_the_transposed_section_and_zero_beyond_it() {
        let dataset = dataset(&line(), &Split::None);
        let section = dataset.sections()[0].channels.iter().next().unwrap();
        let walk = PatchWalk::new(&dataset, Subset::Train, 5, Padding::Zero, 7, None).unwrap();
        let patches: Vec<_> = walk
            .batches()
            .flat_map(|batch| {
                batch.values.outer_iter().map(|p| p.index_axis(Axis(0), 0).to_owned()).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!((patches.len(), walk.voxel_count()), (240, 240));
        // The walk starts with class 0: trace 0, sample 0.
        for ((row, column), &value) in patches[0].indexed_iter() {
            let expected = if row < 2 || column < 2 { 0.0 } else { section[[column - 2, row - 2]] };
            assert_eq!(value, expected);
        }
    }

    #[test]
    fn mirrored_patches_run_backwards_along_the_line() {
        let dataset = dataset(&line(), &Split::None);
        let with = |mirror| {
            let augmentation = Augmentation { mirror, ..Augmentation::default() };
            PatchSampler::new(&dataset, PatchOptions { augmentation, ..options(5, 40) }).unwrap().batch(0)
        };
        let (plain, mirrored) = (with(0.0), with(1.0));
        assert_eq!(plain.codes, mirrored.codes);
        assert_eq!(plain.values, mirrored.values.slice(ndarray::s![.., .., .., ..;-1]));
        assert_ne!(plain.values, mirrored.values);
    }

    #[test]
    fn every_voxel_comes_once_in_each_epoch_although_batches_straddle_them() {
        let dataset = dataset(&line(), &stripes(20, 2, 8));
        let sampler = PatchSampler::new(&dataset, options(1, 37)).unwrap();
        let total = dataset.total(Subset::Train) as usize;
        assert_eq!((total, sampler.steps_per_epoch()), (160, 5));
        let stream: Vec<_> = (0..20).flat_map(|step| sampler.batch(step).values.into_iter()).collect();
        let epoch = |k: usize| {
            let mut values: Vec<_> = stream[k * total..(k + 1) * total].iter().map(|value| value.to_bits()).collect();
            let order = values.clone();
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), total);
            order
        };
        assert_ne!(epoch(0), epoch(1));
    }

    #[test]
    fn batches_are_made_of_patches_that_do_not_change() {
        let dataset = with_depth(&line(), &stripes(20, 2, 8));
        for (mirror, balanced, distinct) in [(0.0, false, 160), (0.5, true, 320), (1.0, false, 160)] {
            let augmentation = Augmentation { mirror, ..Augmentation::default() };
            let options = PatchOptions { augmentation, balanced, ..options(6, 37) };
            let sampler = PatchSampler::new(&dataset, options).unwrap();
            assert_eq!(sampler.distinct(), Some(distinct));
            let known = ndarray::concatenate![
                Axis(0),
                sampler.distinct_patches(0, 100),
                sampler.distinct_patches(100, distinct - 100)
            ];
            for step in 0..12 {
                let (batch, placed) = (sampler.batch(step), sampler.placed_batch(step));
                assert_eq!(batch.codes, placed.codes);
                assert_eq!(batch.values, known.select(Axis(0), &placed.places));
            }
        }
        let augmentation = Augmentation { noise: 0.1.into(), ..Augmentation::default() };
        let sampler = PatchSampler::new(&dataset, PatchOptions { augmentation, ..options(6, 37) }).unwrap();
        assert_eq!(sampler.distinct(), None);
    }

    #[test]
    fn changes_of_amplitude_leave_positions_as_they_are() {
        let dataset = with_depth(&line(), &Split::None);
        let with = |augmentation| {
            PatchSampler::new(&dataset, PatchOptions { augmentation, ..options(9, 30) }).unwrap().batch(1).values
        };
        let plain = with(Augmentation::default());
        let changed = with(Augmentation {
            amplitude_scale: [0.5, 0.9],
            polarity: 1.0,
            noise: 0.1.into(),
            ..Augmentation::default()
        });
        let [(amplitude, position), (other, same)] = [plain, changed].map(|values| {
            let channel = |place| values.index_axis(Axis(1), place).to_owned();
            (channel(0), channel(1))
        });
        assert_eq!(position, same);
        assert!(position.iter().any(|&value| value < -0.8));
        let changes = amplitude.iter().zip(&other).filter(|(before, after)| before != after).count();
        assert_eq!(changes, amplitude.iter().filter(|&&value| value != 0.0).count());
    }

    #[test]
    fn balanced_batches_hold_every_class_equally_often() {
        let dataset = dataset(&line(), &Split::None);
        let sampler = PatchSampler::new(&dataset, PatchOptions { balanced: true, ..options(1, 64) }).unwrap();
        let codes: Vec<_> = (0..5).flat_map(|step| sampler.batch(step).codes).collect();
        assert_eq!(codes.iter().filter(|&&code| code == 1).count(), 160);
    }

    #[test]
    fn a_batch_is_a_function_of_seed_and_step_on_any_number_of_threads() {
        let dataset = dataset(&line(), &Split::None);
        let with = |seed, threads, step| {
            let augmentation = Augmentation::everything();
            let sampler = PatchSampler::new(&dataset, PatchOptions { augmentation, seed, ..options(9, 32) }).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sampler.batch(step))
        };
        assert_eq!(with(1, 1, 6), with(1, 4, 6));
        assert_ne!(with(1, 1, 6), with(2, 1, 6));
        assert_ne!(with(1, 1, 6), with(1, 1, 7));
        assert_eq!(with(1, 1, u64::MAX).codes.len(), 32);
    }

    #[test]
    fn options_without_meaning_are_refused() {
        let dataset = dataset(&line(), &Split::None);
        let default = Augmentation::default();
        for (size, batch, augmentation) in [
            (0, 1, default.clone()),
            (usize::MAX, 1, default.clone()),
            (5, 0, default.clone()),
            (5, usize::MAX, default.clone()),
            (5, 1, Augmentation { mirror: 1.5, ..default.clone() }),
            (5, 1, Augmentation { amplitude_scale: [1.2, 0.8], ..default.clone() }),
            (5, 1, Augmentation { amplitude_scale: [0.0, f32::INFINITY], ..default.clone() }),
            (5, 1, Augmentation { tilt: 70.0.into(), ..default.clone() }),
            (5, 1, Augmentation { stretch: Amount { up_to: 0.1, probability: 1.1 }, ..default.clone() }),
            (
                5,
                1,
                Augmentation { band_limit: BandLimit { low: [0.0, 1.0], ..BandLimit::default() }, ..default.clone() },
            ),
            (5, 1, Augmentation { noise: f64::NAN.into(), ..default }),
        ] {
            let refused = PatchSampler::new(&dataset, PatchOptions { augmentation, ..options(size, batch) });
            assert!(matches!(refused, Err(DatasetError::Option { .. })), "{size} {batch}");
        }
    }
}
