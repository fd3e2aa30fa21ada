//! What was drawn for one patch or crop.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, ArrayViewMut3, Zip};
use rand::{Rng, RngExt};

use super::band_limit::BandPass;
use super::frame::{Frame, Linear, Source};
use super::noise::add_noise;
use super::options::Augmentation;
use crate::dataset::LabelledSection;
use crate::dataset::window::Window;

/// The changes drawn for one patch or crop.
pub(in crate::dataset) struct Change {
    /// Whether its traces run backwards.
    pub(in crate::dataset) mirrored: bool,
    linear: Linear,
    factor: f32,
    band: Option<BandPass>,
    noise: f32,
}

impl Augmentation {
    /// The changes of one example.
    ///
    /// All draws are made whatever is asked for, so that setting one change leaves the others as they were.
    pub(in crate::dataset) fn draw(&self, random: &mut impl Rng) -> Change {
        let mirrored = random.random_bool(self.mirror);
        let [low, high] = self.amplitude_scale;
        let scale = random.random_range(low..=high);
        let stretch = 1.0 + self.stretch.draw_signed(random);
        let [tilt, rotation] = [self.tilt, self.rotation].map(|amount| amount.draw_signed(random).to_radians());
        let reversed = random.random_bool(self.polarity);
        let noise = self.noise.draw(random) as f32;
        Change {
            mirrored,
            linear: match [stretch, tilt, rotation] {
                [1.0, 0.0, 0.0] => Linear::IDENTITY,
                _ => Linear::new(stretch, tilt, rotation),
            },
            factor: if reversed { -scale } else { scale },
            band: self.band_limit.draw(random),
            noise,
        }
    }
}

impl Change {
    /// The channels that `window` shows of `section`, changed; `image` is `[channel, sample, trace]` and holds zeros. The
    /// pixel `pivot` (row and column) stays where it is. What is no signal moves, but keeps its values.
    pub(in crate::dataset) fn values(
        &self,
        section: &LabelledSection,
        is_signal: &[bool],
        window: Window,
        pivot: [f64; 2],
        mut image: ArrayViewMut3<'_, f32>,
        random: &mut impl Rng,
    ) {
        let channels = section.channels.iter().zip(is_signal).zip(image.outer_iter_mut());
        for ((values, &is_signal), image) in channels {
            if is_signal {
                self.signal(Source { values, live: Some(&section.live) }, window, pivot, image, random);
            } else {
                self.read(Source { values, live: None }, window, pivot, image, 1.0);
            }
        }
    }

    fn signal(
        &self,
        source: Source<'_>,
        window: Window,
        pivot: [f64; 2],
        mut image: ArrayViewMut2<'_, f32>,
        random: &mut impl Rng,
    ) {
        if let Some(band) = &self.band {
            let margin = BandPass::REACH;
            let mut tall = Array2::zeros((image.nrows() + 2 * margin, image.ncols()));
            let above = Window { first_sample: window.first_sample - margin as i64, ..window };
            self.read(source, above, [pivot[0] + margin as f64, pivot[1]], tall.view_mut(), self.factor);
            band.filter(tall.view(), image.view_mut());
        } else {
            self.read(source, window, pivot, image.view_mut(), self.factor);
        }
        if self.band.is_none() && self.noise == 0.0 {
            return;
        }
        let seen = Frame::new(&window, self.linear, pivot).seen(source, image.dim());
        // A filter rings on beyond the data.
        Zip::from(&mut image).and(&seen).for_each(|value, &seen| *value = if seen { *value } else { 0.0 });
        if self.noise > 0.0 {
            add_noise(image, seen.view(), self.noise, random);
        }
    }

    /// The classes that `window` shows of `codes`, at the places of their amplitudes.
    pub(in crate::dataset) fn codes(
        &self,
        codes: ArrayView2<'_, u8>,
        window: Window,
        pivot: [f64; 2],
        image: ArrayViewMut2<'_, u8>,
    ) {
        if self.linear == Linear::IDENTITY {
            window.copy(codes, image, |code| code);
        } else {
            Frame::new(&window, self.linear, pivot).codes(codes, image);
        }
    }

