//! Crops of sections for dense training.

use ndarray::{Array3, Array4, ArrayViewMut2, ArrayViewMut3, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::augmentation::Change;
use super::box_count::BoxCount;
use super::generator::{Purpose, generator};
use super::window::Window;
use super::{Augmentation, DatasetError, LabelledSection, Padding, SeismicDataset, Subset};
use crate::grid::UNLABELLED;

/// How crops are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CropOptions {
    /// Side of a crop in output voxels.
    pub crop: usize,
    /// Receptive field r of the network: a crop sees r/2 voxels before its output and r - 1 - r/2 behind it.
    pub receptive_field: usize,
    /// Crops in a batch.
    pub crops_per_step: usize,
    /// Smallest part of a crop's output that must be labelled for training, 0 to 1. One voxel is always needed.
    pub labelled_at_least: f64,
    /// Random changes of every crop.
    pub augmentation: Augmentation,
    /// Seed of places and changes.
    pub seed: u64,
}

/// Crops with the classes of their output voxels.
#[derive(Clone, Debug, PartialEq)]
pub struct CropBatch {
    /// Scaled values, `[crop, channel, sample, trace]`, of side crop + receptive field - 1; 0 beyond the survey.
    pub values: Array4<f32>,
    /// Class codes `[crop, sample, trace]` of the output; [`UNLABELLED`] where nothing is to be learned.
    pub codes: Array3<u8>,
}

/// What was drawn for one crop.
pub(super) struct Drawn {
    pub(super) section: usize,
    pub(super) output: Window,
    pub(super) input: Window,
    change: Change,
}

/// Draws batches of crops from all places of a dataset that hold enough training voxels, each place equally likely.
///
/// A crop may reach over the edge of a section by half its side, so that voxels at the edge are learned as well as
/// others.
pub struct CropSampler<'a> {
    pub(super) dataset: &'a SeismicDataset,
    pub(super) options: CropOptions,
    /// Training codes of every section.
    pub(super) codes: Vec<ndarray::Array2<u8>>,
    runs: Vec<Run>,
    places: u64,
}

/// Neighbouring places along the sample axis that all hold enough training voxels.
#[derive(Debug)]
struct Run {
    /// Places in all runs up to the end of this one.
    places_to_end: u64,
    section: usize,
    trace: i64,
    /// First sample of the last place.
    last_sample: i64,
}

impl<'a> CropSampler<'a> {
    /// A sampler of crops of `dataset`.
    ///
    /// # Errors
    /// When an option has no meaning, or no place holds enough labels.
    pub fn new(dataset: &'a SeismicDataset, options: CropOptions) -> Result<Self, DatasetError> {
        check(&options, dataset.channel_count())?;
        let area = (options.crop * options.crop) as f64;
        // A share such as 0.2 is not exact in binary: it must not ask for one voxel more than the decimal number does.
        let needed = ((options.labelled_at_least * area - 1e-6).ceil() as u64).max(1);
        let searched: Vec<_> = dataset
            .sections()
            .par_iter()
            .enumerate()
            .map(|(index, section)| find_runs(section, index, options.crop, needed))
            .collect();
        let mut runs = Vec::new();
        let (mut places, mut best) = (0, 0);
        for (of_section, best_of_section) in searched {
            best = best.max(best_of_section);
            for mut run in of_section {
                places += run.places_to_end;
                run.places_to_end = places;
                runs.push(run);
            }
        }
        if runs.is_empty() {
            return Err(DatasetError::NoCrop {
                crop: options.crop,
                wanted: 100.0 * options.labelled_at_least,
                best: 100.0 * best as f64 / area,
            });
        }
        let codes = dataset.sections().iter().map(|section| section.codes_in(Subset::Train)).collect();
        Ok(Self { dataset, options, codes, runs, places })
    }

    /// Side of a crop's input: crop + receptive field - 1.
    pub fn input_size(&self) -> usize {
        self.options.crop + self.options.receptive_field - 1
    }

