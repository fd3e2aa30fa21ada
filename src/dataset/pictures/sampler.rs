//! Training batches of pictures.

use ndarray::{Array3, Array4, Axis};
use rayon::prelude::*;

use super::augmentation::PictureAugmentation;
use super::error::{PictureFolderError, UnreadablePicture};
use super::folder::{PictureFile, PictureFolder};
use super::load::PictureShape;
use crate::dataset::endless::Endless;
use crate::dataset::generator::{Purpose, generator};

/// How training pictures are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSamplerOptions {
    /// What a network sees.
    pub shape: PictureShape,
    /// Pictures in a batch.
    pub batch: usize,
    /// Whether all classes come equally often, instead of all pictures.
    pub balanced: bool,
    /// Random changes of every picture.
    pub augmentation: PictureAugmentation,
    /// Bytes of pictures that are kept decoded; the others are read again each time.
    pub memory: u64,
    /// Seed of order and changes.
    pub seed: u64,
}

/// Pictures with their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureBatch {
    /// `[picture, color, row, column]`, red, green and blue of 0 to 1.
    pub pixels: Array4<f32>,
    /// Class of each.
    pub codes: Vec<u8>,
}

/// Draws batches of pictures, changed at random. The batch of a step is a function of seed and step, on any number of threads.
///
/// The pictures come in random order, each once before any comes again; all batches are full and no picture is left out.
#[derive(Debug)]
pub struct PictureSampler {
    files: Vec<PictureFile>,
    /// Those that fit into memory, in the order of the files.
    kept: Vec<Array3<u8>>,
    order: Endless,
    options: PictureSamplerOptions,
}

