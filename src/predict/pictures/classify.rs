//! Probabilities of pictures.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::Array2;

use super::PictureProgress;
use super::loader::network_input;
use crate::dataset::pictures::{PictureFile, UnreadablePicture};
use crate::network::{PictureInput, Predictor};
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
    /// The others: their places, and why.
    pub unreadable: Vec<(usize, UnreadablePicture)>,
}

/// Classifies pictures by a network that sees them as `input`.
///
/// # Errors
/// When memory runs out, or on interruption.
pub fn classify_pictures(
    predictor: &Predictor,
    input: PictureInput,
    files: &[PictureFile],
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(PictureProgress),
) -> Result<ClassifiedPictures, PredictError> {
    let batches = files.len().div_ceil(BATCH) as u64;
    let of_batch = |batch: u64| &files[batch as usize * BATCH..files.len().min((batch as usize + 1) * BATCH)];
    let load = |batch: u64| network_input(of_batch(batch), input);
    let (mut probabilities, mut places, mut unreadable, mut done) = (Vec::new(), Vec::new(), Vec::new(), 0);
    run_ahead(0..batches, 2, load, |next| -> Result<(), PredictError> {
        for batch in 0..batches {
            let loaded = next(batch)?;
            if !loaded.places.is_empty() {
                probabilities.extend(predictor.patch_probabilities(loaded.pixels.view())?);
            }
            places.extend(loaded.places.iter().map(|place| done + place));
            let bad = (0..of_batch(batch).len()).filter(|place| !loaded.places.contains(place));
            unreadable.extend(bad.map(|place| done + place).zip(loaded.unreadable));
            done += of_batch(batch).len();
            tell(PictureProgress { done, of: files.len() });
            if done < files.len() && interrupted.load(Ordering::Relaxed) {
                return Err(PredictError::PicturesInterrupted { done, of: files.len() });
            }
        }
        Ok(())
    })?;
    let columns = probabilities.len().checked_div(places.len()).unwrap_or(0);
    let probabilities = Array2::from_shape_vec((places.len(), columns), probabilities).expect("one row a picture");
    Ok(ClassifiedPictures { probabilities, places, unreadable })
}
