//! Probabilities of pictures.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, Axis, concatenate};
use rayon::prelude::*;

use super::PictureProgress;
use super::loader::{picture_input, stacked};
use crate::dataset::pictures::{PictureFile, UnreadablePicture};
use crate::network::{Device, PictureModel};
use crate::predict::PredictError;
use crate::train::run_ahead;

/// Pictures that go through the network at a time.
const BATCH: usize = 32;

/// What a network thinks of pictures.
#[derive(Debug)]
pub struct ClassifiedPictures {
    /// Probabilities `[picture, class]` of those that can be read, in their order.
    pub probabilities: Array2<f32>,
    /// Place of each among those asked for.
    pub places: Vec<usize>,
    /// The others, and why.
    pub unreadable: Vec<UnreadablePicture>,
}

/// Classifies pictures.
///
/// # Errors
/// When memory runs out, or on interruption.
pub fn classify_pictures(
    model: &PictureModel,
    device: Device,
    files: &[PictureFile],
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(PictureProgress),
) -> Result<ClassifiedPictures, PredictError> {
    let predictor = model.predictor(device)?;
    let input = model.description.pictures;
    let batches = files.len().div_ceil(BATCH) as u64;
    let of_batch = |batch: u64| &files[batch as usize * BATCH..files.len().min((batch as usize + 1) * BATCH)];
    let load = |batch: u64| -> Vec<_> { of_batch(batch).par_iter().map(|file| picture_input(file, input)).collect() };
    let mut probabilities = Array2::zeros((0, model.description.classes.len()));
    let (mut places, mut unreadable, mut done) = (Vec::new(), Vec::new(), 0);
    run_ahead(0..batches, 2, load, |next| -> Result<(), PredictError> {
        for batch in 0..batches {
            let mut images = Vec::new();
            for image in next(batch) {
                match image {
                    Ok(image) => {
                        images.push(image);
                        places.push(done);
                    }
                    Err(error) => unreadable.push(error),
                }
                done += 1;
            }
            if !images.is_empty() {
                let of_batch = predictor.patch_probabilities(stacked(&images, input).view())?;
                probabilities = concatenate(Axis(0), &[probabilities.view(), of_batch.view()])
                    .expect("a network has one number of classes");
            }
            tell(PictureProgress { done, of: files.len() });
            if done < files.len() && interrupted.load(Ordering::Relaxed) {
                return Err(PredictError::PicturesInterrupted { done, of: files.len() });
            }
        }
        Ok(())
    })?;
    Ok(ClassifiedPictures { probabilities, places, unreadable })
}
