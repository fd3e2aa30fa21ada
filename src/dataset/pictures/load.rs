//! Pictures as a network takes them.

use ndarray::{Array3, Array4, ArrayView3, ArrayViewMut3, Axis};
use rayon::prelude::*;

use super::error::{PictureFault, PictureFolderError, UnreadablePicture};
use super::folder::PictureFile;
use super::picture::read_picture;
use super::resize::{Fit, MOST_SIDE};

/// Size of pictures as a network sees them, and how they get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureShape {
    /// Rows and columns.
    pub size: [usize; 2],
    /// What becomes of another proportion.
    pub fit: Fit,
}

/// Pictures that could be read.
#[derive(Debug)]
pub struct LoadedPictures {
    /// `[picture, color, row, column]`, red, green and blue of 0 to 1.
    pub pixels: Array4<f32>,
    /// Class of each.
    pub codes: Vec<u8>,
    /// Place of each among those asked for.
    pub places: Vec<usize>,
    /// The others, and why.
    pub unreadable: Vec<UnreadablePicture>,
}

/// Loads pictures as they are, several at a time; those that cannot be read are left out and listed.
///
/// # Errors
/// When the shape has no meaning.
pub fn load_pictures(files: &[PictureFile], shape: PictureShape) -> Result<LoadedPictures, PictureFolderError> {
    shape.check()?;
    let read: Vec<_> = files.par_iter().map(|file| shape.read(file)).collect();
    let (mut codes, mut places, mut unreadable, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, (file, pixels)) in files.iter().zip(read).enumerate() {
        match pixels {
            Ok(pixels) => {
                codes.push(file.class);
                places.push(place);
                kept.push(pixels);
            }
            Err(error) => unreadable.push(error),
        }
    }
    let [rows, columns] = shape.size;
    let mut pixels = Array4::zeros((kept.len(), 3, rows, columns));
    pixels.axis_iter_mut(Axis(0)).into_par_iter().zip(kept).for_each(|(image, kept)| to_shares(kept.view(), image));
    Ok(LoadedPictures { pixels, codes, places, unreadable })
}

impl PictureShape {
    /// Refuses sizes that no network has.
    pub(super) fn check(&self) -> Result<(), PictureFolderError> {
        if self.size.iter().all(|side| (1..=MOST_SIDE).contains(side)) {
            return Ok(());
        }
        let reason = format!("is 1 to {MOST_SIDE} pixels on each side, not {} x {}", self.size[0], self.size[1]);
        Err(PictureFolderError::Option { option: "size", reason })
    }

    /// Bytes of one picture in memory.
    pub(super) fn bytes(&self) -> u64 {
        3 * self.size[0] as u64 * self.size[1] as u64
    }

    /// A picture at this size, `[row, column, color]`.
    pub(super) fn read(&self, file: &PictureFile) -> Result<Array3<u8>, UnreadablePicture> {
        let damaged = |error: PictureFolderError| UnreadablePicture {
            path: file.path.clone(),
            fault: PictureFault::Damaged(error.to_string()),
        };
        read_picture(&file.path)?.resized(self.size, self.fit).map_err(damaged)
    }
}

/// From `[row, column, color]` of 0 to 255 to `[color, row, column]` of 0 to 1.
fn to_shares(pixels: ArrayView3<'_, u8>, mut image: ArrayViewMut3<'_, f32>) {
    image.zip_mut_with(&pixels.permuted_axes([2, 0, 1]), |share, &value| *share = f32::from(value) / 255.0);
}
