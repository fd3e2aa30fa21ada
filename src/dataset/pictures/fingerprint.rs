//! What a picture is, whatever its file is called: by its bytes, and by what is seen.

use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::error::{PictureFault, UnreadablePicture};
use super::picture::{Picture, Remark, decode_named, read_bytes};
use super::resize::Fit;
use crate::grid::hexadecimal;

/// SHA-256 of the bytes of a file, in hexadecimal.
pub fn content_hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// What tells a picture from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// SHA-256 of the file, in hexadecimal.
    pub content: String,
    /// What is seen.
    pub look: Look,
    /// What had to be done to see it.
    pub remarks: Vec<Remark>,
}

/// How a picture looks from afar: the same after scaling, compression, or a change of format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// One bit for each of 8 x 8 steps to the right: whether it grows darker (dHash, Krawetz 2013).
    pub gradients: u64,
    /// Grey values at 16 x 16.
    thumbnail: Array2<u8>,
}

impl Fingerprint {
    /// Reads and decodes a file.
    ///
    /// # Errors
    /// As [`super::read_picture`].
    pub fn of_file(path: &Path) -> Result<Self, UnreadablePicture> {
        let of_file = || {
            let bytes = read_bytes(path)?;
            let picture = decode_named(&bytes, path)?;
            Ok(Self { content: content_hash(&bytes), look: Look::of(&picture)?, remarks: picture.remarks })
        };
        of_file().map_err(|fault| UnreadablePicture { path: path.to_owned(), fault })
    }
}

impl Look {
    /// Steps of [`Look::gradients`] that may differ between two versions of one picture.
    const MOST_STEPS: u32 = 10;
    /// Root mean square by which their grey values may differ, in levels of 256.
    const MOST_DIFFERENCE: f64 = 5.0;

    /// Looks at a picture.
    ///
    /// # Errors
    /// Never for a picture that has been decoded.
    pub fn of(picture: &Picture) -> Result<Self, PictureFault> {
        let grey = |rows, columns| {
            let small = picture.resized([rows, columns], Fit::Stretch);
            let small = small.map_err(|error| PictureFault::Damaged(error.to_string()))?;
            // Luma of ITU-R BT.601.
            let luma = |row, column| {
                let [red, green, blue] = [0, 1, 2].map(|color| u32::from(small[[row, column, color]]));
                ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
            };
            Ok(Array2::from_shape_fn((rows, columns), |(row, column)| luma(row, column)))
        };
        let steps = grey(8, 9)?;
        let darker = steps.rows().into_iter().flat_map(|row| {
            let pairs: Vec<_> = row.windows(2).into_iter().map(|pair| pair[1] < pair[0]).collect();
            pairs
        });
        let gradients = darker.fold(0, |bits, darker| bits << 1 | u64::from(darker));
        Ok(Self { gradients, thumbnail: grey(16, 16)? })
    }

    /// Whether two files show the same picture.
    pub fn is_like(&self, other: &Self) -> bool {
        if (self.gradients ^ other.gradients).count_ones() > Self::MOST_STEPS {
            return false;
        }
        let squares: f64 = self
            .thumbnail
            .iter()
            .zip(&other.thumbnail)
            .map(|(&one, &other)| f64::from(one.abs_diff(other)).powi(2))
            .sum();
        (squares / self.thumbnail.len() as f64).sqrt() <= Self::MOST_DIFFERENCE
    }
}

/// For each of `looks` the first one that it belongs together with, over any chain of likenesses; itself if there is none.
pub fn groups(looks: &[&Look]) -> Vec<usize> {
    // Pairs are kept for so many pictures at a time: of pictures that are all alike there are too many for memory.
    const AT_A_TIME: usize = 256;
    let mut first: Vec<_> = (0..looks.len()).collect();
    for start in (0..looks.len()).step_by(AT_A_TIME) {
        let chunk = start..looks.len().min(start + AT_A_TIME);
        let like = |one: usize| (one + 1..looks.len()).filter(move |&other| looks[one].is_like(looks[other]));
        let pairs: Vec<_> =
            chunk.into_par_iter().flat_map_iter(|one| like(one).map(move |other| [one, other])).collect();
        for pair in pairs {
            let [one, other] = pair.map(|place| root(&mut first, place));
            first[one.max(other)] = one.min(other);
        }
    }
    (0..looks.len()).map(|place| root(&mut first, place)).collect()
}

fn root(first: &mut [usize], mut place: usize) -> usize {
    while first[place] != place {
        first[place] = first[first[place]];
        place = first[place];
    }
    place
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::super::synthetic::{SyntheticPictures, draw};
    use super::*;

    #[test]
    fn a_picture_is_known_again_at_another_size_or_slightly_changed_and_others_are_not_taken_for_it() {
        let options = SyntheticPictures { side: 120, per_class: 6, seed: 4 };
        let mut pictures = Vec::new();
        for (class, place) in (0..4).flat_map(|class| (0..6).map(move |place| (class, place))) {
            let picture = Picture { pixels: draw(&options, class, place), remarks: Vec::new() };
            let smaller = Picture { pixels: picture.resized([77, 90], Fit::Stretch).unwrap(), remarks: Vec::new() };
            let noisy = Array3::from_shape_fn(picture.pixels.dim(), |at| {
                picture.pixels[at].saturating_add(((at.0 * 7 + at.1 * 13 + at.2) % 9) as u8)
            });
            pictures.extend([picture, smaller, Picture { pixels: noisy, remarks: Vec::new() }]);
        }
        let looks: Vec<_> = pictures.iter().map(|picture| Look::of(picture).unwrap()).collect();
        let groups = groups(&looks.iter().collect::<Vec<_>>());
        let expected: Vec<_> = (0..pictures.len()).map(|place| place / 3 * 3).collect();
        assert_eq!(groups, expected);
    }

    #[test]
    fn likeness_goes_on_along_a_chain() {
        let grey = |value: u8| {
            let picture = Picture { pixels: Array3::from_elem((20, 20, 3), value), remarks: Vec::new() };
            Look::of(&picture).unwrap()
        };
        let looks = [grey(200), grey(10), grey(14), grey(18), grey(100)];
        assert!(!looks[1].is_like(&looks[3]));
        assert_eq!(groups(&looks.iter().collect::<Vec<_>>()), [0, 1, 1, 1, 4]);
    }
}
