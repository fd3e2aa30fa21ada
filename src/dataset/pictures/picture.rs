//! One picture: from the bytes of a file to red, green and blue.

use std::fmt;
use std::fs;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader};
use ndarray::Array3;

use super::error::{PictureFault, UnreadablePicture};
use super::jpeg::{JpegHeader, read_jpeg_header};

/// A picture as it is looked at: upright, in red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `[row, column, color]`, 0 to 255.
    pub pixels: Array3<u8>,
    /// What had to be done to make it so.
    pub remarks: Vec<Remark>,
}

/// Something about a picture that is not red, green and blue of 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// One value for all three colours.
    Grey,
    /// Colours from a table.
    Palette,
    /// Transparent places, which show white.
    Transparent,
    /// 16 bits a colour, of which the upper 8 are used.
    Deep,
    /// Numbers with a fraction, cut to 0 to 1.
    Fraction,
    /// Inks instead of light, converted without a colour profile.
    Cmyk,
    /// Turned or mirrored upright as its EXIF orientation says.
    Turned,
    /// Of another format than its name says.
    Misnamed,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grey => "grey: its value is taken for all three colours",
            Self::Palette => "colours from a palette: looked up",
            Self::Transparent => "transparent: laid on white",
            Self::Deep => "16 bits a colour: rounded to 8",
            Self::Fraction => "floating point: 0 to 1 becomes 0 to 255",
            Self::Cmyk => "CMYK: converted without a colour profile",
            Self::Turned => "turned upright as its EXIF orientation says",
            Self::Misnamed => "of another format than its name says: read as what it is",
        })
    }
}

/// Longest file that is read, in bytes.
pub const MOST_BYTES: u64 = 1 << 30;

/// Most pixels of a picture, as in Pillow: files of a few bytes can claim more than memory holds.
pub const MOST_PIXELS: u64 = 178_956_970;

/// Reads a picture from a file.
///
/// Of animations and files of several pages the first picture is taken.
///
/// # Errors
/// When it is no picture in one of the formats, too large, cut off or damaged.
pub fn read_picture(path: &Path) -> Result<Picture, UnreadablePicture> {
    let picture = read_bytes(path).and_then(|bytes| decode_named(&bytes, path));
    picture.map_err(|fault| UnreadablePicture { path: path.to_owned(), fault })
}

/// Decodes the bytes of the file at `path`, whose name may say another format.
pub(super) fn decode_named(bytes: &[u8], path: &Path) -> Result<Picture, PictureFault> {
    let mut picture = decode_picture(bytes)?;
    let named = ImageFormat::from_path(path).ok();
    if named.is_some_and(|named| image::guess_format(bytes).is_ok_and(|format| format != named)) {
        picture.remarks.push(Remark::Misnamed);
    }
    Ok(picture)
}

/// The bytes of a file that may be a picture.
///
/// # Errors
/// When it is no regular file, is empty or too long, or the system does not let it be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, PictureFault> {
    // A pipe would keep us waiting for ever.
    let metadata = fs::metadata(path).map_err(PictureFault::Io)?;
    if !metadata.is_file() {
        return Err(PictureFault::NotAFile);
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(PictureFault::Io)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(PictureFault::Io)?;
    match bytes.len() as u64 {
        0 => Err(PictureFault::Empty),
        length if length > MOST_BYTES => Err(PictureFault::TooLong { bytes: metadata.len(), most: MOST_BYTES }),
        _ => Ok(bytes),
    }
}

