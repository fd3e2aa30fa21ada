//! Drawn pictures of four structures: layers, folds, cross-beds and grains. Seeded; the same on every machine.

use std::f64::consts::{PI, TAU};
use std::fs;
use std::io;
use std::path::Path;

use image::{ImageFormat, RgbImage};
use ndarray::Array3;
use rand::{Rng, RngExt};

use super::error::PictureFolderError;
use crate::dataset::generator::{Purpose, generator};

/// Names of the drawn classes, in alphabetical order.
pub const SYNTHETIC_CLASSES: [&str; 4] = ["crossbeds", "folds", "grains", "layers"];

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticPictures {
    /// Rows and columns of a picture.
    pub side: usize,
    /// Pictures of each class.
    pub per_class: usize,
    /// Decides about everything else.
    pub seed: u64,
}

impl Default for SyntheticPictures {
    fn default() -> Self {
        Self { side: 64, per_class: 20, seed: 7 }
    }
}

/// Draws a folder of pictures, one sub-folder for each of the [`SYNTHETIC_CLASSES`]. It appears only when it is complete.
///
/// # Errors
/// When an option has no meaning, the folder is there already, or the system refuses.
pub fn write_synthetic(options: &SyntheticPictures, root: &Path) -> Result<(), PictureFolderError> {
    let wrong = |option, reason| Err(PictureFolderError::Option { option, reason });
    if !(16..=1024).contains(&options.side) {
        return wrong("side", format!("is 16 to 1024 pixels, not {}", options.side));
    }
    if !(1..=10_000).contains(&options.per_class) {
        return wrong("per_class", format!("is 1 to 10000, not {}", options.per_class));
    }
    if root.symlink_metadata().is_ok() {
        return Err(PictureFolderError::Exists { path: root.to_owned() });
    }
    let mut partial = root.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| PictureFolderError::Write { action, path, source }
    };
    if partial.is_dir() {
        fs::remove_dir_all(partial).map_err(failed("remove", partial))?;
    }
    for (class, name) in SYNTHETIC_CLASSES.iter().enumerate() {
        let folder = partial.join(name);
        fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        for place in 0..options.per_class {
            let path = folder.join(format!("{name}_{:02}.png", place + 1));
            write_png(&draw(options, class, place), &path).map_err(failed("write", &path))?;
        }
    }
    fs::rename(partial, root).map_err(failed("make", root))
}

fn write_png(pixels: &Array3<u8>, path: &Path) -> io::Result<()> {
    let (rows, columns, _) = pixels.dim();
    let values = pixels.iter().copied().collect();
    let picture = RgbImage::from_raw(columns as u32, rows as u32, values).ok_or(io::ErrorKind::InvalidData)?;
    picture.save_with_format(path, ImageFormat::Png).map_err(io::Error::other)
}

/// One picture, `[row, column, color]`.
pub(super) fn draw(options: &SyntheticPictures, class: usize, place: usize) -> Array3<u8> {
    let mut random = generator(options.seed, Purpose::SyntheticPicture, class as u64, place as u64);
    let structure = Structure::draw(class, &mut random);
    // Two colours of rock, drawn for each picture, so that colour alone does not tell the class.
    let hue = random.random_range(-1.0..1.0);
    let dark = [95.0 + 25.0 * hue, 80.0, 70.0 - 15.0 * hue];
    let light = [215.0, 200.0 + 10.0 * hue, 170.0 - 25.0 * hue];
    let roughness = random.random_range(4.0..9.0);
    let side = options.side as f64;
    let mut pixels = Array3::zeros((options.side, options.side, 3));
    for row in 0..options.side {
        for column in 0..options.side {
            let share = structure.lightness((column as f64 + 0.5) / side, (row as f64 + 0.5) / side);
            let grain = roughness * random.random_range(-1.0..1.0);
            for color in 0..3 {
                let value: f64 = dark[color] + share * (light[color] - dark[color]) + grain;
                pixels[[row, column, color]] = (value.clamp(0.0, 255.0) + 0.5) as u8;
            }
        }
    }
    pixels
}

/// The structure of one picture over the unit square; y points down.
enum Structure {
    /// Straight beds of uneven thickness.
    Layers { dip: f64, beds: f64, phase: [f64; 3] },
    /// Beds bent to waves whose axes lean.
    Folds { lean: f64, beds: f64, amplitude: f64, waves: f64, phase: [f64; 3] },
    /// Sets of inclined beds, cut off by the next set.
    Crossbeds { sets: f64, beds: f64, dip: f64, phase: [f64; 3] },
    /// Round grains in a dark ground.
    Grains { grains: Vec<[f64; 4]> },
}