    fn read(&self, source: Source<'_>, window: Window, pivot: [f64; 2], image: ArrayViewMut2<'_, f32>, factor: f32) {
        if self.linear == Linear::IDENTITY {
            window.copy(source.values, image, |value| factor * value);
        } else {
            Frame::new(&window, self.linear, pivot).values(source, image, factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Amount, BandLimit};
    use super::*;
    use crate::dataset::test_line::{cube, dataset, scaling};
    use crate::dataset::{
        CropBatch, CropOptions, CropSampler, Padding, PatchBatch, PatchOptions, PatchSampler, SeismicDataset, Split,
        Subset,
    };
    use crate::grid::{ClassTable, Plane, Section, UNLABELLED};
    use crate::labels::Labels;
    use crate::volume::{Channel, SectionReader, Volume};

    /// Three classes in slanting layers with a hole; trace 20 is dead.
    fn line() -> SeismicDataset {
        let codes = Array2::from_shape_fn((60, 50), |(trace, sample)| match (trace + 2 * sample) / 24 % 4 {
            3 => UNLABELLED,
            layer => layer as u8,
        });
        let mut dataset = dataset(&codes, &Split::None);
        let section = dataset.section_mut(0);
        section.live[20] = false;
        let mut amplitude = amplitude(section);
        amplitude.row_mut(20).fill(0.0);
        section.channels = amplitude.into();
        section.codes.row_mut(20).fill(UNLABELLED);
        section.subset.row_mut(20).fill(Subset::Gap);
        dataset
    }

    fn amplitude(section: &LabelledSection) -> Array2<f32> {
        section.channels.iter().next().unwrap().to_owned()
    }

    fn crops(dataset: &SeismicDataset, augmentation: &Augmentation) -> CropBatch {
        let (crop, receptive_field, crops_per_step, labelled_at_least) = (20, 6, 12, 0.3);
        let augmentation = augmentation.clone();
        let options = CropOptions { crop, receptive_field, crops_per_step, labelled_at_least, augmentation, seed: 3 };
        CropSampler::new(dataset, options).unwrap().batch(5)
    }

    fn patches(dataset: &SeismicDataset, augmentation: &Augmentation, size: usize) -> PatchBatch {
        let (batch, padding, augmentation) = (30, Padding::Zero, augmentation.clone());
        let options = PatchOptions { size, batch, padding, balanced: false, augmentation, seed: 8 };
        PatchSampler::new(dataset, options).unwrap().batch(2)
    }

    fn geometric() -> [Augmentation; 3] {
        let none = Augmentation::default;
        [
            Augmentation { stretch: 0.3.into(), ..none() },
            Augmentation { rotation: 20.0.into(), ..none() },
            Augmentation { tilt: 20.0.into(), ..none() },
        ]
    }

    #[test]
    fn each_change_alone_shows_something_else_and_only_geometry_moves_classes() {
        let dataset = line();
        let plain = Augmentation::default();
        let (crops_before, patches_before) = (crops(&dataset, &plain), patches(&dataset, &plain, 15));
        let mirrored = Augmentation { mirror: 1.0, ..plain.clone() };
        let others = [
            Augmentation { amplitude_scale: [0.5, 0.9], ..plain.clone() },
            Augmentation { polarity: 1.0, ..plain.clone() },
            Augmentation { band_limit: BandLimit { high: [0.1, 0.3], ..BandLimit::default() }, ..plain.clone() },
            Augmentation { noise: 0.2.into(), ..plain.clone() },
        ];
        let geometric = geometric().into_iter().chain([mirrored]).map(|augmentation| (augmentation, true));
        for (augmentation, moves) in geometric.chain(others.map(|augmentation| (augmentation, false))) {
            let (crops, patches) = (crops(&dataset, &augmentation), patches(&dataset, &augmentation, 15));
            for (before, after) in crops_before.values.outer_iter().zip(crops.values.outer_iter()) {
                assert_ne!(before, after, "{augmentation:?}");
            }
            for (before, after) in patches_before.values.outer_iter().zip(patches.values.outer_iter()) {
                assert_ne!(before, after, "{augmentation:?}");
            }
            assert_eq!(crops_before.codes != crops.codes, moves, "{augmentation:?}");
            assert_eq!(patches_before.codes, patches.codes);
        }
    }

    #[test]
    fn changes_that_are_never_made_leave_every_byte() {
        let dataset = line();
        let never = Amount { up_to: 0.4, probability: 0.0 };
        let all_never = Augmentation {
            stretch: never,
            rotation: never,
            tilt: never,
            band_limit: BandLimit { high: [0.1, 0.3], probability: 0.0, ..BandLimit::default() },
            noise: never,
            ..Augmentation::default()
        };
        for mirror in [0.0, 0.5] {
            let plain = Augmentation { mirror, ..Augmentation::default() };
            let never = Augmentation { mirror, ..all_never.clone() };
            assert_eq!(crops(&dataset, &plain), crops(&dataset, &never));
            assert_eq!(patches(&dataset, &plain, 15), patches(&dataset, &never, 15));
            assert!(never.directions().is_some());
        }
    }

    #[test]
    fn classes_move_with_their_amplitudes_and_holes_stay_holes() {
        let mut dataset = line();
        let level = |code: u8| if code == UNLABELLED { 9.0 } else { f32::from(code) + 1.0 };
        let section = dataset.section_mut(0);
        section.live.fill(true);
        section.channels = section.codes.map(|&code| level(code)).into();
        let all = Augmentation {
            stretch: 0.2.into(),
            rotation: 15.0.into(),
            tilt: 15.0.into(),
            mirror: 0.5,
            ..Default::default()
        };
        let plain = crops(&dataset, &Augmentation::default());
        for augmentation in geometric().into_iter().chain([all]) {
            let batch = crops(&dataset, &augmentation);
            let centre = batch.values.slice(ndarray::s![.., 0, 3..23, 3..23]);
            let (mut certain, mut holes) = (0, 0);
            for (&amplitude, &code) in centre.iter().zip(&batch.codes) {
                // Between two classes the amplitude is a mixture and tells nothing.
                let whole = [1.0, 2.0, 3.0, 9.0].into_iter().find(|&level| (amplitude - level).abs() < 1e-5);
                if let Some(whole) = whole {
                    assert_eq!(whole, level(code), "{augmentation:?}");
                    certain += 1;
                    holes += usize::from(code == UNLABELLED);
                }
                assert!(amplitude != 0.0 || code == UNLABELLED, "a class beyond the section");
            }
            assert!(certain > batch.codes.len() / 2 && holes > 100, "{certain} {holes}");
            assert_ne!(batch.codes, plain.codes);
        }
    }

    #[test]
    fn the_labelled_voxel_stays_in_the_centre_of_its_patch() {
        let dataset = line();
        for size in [14, 15] {
            let plain = patches(&dataset, &Augmentation::default(), size);
            for augmentation in geometric() {
                let changed = patches(&dataset, &augmentation, size);
                for (before, after) in plain.values.outer_iter().zip(changed.values.outer_iter()) {
                    let [before, after] = [before, after].map(|patch| patch[[0, size / 2, size / 2]]);
                    assert!((before - after).abs() <= 1e-5 * before, "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn scale_and_polarity_act_on_whole_patches() {
        let dataset = line();
        let plain = patches(&dataset, &Augmentation::default(), 33).values;
        let scaled = Augmentation { amplitude_scale: [0.5, 0.9], polarity: 0.5, ..Augmentation::default() };
        let mut reversed = 0;
        for (before, after) in plain.outer_iter().zip(patches(&dataset, &scaled, 33).values.outer_iter()) {
            let factor = after[[0, 16, 16]] / before[[0, 16, 16]];
            assert!((0.5..=0.9).contains(&factor.abs()), "{factor}");
            assert!(before.iter().zip(after).all(|(&before, &after)| (after - factor * before).abs() <= 1e-6 * before));
            reversed += usize::from(factor < 0.0);
        }
        assert!((5..25).contains(&reversed), "{reversed} of 30");
    }

    #[test]
    fn noise_is_a_share_of_what_is_seen_and_padding_and_dead_traces_stay_zero() {
        let dataset = line();
        let plain = patches(&dataset, &Augmentation::default(), 33).values;
        let band_limit = BandLimit { high: [0.1, 0.3], ..BandLimit::default() };
        let noisy = Augmentation { noise: 0.5.into(), ..Augmentation::default() };
        let mut shares = Vec::new();
        for (before, after) in plain.outer_iter().zip(patches(&dataset, &noisy, 33).values.outer_iter()) {
            let squares = |values: Vec<f32>| values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
            let added = squares((&after - &before).into_iter().collect());
            shares.push((added / squares(before.iter().copied().collect())).sqrt());
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!((0.18..0.32).contains(&mean) && shares.iter().all(|&share| share < 0.55), "{shares:?}");
        let filtered = Augmentation { band_limit, ..noisy.clone() };
        for augmentation in [noisy, filtered] {
            let changed = patches(&dataset, &augmentation, 33).values;
            assert!(plain.iter().zip(&changed).all(|(&before, &after)| (before == 0.0) == (after == 0.0)));
        }
    }

    #[test]
    fn a_position_moves_with_the_picture_and_keeps_its_values() {
        let cube = cube([1, 40, 60]);
        let mut labels = Labels::new(cube.geometry().clone());
        let codes = Array2::from_shape_fn((40, 60), |(trace, _)| (trace / 20) as u8);
        labels.add_section(Section::inline(0), codes.view()).unwrap();
        let depth = Channel::depth(&cube.geometry().vertical);
        let reader = SectionReader::new(&cube, scaling()).with_channels(&[depth], &[]).unwrap();
        let classes = ClassTable::from_names(["left", "right"]).unwrap();
        let dataset = SeismicDataset::build(&reader, &labels, &classes, &[Plane::Inline], &Split::None).unwrap();
        let depth = |augmentation: &Augmentation| {
            patches(&dataset, augmentation, 9).values.index_axis_move(ndarray::Axis(1), 1)
        };
        let plain = depth(&Augmentation::default());
        let loud = Augmentation {
            amplitude_scale: [2.0, 3.0],
            polarity: 1.0,
            noise: 1.0.into(),
            band_limit: BandLimit { high: [0.1, 0.2], ..BandLimit::default() },
            ..Augmentation::default()
        };
        assert_eq!(depth(&loud), plain);
        let stretched = depth(&Augmentation { stretch: 0.5.into(), ..loud });
        assert_ne!(stretched, plain);
        for (before, after) in plain.outer_iter().zip(stretched.outer_iter()) {
            assert!((before[[4, 4]] - after[[4, 4]]).abs() < 1e-6);
        }
    }
}