/// Decodes the bytes of a picture.
///
/// # Errors
/// As [`read_picture`].
pub fn decode_picture(bytes: &[u8]) -> Result<Picture, PictureFault> {
    let format = image::guess_format(bytes).map_err(|_| PictureFault::Unrecognised)?;
    let mut remarks = Vec::new();
    if format == ImageFormat::Jpeg {
        // The decoder itself fills what is cut off with grey and says nothing.
        let JpegHeader { components, is_whole } = read_jpeg_header(bytes);
        if !is_whole {
            return Err(PictureFault::Truncated);
        }
        remarks.extend((components == 4).then_some(Remark::Cmyk));
    }
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PictureFault::TooLarge { width, height, most: MOST_PIXELS });
    }
    if width == 0 || height == 0 {
        return Err(PictureFault::Damaged("it has no pixels".to_owned()));
    }
    remarks.extend(kind_remarks(bytes, format, decoder.original_color_type()));
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(fault)?;
    if orientation != Orientation::NoTransforms {
        image.apply_orientation(orientation);
        remarks.push(Remark::Turned);
    }
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (values, is_transparent) = colors(image);
    remarks.extend(is_transparent.then_some(Remark::Transparent));
    remarks.sort_unstable();
    remarks.dedup();
    let pixels =
        Array3::from_shape_vec((height, width, 3), values).map_err(|error| PictureFault::Damaged(error.to_string()))?;
    Ok(Picture { pixels, remarks })
}