impl Structure {
    fn draw(class: usize, random: &mut impl Rng) -> Self {
        let mut between = |low: f64, high: f64| random.random_range(low..high);
        let phase = [between(0.0, TAU), between(0.0, TAU), between(0.0, TAU)];
        match class {
            0 => {
                let dip = between(0.35, 0.7) * if between(0.0, 1.0) < 0.5 { 1.0 } else { -1.0 };
                Self::Crossbeds { sets: between(2.5, 4.5), beds: between(9.0, 14.0), dip, phase }
            }
            1 => Self::Folds {
                lean: between(-0.5, 0.5),
                beds: between(5.0, 9.0),
                amplitude: between(0.10, 0.22),
                waves: between(1.0, 2.2),
                phase,
            },
            2 => {
                let count = between(25.0, 60.0) as usize;
                let size = between(0.05, 0.09);
                let mut grain = || [between(0.0, 1.0), between(0.0, 1.0), size * between(0.6, 1.3), between(0.5, 1.0)];
                Self::Grains { grains: (0..count).map(|_| grain()).collect() }
            }
            _ => Self::Layers { dip: between(-0.35, 0.35), beds: between(5.0, 10.0), phase },
        }
    }

    /// Dark (0) to light (1).
    fn lightness(&self, x: f64, y: f64) -> f64 {
        match *self {
            Self::Layers { dip, beds, phase } => bedding(y - dip * x, beds, phase),
            Self::Folds { lean, beds, amplitude, waves, phase } => {
                let bend = amplitude * libm::sin(TAU * waves * (x - lean * y) + phase[0]);
                bedding(y - bend, beds, phase)
            }
            Self::Crossbeds { sets, beds, dip, phase } => {
                let depth = sets * y + 0.2 * libm::sin(TAU * x + phase[0]);
                let set = libm::floor(depth);
                // Beds bend down to the base of their set.
                let within = depth - set;
                let along = x + (within - 0.5 * within * within) * dip.signum() / sets + 0.37 * set;
                let beds = bedding(along * dip.abs() + 0.15 * y, beds / dip.abs().max(0.1) * 0.6, phase);
                if within < 0.08 { 0.1 } else { beds }
            }
            Self::Grains { ref grains } => grains.iter().fold(0.12, |light, &[cx, cy, radius, shade]| {
                let distance = libm::sqrt((x - cx).powi(2) + (y - cy).powi(2));
                // A rim round a lighter heart.
                let own = if distance > radius {
                    0.0
                } else {
                    shade * (0.55 + 0.45 * libm::cos(PI / 2.0 * distance / radius))
                };
                light.max(own)
            }),
        }
    }
}

/// Light and dark beds across `depth`, `beds` of them in one unit, of three wave lengths.
fn bedding(depth: f64, beds: f64, [first, second, third]: [f64; 3]) -> f64 {
    let wave = libm::sin(TAU * beds * depth + first)
        + 0.6 * libm::sin(TAU * 0.43 * beds * depth + second)
        + 0.4 * libm::sin(TAU * 1.9 * beds * depth + third);
    (0.5 + 0.3 * wave).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::folder::PictureFolder;
    use super::super::picture::read_picture;
    use super::*;

    #[test]
    fn the_folder_has_the_classes_the_drawn_pixels_and_is_not_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("drawn");
        let options = SyntheticPictures { side: 32, per_class: 3, seed: 1 };
        write_synthetic(&options, &root).unwrap();
        let folder = PictureFolder::scan(&root).unwrap();
        assert_eq!((folder.classes(), folder.counts()), (SYNTHETIC_CLASSES.map(String::from).as_slice(), vec![3; 4]));
        let third = read_picture(&folder.pictures()[4].path).unwrap();
        assert_eq!((third.pixels, third.remarks), (draw(&options, 1, 1), vec![]));
        assert_ne!(draw(&options, 1, 1), draw(&SyntheticPictures { seed: 2, ..options.clone() }, 1, 1));
        assert!(matches!(write_synthetic(&options, &root), Err(PictureFolderError::Exists { .. })));
        for wrong in [SyntheticPictures { side: 0, ..options.clone() }, SyntheticPictures { per_class: 0, ..options }] {
            assert!(matches!(write_synthetic(&wrong, &root), Err(PictureFolderError::Option { .. })));
        }
    }
}
