//! Making bottlenecks, and adding to them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ndarray::Array2;
use rayon::prelude::*;

use super::bottleneck_file::{BottleneckPicture, BottleneckSet, Bottlenecks, LeftOut};
use super::loader::network_input;
use crate::dataset::pictures::{PictureFault, PictureFile, PictureFolder, content_hash, read_bytes};
use crate::network::{Device, PictureModel};
use crate::predict::PredictError;
use crate::train::run_ahead;

/// Pictures that go through the network at a time.
const BATCH: usize = 32;
/// A run that is cut off loses at most this much work.
const SAVE_EVERY: Duration = Duration::from_secs(30);

/// What making bottlenecks came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BottleneckOutcome {
    /// Contents that went through the network now.
    pub computed: usize,
    /// Contents that were known.
    pub known: usize,
    /// Sets that the file had and has no more.
    pub lost: Vec<String>,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureProgress {
    /// Pictures done.
    pub done: usize,
    /// Pictures in all.
    pub of: usize,
}

/// Makes the bottlenecks of `folders` (`train`, `validation`, `test`) with `model` and writes them to `path`; pictures that the file
/// there knows already, by content, are not computed again.
///
/// # Errors
/// When a file of another network is there, the file cannot be read or written, memory runs out, or on interruption, after what
/// was computed has been written.
pub fn update_bottlenecks(
    model: &PictureModel,
    device: Device,
    folders: &[(&str, &PictureFolder)],
    path: &Path,
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(PictureProgress),
) -> Result<(Bottlenecks, BottleneckOutcome), PredictError> {
    let fresh = Bottlenecks::of(model)?;
    let before = if path.exists() { Bottlenecks::load(path)? } else { fresh.clone() };
    if !fresh.is_of_same_network(&before) {
        let [theirs, ours] = [&before, &fresh].map(|file| file.network().backbone.title());
        return Err(PredictError::OtherBottlenecks { path: path.to_owned(), theirs, ours });
    }
    let mut work = Work::new(folders, &before);
    let unknown: Vec<usize> = (0..work.contents.len()).filter(|&place| work.features[place].is_none()).collect();
    let kept = |set: &&BottleneckSet| folders.iter().any(|(name, _)| *name == set.name);
    let lost = before.sets().iter().filter(|set| !kept(set)).map(|set| set.name.clone()).collect();
    let outcome = BottleneckOutcome { computed: unknown.len(), known: work.contents.len() - unknown.len(), lost };
    if !unknown.is_empty() {
        let predictor = model.features(device)?;
        let batches: Vec<_> = unknown.chunks(BATCH).collect();
        let (files, input) = (work.files.clone(), model.description.pictures);
        let load = |batch: u64| {
            let files: Vec<_> = batches[batch as usize].iter().map(|&place| files[place].clone()).collect();
            network_input(&files, input)
        };
        let (mut done, mut last_save) = (0, Instant::now());
        run_ahead(0..batches.len() as u64, 2, load, |next| -> Result<(), PredictError> {
            for (batch, places) in batches.iter().enumerate() {
                let loaded = next(batch as u64)?;
                if !loaded.places.is_empty() {
                    let features = predictor.patch_scores(loaded.pixels.view())?;
                    for (&place, row) in loaded.places.iter().zip(features.rows()) {
                        work.features[places[place]] = Some(Ok(row.to_vec()));
                    }
                }
                let bad = (0..places.len()).filter(|place| !loaded.places.contains(place));
                for (place, unreadable) in bad.zip(loaded.unreadable) {
                    work.features[places[place]] = Some(Err(unreadable.fault.to_string()));
                }
                done += places.len();
                tell(PictureProgress { done, of: unknown.len() });
                let (stop, last) = (interrupted.load(Ordering::Relaxed), batch + 1 == batches.len());
                if !last && (stop || last_save.elapsed() >= SAVE_EVERY) {
                    work.bottlenecks(fresh.clone()).save(path)?;
                    last_save = Instant::now();
                }
                if !last && stop {
                    return Err(PredictError::PicturesInterrupted { done, of: unknown.len() });
                }
            }
            Ok(())
        })?;
    }
    let bottlenecks = work.bottlenecks(fresh);
    if bottlenecks != before {
        bottlenecks.save(path)?;
    }
    Ok((bottlenecks, outcome))
}

