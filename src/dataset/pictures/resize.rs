//! Pictures at the size that a network sees.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::Array3;

use super::error::PictureFolderError;
use super::picture::Picture;

/// How a picture of any shape becomes one of the wanted shape.
///
/// Either way every new pixel is the weighted mean of all old ones that it covers (bilinear with antialiasing), as Pillow's
/// `resize` and torchvision's `Resize` have it; TensorFlow's retrain.py and older Keras picked single pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Both sides are scaled on their own: all is seen, proportions change. What retrain.py, Keras and AASPI do.
    #[default]
    Stretch,
    /// The shorter side is scaled to fit and the longer one cut at both ends: proportions stay, ends are lost. What torchvision's
    /// models were measured with.
    Crop,
}

/// Largest side of what a network sees.
pub const MOST_SIDE: usize = 4096;

impl Picture {
    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        let (rows, columns, _) = self.pixels.dim();
        [rows, columns]
    }

    /// The picture at `size` (rows, columns), `[row, column, color]`.
    ///
    /// # Errors
    /// When a side is 0 or more than [`MOST_SIDE`].
    pub fn resized(&self, size: [usize; 2], fit: Fit) -> Result<Array3<u8>, PictureFolderError> {
        let wrong = |reason| PictureFolderError::Option { option: "size", reason };
        if size.iter().any(|side| !(1..=MOST_SIDE).contains(side)) {
            return Err(wrong(format!("is 1 to {MOST_SIDE} pixels on each side, not {} x {}", size[0], size[1])));
        }
        let [rows, columns] = self.size();
        if [rows, columns] == size {
            return Ok(self.pixels.clone());
        }
        let odd = |error: &dyn std::error::Error| wrong(format!("does not fit this picture: {error}"));
        let pixels = self.pixels.as_standard_layout();
        let source = ImageRef::new(columns as u32, rows as u32, pixels.as_slice().unwrap_or_default(), PixelType::U8x3);
        let mut target = Image::new(size[1] as u32, size[0] as u32, PixelType::U8x3);
        let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        if fit == Fit::Crop {
            let scale = (rows as f64 / size[0] as f64).min(columns as f64 / size[1] as f64);
            let [height, width] = size.map(|side| side as f64 * scale);
            options = options.crop((columns as f64 - width) / 2.0, (rows as f64 - height) / 2.0, width, height);
        }
        let source = source.map_err(|error| odd(&error))?;
        Resizer::new().resize(&source, &mut target, &options).map_err(|error| odd(&error))?;
        Array3::from_shape_vec((size[0], size[1], 3), target.into_vec()).map_err(|error| odd(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ndarray::s;

    use super::*;

    /// The picture of tests/peers/pictures_from_pillow.py.
    fn drawn(rows: usize, columns: usize) -> Picture {
        let pixels = Array3::from_shape_fn((rows, columns, 3), |(row, column, color)| match color {
            0 => ((row * 9 + column * 5) % 256) as u8,
            1 => ((row * column) % 251) as u8,
            _ => (255 - (column * 7) as i64).rem_euclid(256) as u8,
        });
        Picture { pixels, remarks: Vec::new() }
    }

    #[test]
    fn pictures_are_resized_as_in_pillow() {
        let json = include_str!("../../../tests/fixtures/pictures_pillow.json");
        let expected: BTreeMap<String, Vec<u8>> = serde_json::from_str(json).unwrap();
        for (size, values) in expected {
            let (rows, columns) = size.split_once('x').unwrap();
            let size = [rows.parse().unwrap(), columns.parse().unwrap()];
            let resized = drawn(64, 48).resized(size, Fit::Stretch).unwrap();
            let worst = resized.iter().zip(&values).map(|(&ours, &theirs)| ours.abs_diff(theirs)).max().unwrap();
            assert!(worst <= 1, "{size:?} differs by {worst}");
        }
    }

    #[test]
    fn cropping_shows_the_middle_in_its_own_proportions() {
        let picture = drawn(60, 120);
        let middle = Picture { pixels: picture.pixels.slice(s![.., 30..90, ..]).to_owned(), remarks: Vec::new() };
        let expected = middle.resized([20, 20], Fit::Stretch).unwrap();
        let cropped = picture.resized([20, 20], Fit::Crop).unwrap();
        // Windows of a few pixels at the cut look beyond it in the whole picture.
        let differs = |columns: std::ops::Range<usize>| {
            let [one, other] = [&cropped, &expected].map(|pixels| pixels.slice(s![.., columns.clone(), ..]));
            one.iter().zip(other).map(|(&one, &other)| one.abs_diff(other)).max().unwrap()
        };
        assert!(differs(1..19) <= 1 && cropped != picture.resized([20, 20], Fit::Stretch).unwrap());
        assert_eq!(picture.resized([60, 120], Fit::Crop).unwrap(), picture.pixels);
        for size in [[0, 5], [5, MOST_SIDE + 1]] {
            assert!(matches!(picture.resized(size, Fit::Stretch), Err(PictureFolderError::Option { .. })));
        }
    }
}