impl PictureSampler {
    /// A sampler of the pictures of `folder`, and those of them that cannot be read.
    ///
    /// # Errors
    /// When an option has no meaning, or no picture can be read.
    pub fn new(
        folder: &PictureFolder,
        options: PictureSamplerOptions,
    ) -> Result<(Self, Vec<UnreadablePicture>), PictureFolderError> {
        const LARGEST_BATCH_BYTES: u64 = 1 << 30;
        options.shape.check()?;
        options.augmentation.check()?;
        let largest = LARGEST_BATCH_BYTES / options.shape.bytes();
        if options.batch == 0 || options.batch as u64 > largest {
            let reason = format!("is 1 to {largest} for pictures of this size, not {}", options.batch);
            return Err(PictureFolderError::Option { option: "batch", reason });
        }
        let room = usize::try_from(options.memory / options.shape.bytes()).unwrap_or(usize::MAX);
        let read: Vec<_> = folder
            .pictures()
            .par_iter()
            .enumerate()
            .map(|(place, file)| options.shape.read(file).map(|pixels| (place < room).then_some(pixels)))
            .collect();
        let (mut files, mut kept, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        let mut counts = vec![0; folder.classes().len()];
        for (file, pixels) in folder.pictures().iter().zip(read) {
            match pixels {
                Ok(pixels) => {
                    counts[usize::from(file.class)] += 1;
                    files.push(file.clone());
                    kept.extend(pixels);
                }
                Err(error) => unreadable.push(error),
            }
        }
        if files.is_empty() {
            let (path, count) = (folder.root().to_owned(), folder.pictures().len());
            return Err(PictureFolderError::NoneReadable { path, count });
        }
        let order = Endless::new(counts, options.balanced, options.batch, options.seed);
        Ok((Self { files, kept, order, options }, unreadable))
    }

    /// The pictures that are drawn, class by class.
    pub fn files(&self) -> &[PictureFile] {
        &self.files
    }

    /// Steps after which as many pictures were drawn as there are.
    pub fn steps_per_epoch(&self) -> u64 {
        self.files.len().div_ceil(self.options.batch) as u64
    }

    /// The batch of step `step`, counted from 0.
    ///
    /// # Errors
    /// When a picture that is not kept in memory cannot be read any more.
    pub fn batch(&self, step: u64) -> Result<PictureBatch, UnreadablePicture> {
        let PictureSamplerOptions { shape, batch, ref augmentation, seed, .. } = self.options;
        let places = self.order.positions(step);
        let mut pixels = Array4::zeros((batch, 3, shape.size[0], shape.size[1]));
        pixels.axis_iter_mut(Axis(0)).into_par_iter().zip(&places).enumerate().try_for_each(
            |(item, (image, &place))| {
                let mut random = generator(seed, Purpose::Picture, step, item as u64);
                let change = augmentation.draw(&mut random);
                match self.kept.get(place) {
                    Some(kept) => change.apply(kept.view(), image),
                    None => change.apply(shape.read(&self.files[place])?.view(), image),
                }
                Ok(())
            },
        )?;
        Ok(PictureBatch { pixels, codes: places.into_iter().map(|place| self.files[place].class).collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::synthetic::{SyntheticPictures, write_synthetic};
    use super::super::{Fit, load_pictures};
    use super::*;
    use crate::dataset::Padding;

    /// Four classes of five pictures, one of which cannot be read.
    fn folder() -> (tempfile::TempDir, PictureFolder) {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("drawn");
        write_synthetic(&SyntheticPictures { side: 24, per_class: 5, seed: 3 }, &root).unwrap();
        fs::write(root.join("folds/folds_03.png"), b"no picture").unwrap();
        let folder = PictureFolder::scan(&root).unwrap();
        (parent, folder)
    }

    fn options() -> PictureSamplerOptions {
        PictureSamplerOptions {
            shape: PictureShape { size: [16, 20], fit: Fit::Stretch },
            batch: 7,
            balanced: false,
            augmentation: PictureAugmentation::default(),
            memory: 1 << 30,
            seed: 9,
        }
    }

    #[test]
    fn every_readable_picture_comes_once_in_each_epoch_with_its_class() {
        let (_parent, folder) = folder();
        let (sampler, unreadable) = PictureSampler::new(&folder, options()).unwrap();
        assert!(unreadable.len() == 1 && unreadable[0].path.ends_with("folds_03.png"));
        assert_eq!((sampler.files().len(), sampler.steps_per_epoch()), (19, 3));
        let loaded = load_pictures(folder.pictures(), options().shape).unwrap();
        assert_eq!((loaded.codes.len(), loaded.unreadable.len(), loaded.pixels.dim()), (19, 1, (19, 3, 16, 20)));
        assert_eq!(loaded.places, (0..20).filter(|&place| place != 7).collect::<Vec<_>>());
        let batches: Vec<_> = (0..19).map(|step| sampler.batch(step).unwrap()).collect();
        let drawn: Vec<_> = batches
            .iter()
            .flat_map(|batch| batch.pixels.outer_iter().zip(&batch.codes))
            .map(|(pixels, &code)| {
                let place = loaded.pixels.outer_iter().position(|known| known == pixels).unwrap();
                assert_eq!(loaded.codes[place], code);
                place
            })
            .collect();
        for epoch in drawn.chunks(19) {
            let mut places = epoch.to_vec();
            places.sort_unstable();
            assert_eq!(places, (0..19).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_batch_is_a_function_of_seed_and_step_on_any_number_of_threads_and_with_any_memory() {
        let (_parent, folder) = folder();
        let augmentation = PictureAugmentation {
            flip_horizontal: 0.5,
            rotation: 10.0.into(),
            crop: 0.2.into(),
            contrast: 0.1.into(),
            hue: 0.1.into(),
            ..PictureAugmentation::default()
        };
        let with = |seed, threads, memory, step| {
            let options = PictureSamplerOptions { augmentation: augmentation.clone(), seed, memory, ..options() };
            let (sampler, _) = PictureSampler::new(&folder, options).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sampler.batch(step)).unwrap()
        };
        let batch = with(1, 1, 1 << 30, 4);
        assert_eq!(batch, with(1, 3, 1 << 30, 4));
        assert_eq!(batch, with(1, 2, 5 * 3 * 16 * 20, 4));
        assert_ne!(batch, with(2, 1, 1 << 30, 4));
        assert_ne!(batch, with(1, 1, 1 << 30, 5));
    }

    #[test]
    fn every_change_reaches_the_batch() {
        let (_parent, folder) = folder();
        let batch = |augmentation| {
            let options = PictureSamplerOptions { augmentation, ..options() };
            PictureSampler::new(&folder, options).unwrap().0.batch(0).unwrap()
        };
        let none = PictureAugmentation::default;
        let shifted = PictureAugmentation { shift: [0.3.into(); 2], ..none() };
        let mut batches = vec![batch(none())];
        for augmentation in [
            PictureAugmentation { flip_horizontal: 1.0, ..none() },
            PictureAugmentation { flip_vertical: 1.0, ..none() },
            PictureAugmentation { rotation: 20.0.into(), ..none() },
            PictureAugmentation { shear: 20.0.into(), ..none() },
            PictureAugmentation { zoom: 0.3.into(), ..none() },
            shifted.clone(),
            PictureAugmentation { shift: [0.3.into(), 0.0.into()], ..none() },
            PictureAugmentation { padding: Padding::Edge, ..shifted.clone() },
            PictureAugmentation { padding: Padding::Zero, ..shifted },
            PictureAugmentation { crop: 0.3.into(), ..none() },
            PictureAugmentation { brightness: 0.3.into(), ..none() },
            PictureAugmentation { contrast: 0.3.into(), ..none() },
            PictureAugmentation { saturation: 0.3.into(), ..none() },
            PictureAugmentation { hue: 0.3.into(), ..none() },
        ] {
            let changed = batch(augmentation.clone());
            assert_eq!(changed.codes, batches[0].codes);
            assert!(!batches.contains(&changed), "{augmentation:?}");
            batches.push(changed);
        }
    }

    #[test]
    fn balanced_batches_and_options_without_meaning() {
        let (_parent, folder) = folder();
        let (sampler, _) =
            PictureSampler::new(&folder, PictureSamplerOptions { balanced: true, batch: 8, ..options() }).unwrap();
        for step in 0..5 {
            let mut codes = sampler.batch(step).unwrap().codes;
            codes.sort_unstable();
            assert_eq!(codes, [0, 0, 1, 1, 2, 2, 3, 3]);
        }
        let flip = PictureAugmentation { flip_vertical: 2.0, ..PictureAugmentation::default() };
        for options in [
            PictureSamplerOptions { batch: 0, ..options() },
            PictureSamplerOptions { batch: usize::MAX, ..options() },
            PictureSamplerOptions { shape: PictureShape { size: [0, 4], fit: Fit::Crop }, ..options() },
            PictureSamplerOptions { augmentation: flip, ..options() },
        ] {
            assert!(matches!(PictureSampler::new(&folder, options), Err(PictureFolderError::Option { .. })));
        }
    }
}
