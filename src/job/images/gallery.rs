//! Many pictures in one figure.

use std::path::{Path, PathBuf};

use ndarray::{Array3, s};
use rayon::prelude::*;

use crate::dataset::pictures::{Fit, Picture, PictureFolderError, read_picture};
use crate::job::RunError;
use crate::report::{Figure, Tile, TileContent, TilesFigure};

/// Most pictures of a gallery.
pub(in crate::job) const MOST_SHOWN: usize = 24;
/// Pictures in a row.
const COLUMNS: usize = 6;
/// Side of a picture in pixels.
const SIDE: usize = 200;
/// What surrounds a picture that is no square.
const PAPER: f32 = 1.0;
/// What stands for a picture that cannot be read.
const EMPTY: f32 = 0.85;

/// A picture of a gallery, and what is said of it.
#[derive(Clone, Debug)]
pub(in crate::job) struct GalleryPicture {
    /// Its file.
    pub(in crate::job) path: PathBuf,
    /// Lines above it.
    pub(in crate::job) captions: Vec<String>,
}

/// Draws the first [`MOST_SHOWN`] of `pictures` with their captions to `path`; those that cannot be read as empty tiles.
///
/// # Errors
/// When there are no pictures, or the figure cannot be written.
pub(in crate::job) fn draw_gallery(path: &Path, title: &str, pictures: &[GalleryPicture]) -> Result<(), RunError> {
    let shown = &pictures[..pictures.len().min(MOST_SHOWN)];
    let pixels: Vec<Option<Array3<f32>>> = shown
        .par_iter()
        .map(|picture| read_picture(&picture.path).ok().and_then(|picture| letterboxed(&picture, SIDE).ok()))
        .collect();
    let empty = Array3::from_elem((3, SIDE, SIDE), EMPTY);
    let mut tiles = Vec::with_capacity(shown.len());
    for (picture, pixels) in shown.iter().zip(&pixels) {
        let mut captions = picture.captions.clone();
        if pixels.is_none() {
            captions.push("cannot be read".to_owned());
        }
        let content = TileContent::Photograph(pixels.as_ref().unwrap_or(&empty).view());
        tiles.push(Tile { captions, content, heat: None, marked: false });
    }
    TilesFigure { title, tiles: &tiles, columns: COLUMNS, side: SIDE, share: None }.draw(path)?;
    Ok(())
}

/// A picture `[color, row, column]` of 0 to 1 as `fit` brings it to a square of `side` pixels.
pub(super) fn squared(picture: &Picture, side: usize, fit: Fit) -> Result<Array3<f32>, PictureFolderError> {
    Ok(to_shares(&picture.resized([side; 2], fit)?))
}

/// The whole picture in its own proportions in the middle of such a square.
fn letterboxed(picture: &Picture, side: usize) -> Result<Array3<f32>, PictureFolderError> {
    let longest = picture.size().into_iter().max().unwrap_or(1) as f64;
    let size = picture.size().map(|length| ((length as f64 / longest * side as f64).round() as usize).max(1));
    let [top, left] = size.map(|length| (side - length) / 2);
    let mut square = Array3::from_elem((3, side, side), PAPER);
    let inside = s![.., top..top + size[0], left..left + size[1]];
    square.slice_mut(inside).assign(&to_shares(&picture.resized(size, Fit::Stretch)?));
    Ok(square)
}

/// From `[row, column, color]` of 0 to 255.
fn to_shares(pixels: &Array3<u8>) -> Array3<f32> {
    pixels.view().permuted_axes([2, 0, 1]).mapv(|value| f32::from(value) / 255.0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn pictures_keep_their_proportions_on_paper() {
        for (size, inside) in [([40, 20], [0, 5, 20, 10]), ([10, 40], [7, 0, 5, 20]), ([1, 900], [9, 0, 1, 20])] {
            let picture = Picture { pixels: Array3::from_elem((size[0], size[1], 3), 51), remarks: Vec::new() };
            let square = letterboxed(&picture, 20).unwrap();
            let [top, left, rows, columns] = inside;
            for ((_, row, column), &value) in square.indexed_iter() {
                let drawn = (top..top + rows).contains(&row) && (left..left + columns).contains(&column);
                assert_eq!(value, if drawn { 0.2 } else { PAPER }, "{size:?} at {row}, {column}");
            }
        }
    }

    #[test]
    fn galleries_show_the_first_pictures_and_an_empty_tile_for_what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let red = folder.path().join("red.png");
        image::RgbImage::from_pixel(30, 20, image::Rgb([200, 10, 10])).save(&red).unwrap();
        let torn = folder.path().join("torn.png");
        fs::write(&torn, b"no picture").unwrap();
        let picture = |path: &Path| GalleryPicture { path: path.to_owned(), captions: vec!["true: a".into()] };
        let drawn = |pictures: &[GalleryPicture]| {
            let path = folder.path().join("gallery.png");
            draw_gallery(&path, "title", pictures).unwrap();
            image::open(path).unwrap().into_rgb8()
        };
        let is_red = |pixel: &image::Rgb<u8>| pixel.0[0] > 190 && pixel.0[1] < 30;
        let two = drawn(&[picture(&red), picture(&torn)]);
        let count = two.pixels().filter(|pixel| is_red(pixel)).count();
        assert_eq!(count, SIDE * (SIDE as f64 * 2.0 / 3.0).round() as usize - frame_of(SIDE));
        let grey = (EMPTY * 255.0).round() as u8;
        let empty = two.pixels().filter(|pixel| pixel.0 == [grey; 3]).count();
        assert!(empty > SIDE * SIDE * 9 / 10, "{empty}");
        let many = vec![picture(&red); MOST_SHOWN];
        assert!(drawn(&many) == drawn(&[&many[..], &[picture(&torn)]].concat()));
        assert!(draw_gallery(&folder.path().join("none.png"), "title", &[]).is_err());
    }

    /// Pixels of a landscape picture that the frame of its tile lies on: its left and right edge.
    fn frame_of(side: usize) -> usize {
        2 * (side as f64 * 2.0 / 3.0).round() as usize
    }
}