/// Red, green and blue, and whether something is transparent.
fn colors(image: DynamicImage) -> (Vec<u8>, bool) {
    if !image.color().has_alpha() {
        return (image.into_rgb8().into_raw(), false);
    }
    let pixels = image.into_rgba8();
    let is_transparent = pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX);
    let on_white = |[red, green, blue, alpha]: [u8; 4]| {
        let alpha = u32::from(alpha);
        [red, green, blue].map(|color| ((u32::from(color) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
    };
    (pixels.pixels().flat_map(|pixel| on_white(pixel.0)).collect(), is_transparent)
}

/// What the file's own kind of colour says.
fn kind_remarks(bytes: &[u8], format: ImageFormat, color: ExtendedColorType) -> Vec<Remark> {
    use ExtendedColorType as Color;
    // Decoders expand palettes. Offsets: PNG specification, IHDR; Microsoft's BITMAPINFOHEADER.
    let has_palette = match format {
        ImageFormat::Gif => true,
        ImageFormat::Png => bytes.get(25) == Some(&3),
        ImageFormat::Bmp => bytes.get(28).is_some_and(|&bits| bits <= 8),
        _ => false,
    };
    let mut remarks = Vec::new();
    remarks.extend(has_palette.then_some(Remark::Palette));
    match color {
        Color::L1 | Color::L2 | Color::L4 | Color::L8 | Color::La8 if !has_palette => remarks.push(Remark::Grey),
        Color::L16 | Color::La16 => remarks.extend([Remark::Grey, Remark::Deep]),
        Color::Rgb16 | Color::Rgba16 => remarks.push(Remark::Deep),
        Color::Rgb32F | Color::Rgba32F => remarks.push(Remark::Fraction),
        Color::Cmyk8 => remarks.push(Remark::Cmyk),
        Color::Cmyk16 => remarks.extend([Remark::Cmyk, Remark::Deep]),
        _ => {}
    }
    remarks
}

/// What a decoder's error means.
fn fault(error: ImageError) -> PictureFault {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(ErrorKind::UnexpectedEof) {
            return PictureFault::Truncated;
        }
        cause = error.source();
    }
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => PictureFault::Truncated,
        ImageError::Unsupported(error) => PictureFault::Unsupported(error.to_string()),
        error => PictureFault::Damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayAlphaImage, GrayImage, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
    use rand::{RngExt, SeedableRng};

    use super::*;

    const FORMATS: [ImageFormat; 6] =
        [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Jpeg];

    fn drawn() -> RgbImage {
        RgbImage::from_fn(24, 18, |x, y| {
            Rgb([(8 * x) as u8, (12 * y) as u8, if (x / 8 + y / 6) % 2 == 0 { 40 } else { 200 }])
        })
    }

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn color(picture: &Picture, row: usize, column: usize) -> [u8; 3] {
        [0, 1, 2].map(|color| picture.pixels[[row, column, color]])
    }

    #[test]
    fn every_format_shows_the_same_pixels() {
        for format in FORMATS {
            let picture = decode_picture(&encoded(drawn(), format)).unwrap();
            assert_eq!(picture.size(), [18, 24]);
            let tolerance = match format {
                ImageFormat::Jpeg => 60,
                // A palette of 256 colours.
                ImageFormat::Gif => 40,
                _ => 0,
            };
            for (x, y, pixel) in drawn().enumerate_pixels() {
                let seen = color(&picture, y as usize, x as usize);
                let worst = (0..3).map(|color| seen[color].abs_diff(pixel.0[color])).max().unwrap();
                assert!(worst <= tolerance, "{format:?} at {x}, {y}: {seen:?}, not {pixel:?}");
            }
            let remarks: &[Remark] = if format == ImageFormat::Gif { &[Remark::Palette] } else { &[] };
            assert_eq!(picture.remarks, remarks, "{format:?}");
        }
    }

    #[test]
    fn other_kinds_of_colour_become_red_green_and_blue_and_are_said() {
        let grey = GrayImage::from_pixel(9, 9, Luma([77]));
        let half = RgbaImage::from_pixel(9, 9, Rgba([0, 100, 200, 51]));
        let opaque = RgbaImage::from_pixel(9, 9, Rgba([0, 100, 200, 255]));
        let grey_half = GrayAlphaImage::from_pixel(9, 9, LumaA([0, 51]));
        let deep = image::ImageBuffer::from_pixel(9, 9, Rgb([257 * 10, 257 * 20 + 100, u16::MAX]));
        let deep_grey = image::ImageBuffer::from_pixel(9, 9, Luma([257u16 * 90]));
        let png = ImageFormat::Png;
        for (bytes, expected, remarks) in [
            (encoded(grey.clone(), png), [77; 3], vec![Remark::Grey]),
            (encoded(grey, ImageFormat::Jpeg), [77; 3], vec![Remark::Grey]),
            (encoded(half, png), [204, 224, 244], vec![Remark::Transparent]),
            (encoded(opaque, png), [0, 100, 200], vec![]),
            (encoded(grey_half, png), [204; 3], vec![Remark::Grey, Remark::Transparent]),
            (encoded(DynamicImage::ImageRgb16(deep), png), [10, 20, 255], vec![Remark::Deep]),
            (encoded(DynamicImage::ImageLuma16(deep_grey), png), [90; 3], vec![Remark::Grey, Remark::Deep]),
            (palette_png(), [1, 2, 3], vec![Remark::Palette]),
        ] {
            let picture = decode_picture(&bytes).unwrap();
            assert_eq!((color(&picture, 4, 4), picture.remarks), (expected, remarks));
        }
        let cmyk = decode_picture(include_bytes!("../../../tests/fixtures/picture_cmyk.jpg")).unwrap();
        let seen = color(&cmyk, 8, 8);
        assert!(seen.iter().zip([200, 90, 30]).all(|(seen, drawn)| seen.abs_diff(drawn) <= 3), "{seen:?}");
        assert_eq!(cmyk.remarks, [Remark::Cmyk]);
        let refused = decode_picture(include_bytes!("../../../tests/fixtures/picture_palette.tif"));
        assert!(matches!(refused, Err(PictureFault::Unsupported(_))), "{refused:?}");
    }

    fn palette_png() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 5, 5);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(vec![9, 9, 9, 1, 2, 3]);
        encoder.write_header().unwrap().write_image_data(&[1; 25]).unwrap();
        bytes
    }

    /// The JPEG with an EXIF segment that holds nothing but the orientation (Exif 2.32, tag 0x0112).
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut segment = b"\xFF\xE1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        segment.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        [&jpeg[..2], &segment, &jpeg[2..]].concat()
    }

    #[test]
    fn photographs_stand_upright() {
        let jpeg = encoded(drawn(), ImageFormat::Jpeg);
        let plain = decode_picture(&jpeg).unwrap();
        let turned = decode_picture(&with_orientation(&jpeg, 6)).unwrap();
        // The camera was turned to the left: the first row is the right edge.
        assert_eq!((turned.size(), turned.remarks.as_slice()), ([24, 18], [Remark::Turned].as_slice()));
        for row in 0..18 {
            for column in 0..24 {
                assert_eq!(color(&turned, column, 17 - row), color(&plain, row, column));
            }
        }
        assert_eq!(decode_picture(&with_orientation(&jpeg, 1)).unwrap(), plain);
    }

    #[test]
    fn what_is_no_whole_picture_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let error = read_picture(&path).unwrap_err();
            assert_eq!(error.path, path);
            error.fault
        };
        assert!(matches!(refused("empty.png", b""), PictureFault::Empty));
        assert!(matches!(refused("text.png", b"not a picture at all"), PictureFault::Unrecognised));
        assert!(matches!(read_bytes(folder.path()), Err(PictureFault::NotAFile)));
        assert!(matches!(read_bytes(&folder.path().join("none.png")), Err(PictureFault::Io(_))));
        #[cfg(unix)]
        assert!(matches!(read_bytes(Path::new("/dev/zero")), Err(PictureFault::NotAFile)));
        for format in FORMATS {
            let bytes = encoded(drawn(), format);
            for part in [0.3, 0.6, 0.9] {
                let cut = &bytes[..(bytes.len() as f64 * part) as usize];
                assert!(decode_picture(cut).is_err(), "{format:?} cut to {part}");
            }
        }
        let thumbnail = encoded(RgbImage::new(4, 4), ImageFormat::Jpeg);
        let jpeg = encoded(drawn(), ImageFormat::Jpeg);
        let length = (thumbnail.len() as u16 + 2).to_be_bytes();
        let with_thumbnail = [&jpeg[..2], &[0xFF, 0xE2], &length, &thumbnail, &jpeg[2..]].concat();
        assert!(decode_picture(&with_thumbnail).is_ok());
        let cut = &with_thumbnail[..with_thumbnail.len() - 30];
        assert!(matches!(decode_picture(cut), Err(PictureFault::Truncated)));
    }

    #[test]
    fn a_few_bytes_that_claim_many_pixels_are_refused_before_memory_is_taken() {
        let mut png = encoded(drawn(), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
        let checksum = crc32fast::hash(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let mut gif = encoded(drawn(), ImageFormat::Gif);
        gif[6..10].fill(0xFF);
        let mut bmp = encoded(drawn(), ImageFormat::Bmp);
        bmp[18..26].copy_from_slice(&[0, 0, 1, 0, 0, 0, 1, 0]);
        for bomb in [png, gif, bmp] {
            let refused = decode_picture(&bomb);
            assert!(matches!(refused, Err(PictureFault::TooLarge { .. } | PictureFault::Damaged(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_very_wide_picture_is_read_and_resized() {
        let wide = RgbImage::from_fn(20_000, 7, |x, _| Rgb([(x / 100) as u8, 0, 9]));
        let picture = decode_picture(&encoded(wide, ImageFormat::Png)).unwrap();
        assert_eq!(picture.size(), [7, 20_000]);
        let small = picture.resized([50, 40], super::super::Fit::Stretch).unwrap();
        assert_eq!([small[[20, 0, 0]], small[[20, 20, 0]], small[[20, 20, 2]]], [2, 102, 9]);
    }

    #[test]
    fn a_wrong_name_is_said_and_does_not_matter() {
        let path = tempfile::tempdir().unwrap().keep().join("picture.jpg");
        fs::write(&path, encoded(drawn(), ImageFormat::Png)).unwrap();
        assert_eq!(read_picture(&path).unwrap().remarks, [Remark::Misnamed]);
    }

    #[test]
    fn damaged_bytes_never_stop_the_program() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for format in FORMATS {
            let whole = encoded(drawn(), format);
            for _ in 0..150 {
                let mut bytes = whole.clone();
                for _ in 0..random.random_range(1..6) {
                    let place = random.random_range(0..bytes.len());
                    bytes[place] = random.random();
                }
                let _ = decode_picture(&bytes);
            }
        }
    }
}
