//! Random changes of a picture that leave its class as it is.

use ndarray::{ArrayView3, ArrayViewMut3};
use rand::{Rng, RngExt};

use super::color_jitter::ColorJitter;
use super::error::PictureFolderError;
use super::geometry::Geometry;
use crate::dataset::augmentation::check_probability;
use crate::dataset::{Amount, DatasetError, Padding};

/// Random changes of every training picture. The default changes nothing.
///
/// Crop, zoom, shear, rotation, flips and shift are one affine map about the middle of the picture, which is read once, by
/// bilinear interpolation. Amounts without a sign of their own go to both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureAugmentation {
    /// Probability of left for right, 0 to 1.
    pub flip_horizontal: f64,
    /// Probability of top for bottom, 0 to 1.
    pub flip_vertical: f64,
    /// Rotation in degrees.
    pub rotation: Amount,
    /// Shear in degrees, along the rows.
    pub shear: Amount,
    /// Nearer or farther, as a share: 0.3 shows things at 0.7 to 1.3 times their size.
    pub zoom: Amount,
    /// Shift across and down, to either side, as a share of width and height. Padding by 4 pixels and cropping is 4 / side.
    pub shift: [Amount; 2],
    /// Share of both sides that is cut away; what is left, at a random place, is enlarged to the whole.
    pub crop: Amount,
    /// What is seen beyond the edge; [`Padding::Zero`] is black.
    pub padding: Padding,
    /// Factor of all colours: 0.1 is 0.9 to 1.1.
    pub brightness: Amount,
    /// Factor of the distance to the picture's mean grey.
    pub contrast: Amount,
    /// Factor of the distance of each pixel to its own grey.
    pub saturation: Amount,
    /// Turn of the hue, as a share of the circle of colours.
    pub hue: Amount,
}

impl Default for PictureAugmentation {
    fn default() -> Self {
        let none = Amount::default();
        Self {
            flip_horizontal: 0.0,
            flip_vertical: 0.0,
            rotation: none,
            shear: none,
            zoom: none,
            shift: [none; 2],
            crop: none,
            padding: Padding::Reflect,
            brightness: none,
            contrast: none,
            saturation: none,
            hue: none,
        }
    }
}

/// The changes drawn for one picture.
pub(super) struct PictureChange {
    geometry: Geometry,
    padding: Padding,
    colors: ColorJitter,
}

impl PictureAugmentation {
    /// Checks that every value has a meaning.
    ///
    /// # Errors
    /// When a probability lies outside 0 to 1, or an amount is negative or too large.
    pub fn check(&self) -> Result<(), PictureFolderError> {
        let check = || {
            check_probability("flip_horizontal", self.flip_horizontal)?;
            check_probability("flip_vertical", self.flip_vertical)?;
            self.rotation.check("rotation", 180.0)?;
            self.shear.check("shear", 60.0)?;
            self.zoom.check("zoom", 0.9)?;
            self.shift.iter().try_for_each(|shift| shift.check("shift", 1.0))?;
            self.crop.check("crop", 0.9)?;
            self.brightness.check("brightness", 1.0)?;
            self.contrast.check("contrast", 1.0)?;
            self.saturation.check("saturation", 1.0)?;
            self.hue.check("hue", 0.5)
        };
        check().map_err(|error| match error {
            DatasetError::Option { option, reason } => PictureFolderError::Option { option, reason },
            other => PictureFolderError::Option { option: "augmentation", reason: other.to_string() },
        })
    }

    /// The changes of one example. All draws are made whatever is asked for, so that setting one change leaves the others
    /// as they were.
    pub(super) fn draw(&self, random: &mut impl Rng) -> PictureChange {
        let flips = [self.flip_horizontal, self.flip_vertical].map(|probability| random.random_bool(probability));
        let [rotation, shear] = [self.rotation, self.shear].map(|amount| amount.draw_signed(random).to_radians());
        let zoom = 1.0 + self.zoom.draw_signed(random);
        let shift = self.shift.map(|amount| amount.draw_signed(random));
        let crop = self.crop.draw(random);
        // The middle of what is left after cropping.
        let place = [0, 1].map(|_| crop * random.random_range(-0.5..=0.5));
        let shift = [0, 1].map(|axis| shift[axis] - place[axis]);
        let factor = |amount: &Amount, random: &mut _| (1.0 + amount.draw_signed(random)) as f32;
        let colors = ColorJitter {
            brightness: factor(&self.brightness, random),
            contrast: factor(&self.contrast, random),
            saturation: factor(&self.saturation, random),
            hue: self.hue.draw_signed(random) as f32,
        };
        let geometry = Geometry::new(flips, rotation, shear, zoom / (1.0 - crop), shift);
        PictureChange { geometry, padding: self.padding, colors }
    }
}