    /// Crops in a batch.
    pub fn crops_per_step(&self) -> usize {
        self.options.crops_per_step
    }

    /// How many places a crop can be taken from.
    pub fn places(&self) -> u64 {
        self.places
    }

    /// The batch of step `step`, counted from 0.
    pub fn batch(&self, step: u64) -> CropBatch {
        let &CropOptions { crop, crops_per_step, .. } = &self.options;
        let side = self.input_size();
        let mut values = Array4::zeros((crops_per_step, self.dataset.channel_count(), side, side));
        let mut codes = Array3::from_elem((crops_per_step, crop, crop), UNLABELLED);
        values
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(codes.axis_iter_mut(Axis(0)))
            .enumerate()
            .for_each(|(item, (values, codes))| self.fill(step, item as u64, values, codes));
        CropBatch { values, codes }
    }

    pub(super) fn random(&self, step: u64, item: u64) -> ChaCha8Rng {
        generator(self.options.seed, Purpose::Crop, step, item)
    }

    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Drawn {
        let (section, trace, sample) = self.place(random.random_range(0..self.places));
        let change = self.options.augmentation.draw(random);
        let before = (self.options.receptive_field / 2) as i64;
        let (first_trace, trace_step) =
            if change.mirrored { (trace + self.options.crop as i64 - 1, -1) } else { (trace, 1) };
        let output = Window { first_trace, trace_step, first_sample: sample, padding: Padding::Zero };
        // The context lies before the output in the network's own direction, which a mirrored crop turns round.
        let input = Window { first_trace: first_trace - trace_step * before, first_sample: sample - before, ..output };
        Drawn { section, output, input, change }
    }

    fn fill(&self, step: u64, item: u64, values: ArrayViewMut3<'_, f32>, codes: ArrayViewMut2<'_, u8>) {
        let mut random = self.random(step, item);
        let Drawn { section, output, input, change } = self.draw(&mut random);
        // The centre of the output stays where it is, and so do the classes under what is seen.
        let centre = (self.options.crop as f64 - 1.0) / 2.0;
        change.codes(self.codes[section].view(), output, [centre; 2], codes);
        let pivot = [(self.options.receptive_field / 2) as f64 + centre; 2];
        let section = &self.dataset.sections()[section];
        change.values(section, self.dataset.is_signal(), input, pivot, values, &mut random);
    }

    /// Section, first trace and first sample of a place by its rank.
    fn place(&self, rank: u64) -> (usize, i64, i64) {
        let run = &self.runs[self.runs.partition_point(|run| run.places_to_end <= rank)];
        (run.section, run.trace, run.last_sample - (run.places_to_end - 1 - rank) as i64)
    }
}

/// The places of a section where a crop holds at least `needed` training voxels, as runs whose `places_to_end` is their
/// own length; and the most that any place holds.
fn find_runs(section: &LabelledSection, index: usize, crop: usize, needed: u64) -> (Vec<Run>, u64) {
    let training = BoxCount::new(section.subset.view(), |&subset| subset == Subset::Train);
    let [traces, samples] = [section.subset.nrows(), section.subset.ncols()];
    let side = crop as i64;
    let origins = |count: usize| -side / 2..last_origin(count, side) + 1;
    let (mut runs, mut best): (Vec<Run>, u64) = (Vec::new(), 0);
    for trace in origins(traces) {
        let mut length = 0;
        for sample in origins(samples) {
            let labelled = training.within(trace..trace + side, sample..sample + side);
            best = best.max(labelled);
            if labelled < needed {
                length = 0;
                continue;
            }
            if length > 0 {
                runs.pop();
            }
            length += 1;
            runs.push(Run { places_to_end: length, section: index, trace, last_sample: sample });
        }
    }
    (runs, best)
}

/// Last place where a crop may begin along an axis of `count` voxels.
pub(super) fn last_origin(count: usize, crop: i64) -> i64 {
    (count as i64 - crop + crop / 2).max(-crop / 2)
}