/// All pictures, and what is known of each content.
struct Work<'a> {
    folders: &'a [(&'a str, &'a PictureFolder)],
    /// For every picture of all folders, the place of its content, or why it cannot be read.
    pictures: Vec<Result<usize, String>>,
    /// Every content once.
    contents: Vec<String>,
    /// A file of every content.
    files: Vec<&'a PictureFile>,
    /// Features of every content, or why it is no picture.
    features: Vec<Option<Result<Vec<f32>, String>>>,
}

impl<'a> Work<'a> {
    fn new(folders: &'a [(&'a str, &'a PictureFolder)], known: &Bottlenecks) -> Self {
        let all: Vec<&PictureFile> = folders.iter().flat_map(|(_, folder)| folder.pictures()).collect();
        let hashes: Vec<_> = all.par_iter().map(|file| Ok(content_hash(&read_bytes(&file.path)?))).collect();
        let mut places: HashMap<String, usize> = HashMap::new();
        let (mut pictures, mut contents, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for (file, hash) in all.into_iter().zip(hashes) {
            pictures.push(hash.map_err(|fault: PictureFault| fault.to_string()).map(|hash| {
                *places.entry(hash.clone()).or_insert_with(|| {
                    contents.push(hash);
                    files.push(file);
                    contents.len() - 1
                })
            }));
        }
        let rows = known.rows();
        let known = |content: &String| rows.get(content.as_str()).map(|&row| Ok(known.features_of(row).to_vec()));
        let features = contents.iter().map(known).collect();
        Self { folders, pictures, contents, files, features }
    }

    /// What has been computed so far.
    fn bottlenecks(&self, fresh: Bottlenecks) -> Bottlenecks {
        let (mut contents, mut values, mut rows) = (Vec::new(), Vec::new(), vec![None; self.contents.len()]);
        for (place, features) in self.features.iter().enumerate() {
            if let Some(Ok(features)) = features {
                rows[place] = Some(contents.len());
                contents.push(self.contents[place].clone());
                values.extend_from_slice(features);
            }
        }
        let columns = values.len().checked_div(contents.len()).unwrap_or(0);
        let features = Array2::from_shape_vec((contents.len(), columns), values).expect("all rows are equally long");
        let mut pictures = self.pictures.iter();
        let sets = self.folders.iter().map(|(name, folder)| {
            let (name, folder_path) = ((*name).to_owned(), folder.root().to_owned());
            let mut set = BottleneckSet { name, folder: folder_path, pictures: Vec::new(), left_out: Vec::new() };
            for (file, place) in folder.pictures().iter().zip(pictures.by_ref()) {
                let (name, class) = (folder.name_of(file), file.class);
                let reason = match place {
                    Ok(place) => match (rows[*place], &self.features[*place]) {
                        (Some(row), _) => {
                            set.pictures.push(BottleneckPicture { file: name, class, row });
                            continue;
                        }
                        (None, Some(Err(reason))) => reason,
                        (None, _) => continue,
                    },
                    Err(reason) => reason,
                };
                set.left_out.push(LeftOut { file: name, reason: reason.clone() });
            }
            set
        });
        let sets = sets.collect();
        let complete = self.features.iter().all(Option::is_some);
        fresh.with_pictures(contents, features, sets, complete)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::pictures::{Fit, SyntheticPictures, write_synthetic};
    use crate::network::{Backbone, Head, Normalization, PictureDescription, PictureInput, Pooling, Top};

    fn model(backbone: Backbone, seed: u64) -> PictureModel {
        let head = Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false };
        let description = PictureDescription {
            version: PictureDescription::VERSION,
            backbone,
            top: Top { pooling: Pooling::Average, batch_norm_features: false, head },
            pictures: PictureInput { side: 32, fit: Fit::Stretch, normalization: Normalization::ImageNet },
            classes: crate::dataset::pictures::SYNTHETIC_CLASSES.map(str::to_owned).into(),
            pretrained: None,
            seed,
        };
        PictureModel::new(description, None).unwrap()
    }

    fn made(model: &PictureModel, root: &Path, file: &Path) -> Result<(Bottlenecks, BottleneckOutcome), PredictError> {
        let folder = PictureFolder::scan(root).unwrap();
        let go_on = AtomicBool::new(false);
        update_bottlenecks(model, Device::cpu(), &[("train", &folder)], file, &go_on, &mut |_| {})
    }

    #[test]
    fn only_new_contents_go_through_the_network() {
        let parent = tempfile::tempdir().unwrap();
        let (root, file) = (parent.path().join("drawn"), parent.path().join("bn1.safetensors"));
        write_synthetic(&SyntheticPictures { side: 24, per_class: 9, seed: 3 }, &root).unwrap();
        let model = model(Backbone::MobilenetV2, 1);
        let (first, outcome) = made(&model, &root, &file).unwrap();
        let pictures = first.sets()[0].pictures.len();
        // More than a batch, and no remainder is dropped.
        assert!(pictures > BATCH && pictures % BATCH != 0);
        assert_eq!((outcome.computed, outcome.known), (pictures, 0));
        assert_eq!(Bottlenecks::load(&file).unwrap(), first);

        let (again, outcome) = made(&model, &root, &file).unwrap();
        assert_eq!((outcome.computed, outcome.known), (0, pictures));
        assert_eq!(again, first);

        let any = PictureFolder::scan(&root).unwrap().pictures()[0].path.clone();
        let bytes = fs::read(&any).unwrap();
        fs::write(any.with_file_name("copy.png"), &bytes).unwrap();
        fs::write(any.with_file_name("cut off.png"), &bytes[..bytes.len() / 2]).unwrap();
        let other = image::RgbImage::from_pixel(20, 20, image::Rgb([9, 200, 30]));
        other.save(any.with_file_name("new.png")).unwrap();
        let (more, outcome) = made(&model, &root, &file).unwrap();
        // The copy is known; the cut one was tried.
        assert_eq!((outcome.computed, outcome.known), (2, pictures));
        assert_eq!(more.sets()[0].pictures.len(), pictures + 2);
        assert_eq!(more.sets()[0].left_out.len(), 1);
        let row = |name: &str| more.sets()[0].pictures.iter().find(|p| p.file.ends_with(name)).unwrap().row;
        assert_eq!(row("copy.png"), row(any.file_name().unwrap().to_str().unwrap()));

        for other in [self::model(Backbone::MobilenetV2, 2), self::model(Backbone::Resnet18, 1)] {
            let refused = made(&other, &root, &file).unwrap_err();
            assert!(matches!(refused, PredictError::OtherBottlenecks { .. }), "{refused}");
        }
    }

    #[test]
    fn an_interruption_keeps_what_was_computed() {
        let parent = tempfile::tempdir().unwrap();
        let (root, file) = (parent.path().join("drawn"), parent.path().join("bn1.safetensors"));
        write_synthetic(&SyntheticPictures { side: 24, per_class: 9, seed: 3 }, &root).unwrap();
        let model = model(Backbone::MobilenetV2, 1);
        let folder = PictureFolder::scan(&root).unwrap();
        let stop = AtomicBool::new(true);
        let cut = update_bottlenecks(&model, Device::cpu(), &[("train", &folder)], &file, &stop, &mut |_| {});
        assert!(matches!(cut, Err(PredictError::PicturesInterrupted { done: BATCH, .. })));
        assert!(!Bottlenecks::load(&file).unwrap().is_complete());
        let (continued, outcome) = made(&model, &root, &file).unwrap();
        assert!(continued.is_complete());
        assert_eq!(outcome.known, BATCH);
        let whole = made(&model, &root, &parent.path().join("bn2.safetensors")).unwrap().0;
        // The order of rows is that of the pictures either way.
        assert_eq!(continued, whole);
    }
}