impl PictureChange {
    /// Writes the changed picture: `pixels`, `[row, column, color]` of 0 to 255, into `image`, `[color, row, column]` of 0 to 1.
    pub(super) fn apply(&self, pixels: ArrayView3<'_, u8>, mut image: ArrayViewMut3<'_, f32>) {
        self.geometry.read(pixels, self.padding, image.view_mut());
        self.colors.apply(image);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Axis, s};

    use super::*;
    use crate::dataset::generator::{Purpose, generator};

    fn pixels() -> Array3<u8> {
        Array3::from_shape_fn((24, 30, 3), |(row, column, color)| {
            (20 + 7 * row + 3 * column + 11 * (row * column % 5) * (color + 1)).min(255) as u8
        })
    }

    fn seen(augmentation: &PictureAugmentation, item: u64) -> Array3<f32> {
        let mut image = Array3::zeros((3, 24, 30));
        let mut random = generator(5, Purpose::Picture, 0, item);
        augmentation.draw(&mut random).apply(pixels().view(), image.view_mut());
        image
    }

    fn plain() -> Array3<f32> {
        Array3::from_shape_fn((3, 24, 30), |(color, row, column)| f32::from(pixels()[[row, column, color]]) / 255.0)
    }

    #[test]
    fn nothing_asked_for_changes_nothing_and_each_change_alone_something() {
        let none = PictureAugmentation::default;
        assert_eq!(seen(&none(), 3), plain());
        let amount = Amount::from(0.3);
        for augmentation in [
            PictureAugmentation { flip_horizontal: 1.0, ..none() },
            PictureAugmentation { flip_vertical: 1.0, ..none() },
            PictureAugmentation { rotation: 20.0.into(), ..none() },
            PictureAugmentation { shear: 20.0.into(), ..none() },
            PictureAugmentation { zoom: amount, ..none() },
            PictureAugmentation { shift: [amount, Amount::default()], ..none() },
            PictureAugmentation { shift: [Amount::default(), amount], ..none() },
            PictureAugmentation { crop: amount, ..none() },
            PictureAugmentation { brightness: amount, ..none() },
            PictureAugmentation { contrast: amount, ..none() },
            PictureAugmentation { saturation: amount, ..none() },
            PictureAugmentation { hue: amount, ..none() },
        ] {
            augmentation.check().unwrap();
            let [first, second] = [seen(&augmentation, 1), seen(&augmentation, 2)];
            assert_ne!(first, plain(), "{augmentation:?}");
            let flips = augmentation.flip_horizontal + augmentation.flip_vertical > 0.0;
            assert_eq!(first == second, flips, "{augmentation:?}");
            assert_eq!(first, seen(&augmentation, 1));
            assert!(first.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn flips_turn_the_picture_round() {
        let flipped = seen(&PictureAugmentation { flip_horizontal: 1.0, ..PictureAugmentation::default() }, 0);
        assert_eq!(flipped, plain().slice(s![.., .., ..;-1]));
        let flipped = seen(&PictureAugmentation { flip_vertical: 1.0, ..PictureAugmentation::default() }, 0);
        assert_eq!(flipped, plain().slice(s![.., ..;-1, ..]));
    }

    #[test]
    fn shifts_go_their_own_way_and_show_what_lies_beyond() {
        let across = PictureAugmentation {
            shift: [0.5.into(), Amount::default()],
            padding: Padding::Zero,
            ..PictureAugmentation::default()
        };
        let down = PictureAugmentation { shift: [Amount::default(), 0.5.into()], ..across.clone() };
        // Black columns here, black rows there, and no picture is without.
        let black = |image: &Array3<f32>, axis| image.axis_iter(Axis(axis)).filter(|line| line.sum() == 0.0).count();
        let mut seen_black = [0, 0];
        for item in 0..4 {
            let [across, down] = [seen(&across, item), seen(&down, item)];
            seen_black[0] += black(&across, 2);
            seen_black[1] += black(&down, 1);
            assert_eq!((black(&across, 1), black(&down, 2)), (0, 0));
        }
        assert!(seen_black.iter().all(|&lines| lines > 4), "{seen_black:?}");
    }

    #[test]
    fn values_without_meaning_are_refused() {
        let none = PictureAugmentation::default;
        for augmentation in [
            PictureAugmentation { flip_horizontal: 1.1, ..none() },
            PictureAugmentation { crop: 1.0.into(), ..none() },
            PictureAugmentation { zoom: f64::NAN.into(), ..none() },
            PictureAugmentation { hue: 0.6.into(), ..none() },
            PictureAugmentation { rotation: Amount { up_to: 5.0, probability: -0.1 }, ..none() },
        ] {
            assert!(matches!(augmentation.check(), Err(PictureFolderError::Option { .. })));
        }
    }
}