fn check(options: &CropOptions, channels: usize) -> Result<(), DatasetError> {
    const LARGEST_SIDE: usize = 8192;
    const LARGEST_BATCH_VOXELS: usize = 1 << 30;
    let wrong = |option, reason: String| Err(DatasetError::Option { option, reason });
    options.augmentation.check()?;
    for (option, side) in [("crop", options.crop), ("receptive_field", options.receptive_field)] {
        if side == 0 || side > LARGEST_SIDE {
            return wrong(option, format!("is 1 to {LARGEST_SIDE} voxels, not {side}"));
        }
    }
    let largest = LARGEST_BATCH_VOXELS / ((options.crop + options.receptive_field - 1).pow(2) * channels);
    if options.crops_per_step == 0 || options.crops_per_step > largest {
        return wrong(
            "crops_per_step",
            format!("is 1 to {largest} for crops of this size, not {}", options.crops_per_step),
        );
    }
    if !(0.0..=1.0).contains(&options.labelled_at_least) {
        return wrong("labelled_at_least", format!("is a part from 0 to 1, not {}", options.labelled_at_least));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ndarray::Array2;

    use super::*;
    use crate::dataset::Split;
    use crate::dataset::test_line::{crop_options as options, dataset, line_with_holes as line, stripes};

    /// Trace and sample of an amplitude of the only section, by its unique value.
    fn places(dataset: &SeismicDataset) -> BTreeMap<u32, (i64, i64)> {
        let amplitude = dataset.sections()[0].channels.iter().next().unwrap();
        amplitude
            .indexed_iter()
            .map(|((trace, sample), value)| (value.to_bits(), (trace as i64, sample as i64)))
            .collect()
    }

    #[test]
    fn crops_hold_the_section_their_context_and_their_training_codes() {
        let dataset = dataset(&line(), &stripes(12, 3, 5));
        let section = &dataset.sections()[0];
        let training = section.codes_in(Subset::Train);
        let recorded = section.channels.iter().next().unwrap();
        let places = places(&dataset);
        for (mirror, receptive_field) in [(0.0, 4), (0.0, 1), (1.0, 4), (1.0, 7), (0.5, 2)] {
            let augmentation = Augmentation { mirror, ..Augmentation::default() };
            let sampler =
                CropSampler::new(&dataset, CropOptions { augmentation, receptive_field, ..options() }).unwrap();
            let before = receptive_field as i64 / 2;
            for step in 0..40 {
                let batch = sampler.batch(step);
                assert_eq!(batch.values.dim().2, 6 + receptive_field - 1);
                for (values, codes) in batch.values.outer_iter().zip(batch.codes.outer_iter()) {
                    let amplitude = values.index_axis(Axis(0), 0);
                    let labelled = codes.iter().filter(|&&code| code != UNLABELLED).count();
                    assert!(labelled as f64 >= 0.3 * 36.0, "{labelled}");
                    // Two neighbours inside the survey fix place and direction; every other value follows.
                    let known = amplitude.indexed_iter().find_map(|((row, column), value)| {
                        let &(trace, sample) = places.get(&value.to_bits())?;
                        let &(next, _) = places.get(&amplitude.get([row, column + 1])?.to_bits())?;
                        Some((trace - (next - trace) * column as i64, next - trace, sample - row as i64))
                    });
                    let (first_trace, direction, first_sample) = known.unwrap();
                    assert!(direction == 1 && mirror < 1.0 || direction == -1 && mirror > 0.0);
                    let at = |row: i64, column: i64| {
                        let place = (first_trace + direction * column, first_sample + row);
                        Some([usize::try_from(place.0).ok()?, usize::try_from(place.1).ok()?])
                    };
                    for ((row, column), &value) in amplitude.indexed_iter() {
                        let expected = at(row as i64, column as i64).and_then(|place| recorded.get(place));
                        assert_eq!(value, expected.copied().unwrap_or(0.0));
                    }
                    for ((row, column), &code) in codes.indexed_iter() {
                        let place = at(row as i64 + before, column as i64 + before);
                        let expected = place.and_then(|place| training.get(place));
                        assert_eq!(code, expected.copied().unwrap_or(UNLABELLED));
                    }
                }
            }
        }
    }

    #[test]
    fn the_places_are_exactly_those_with_enough_labels() {
        let dataset = dataset(&line(), &stripes(12, 3, 5));
        let training = dataset.sections()[0].codes_in(Subset::Train);
        for labelled_at_least in [0.0, 0.25, 0.6] {
            let sampler = CropSampler::new(&dataset, CropOptions { labelled_at_least, ..options() }).unwrap();
            let found: Vec<_> = (0..sampler.places()).map(|rank| sampler.place(rank)).collect();
            let mut expected = Vec::new();
            for trace in -3..=37 {
                for sample in -3..=21 {
                    let labelled = training.indexed_iter().filter(|&((t, s), &code)| {
                        code != UNLABELLED
                            && (trace..trace + 6).contains(&(t as i64))
                            && (sample..sample + 6).contains(&(s as i64))
                    });
                    let labelled = labelled.count() as f64;
                    if labelled > 0.0 && labelled >= labelled_at_least * 36.0 {
                        expected.push((0, trace, sample));
                    }
                }
            }
            assert_eq!(found, expected, "{labelled_at_least}");
        }
    }

    #[test]
    fn a_section_smaller_than_the_crop_is_cropped_whole() {
        let dataset = dataset(&Array2::from_shape_fn((5, 3), |(trace, _)| (trace % 2) as u8), &Split::None);
        let sampler =
            CropSampler::new(&dataset, CropOptions { crop: 16, labelled_at_least: 0.05, ..options() }).unwrap();
        let batch = sampler.batch(0);
        assert_eq!(batch.codes.iter().filter(|&&code| code != UNLABELLED).count(), 5 * 15);
    }

    #[test]
    fn labels_too_sparse_for_a_crop_are_refused_with_the_best_place() {
        let mut codes = Array2::from_elem((40, 24), UNLABELLED);
        codes.slice_mut(ndarray::s![10..13, 5..8]).fill(0);
        let dataset = dataset(&codes, &Split::None);
        let refused = CropSampler::new(&dataset, options()).err().unwrap();
        assert!(matches!(refused, DatasetError::NoCrop { best, .. } if best == 25.0), "{refused}");
        assert!(CropSampler::new(&dataset, CropOptions { labelled_at_least: 0.25, ..options() }).is_ok());
    }

    #[test]
    fn a_batch_is_a_function_of_seed_and_step_on_any_number_of_threads() {
        let dataset = dataset(&line(), &Split::None);
        let with = |seed, threads, step| {
            let augmentation = Augmentation::everything();
            let sampler = CropSampler::new(&dataset, CropOptions { augmentation, seed, ..options() }).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sampler.batch(step))
        };
        assert_eq!(with(1, 1, 6), with(1, 4, 6));
        assert_ne!(with(1, 1, 6), with(2, 1, 6));
        assert_ne!(with(1, 1, 6), with(1, 1, 7));
    }

    #[test]
    fn options_without_meaning_are_refused() {
        let dataset = dataset(&line(), &Split::None);
        for options in [
            CropOptions { crop: 0, ..options() },
            CropOptions { crop: usize::MAX, ..options() },
            CropOptions { receptive_field: 0, ..options() },
            CropOptions { crops_per_step: 0, ..options() },
            CropOptions { crops_per_step: usize::MAX, ..options() },
            CropOptions { labelled_at_least: 1.1, ..options() },
            CropOptions { labelled_at_least: f64::NAN, ..options() },
        ] {
            assert!(matches!(CropSampler::new(&dataset, options), Err(DatasetError::Option { .. })));
        }
    }
}
