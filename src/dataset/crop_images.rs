//! Sections as crops see them, as long as nothing but mirroring changes a crop: what is computed of them need be computed
//! only once.

use ndarray::{Array3, ArrayViewMut2, Axis};

use super::crops::{Drawn, last_origin};
use super::window::Window;
use super::{CropOptions, CropSampler, Padding};
use crate::grid::UNLABELLED;

/// A batch of crops as places in images that do not change.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedCrops {
    /// Where the input of each crop starts.
    pub places: Vec<CropPlace>,
    /// Class codes `[crop, sample, trace]` of the output.
    pub codes: Array3<u8>,
}

/// First sample and trace of a crop's input in one of the [`CropSampler::images`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropPlace {
    /// Place of the image among all.
    pub image: usize,
    /// First sample.
    pub row: usize,
    /// First trace in the direction of the image.
    pub column: usize,
}

/// A section in one direction, with the zeros that crops see beyond its edges.
#[derive(Clone, Debug)]
pub struct CropImage {
    section: usize,
    window: Window,
    shape: [usize; 2],
}

impl CropImage {
    /// Samples and traces.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }
}

impl CropSampler<'_> {
    /// The batch of step `step` without its amplitudes: where they stand in the [`CropSampler::images`].
    pub fn placed_batch(&self, step: u64) -> PlacedCrops {
        let &CropOptions { crop, crops_per_step, .. } = &self.options;
        let mut codes = Array3::from_elem((crops_per_step, crop, crop), UNLABELLED);
        let place = |(item, codes): (usize, ArrayViewMut2<'_, u8>)| {
            let drawn = self.draw(&mut self.random(step, item as u64));
            drawn.output.copy(self.codes[drawn.section].view(), codes, |code| code);
            self.place_in_image(&drawn)
        };
        let places = codes.axis_iter_mut(Axis(0)).enumerate().map(place).collect();
        PlacedCrops { places, codes }
    }

    /// All that crops can show as long as mirroring is the only change: each section with the zeros beyond its edges, as
    /// it is, mirrored, or both, whatever can be drawn.
    ///
    /// `None` where amplitudes are scaled or noise is added, so that no two crops are alike.
    pub fn images(&self) -> Option<Vec<CropImage>> {
        let directions = self.options.augmentation.directions()?;
        let images = |section| directions.iter().map(move |&trace_step| self.image(section, trace_step));
        Some((0..self.dataset.sections().len()).flat_map(images).collect())
    }

    /// The values of an image, `[channel, sample, trace]`.
    pub fn image_values(&self, image: &CropImage) -> Array3<f32> {
        let [samples, traces] = image.shape;
        let mut values = Array3::zeros((self.dataset.channel_count(), samples, traces));
        let channels = self.dataset.sections()[image.section].channels.iter();
        for (channel, values) in channels.zip(values.outer_iter_mut()) {
            image.window.copy(channel, values, |value| value);
        }
        values
    }

    fn image(&self, section: usize, trace_step: i64) -> CropImage {
        let (crop, before) = (self.options.crop as i64, (self.options.receptive_field / 2) as i64);
        let codes = &self.codes[section];
        // Origins of crops lie between these two, and a window reaches `before` voxels further on each side at most.
        let first = -crop / 2 - before;
        let end = |count: usize| last_origin(count, crop) + crop + before;
        let [traces, samples] = [end(codes.nrows()), end(codes.ncols())].map(|end| (end - first) as usize);
        let first_trace = if trace_step > 0 { first } else { first + traces as i64 - 1 };
        let window = Window { first_trace, trace_step, first_sample: first, padding: Padding::Zero };
        CropImage { section, window, shape: [samples, traces] }
    }

    fn place_in_image(&self, drawn: &Drawn) -> CropPlace {
        let directions = self.options.augmentation.directions().unwrap_or_default();
        let direction = directions.iter().position(|&step| step == drawn.input.trace_step).unwrap_or(0);
        let image = self.image(drawn.section, drawn.input.trace_step);
        CropPlace {
            image: drawn.section * directions.len() + direction,
            row: (drawn.input.first_sample - image.window.first_sample) as usize,
            column: ((drawn.input.first_trace - image.window.first_trace) * drawn.input.trace_step) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Augmentation;
    use crate::dataset::test_line::{crop_options as options, line_with_holes as line, stripes, with_depth};

    #[test]
    fn crops_can_be_cut_from_images_that_do_not_change() {
        let dataset = with_depth(&line(), &stripes(12, 3, 5));
        for (mirror, images, receptive_field, crop) in
            [(0.0, 1, 4, 6), (0.5, 2, 4, 6), (1.0, 1, 7, 6), (0.5, 2, 1, 5), (0.5, 2, 2, 64)]
        {
            let augmentation = Augmentation { mirror, ..Augmentation::default() };
            let options = CropOptions { augmentation, receptive_field, crop, labelled_at_least: 0.01, ..options() };
            let sampler = CropSampler::new(&dataset, options).unwrap();
            let known: Vec<_> = sampler.images().unwrap().iter().map(|image| sampler.image_values(image)).collect();
            assert_eq!(known.len(), images);
            for step in 0..20 {
                let (batch, placed) = (sampler.batch(step), sampler.placed_batch(step));
                assert_eq!(batch.codes, placed.codes);
                for (values, CropPlace { image, row, column }) in batch.values.outer_iter().zip(placed.places) {
                    let side = sampler.input_size();
                    let cut = known[image].slice(ndarray::s![.., row..row + side, column..column + side]);
                    assert_eq!(values, cut, "mirror {mirror}");
                }
            }
        }
        let noisy = Augmentation { noise: 0.1.into(), ..Augmentation::default() };
        let scaled = Augmentation { amplitude_scale: [0.9, 1.0], ..Augmentation::default() };
        for augmentation in [noisy, scaled] {
            let options = CropOptions { augmentation, ..options() };
            assert!(CropSampler::new(&dataset, options).unwrap().images().is_none());
        }
    }
}
