//! PNG pictures as palette indices or colours, decoded without changing either.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use png::{BitDepth, ColorType, DecodingError, Transformations};

use super::LabelError;

/// One pixel of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pixel {
    /// Palette index or grey value; `None` in RGB pictures.
    pub(super) index: Option<u8>,
    pub(super) color: [u8; 3],
    /// 0 is transparent, 255 opaque.
    pub(super) alpha: u8,
}

/// A PNG whose header has been read.
pub(super) struct Picture<'a> {
    path: &'a Path,
    decoder: png::Decoder<BufReader<File>>,
    /// Width and height in pixels.
    pub(super) size: [u32; 2],
}

impl<'a> Picture<'a> {
    /// Reads the header.
    pub(super) fn open(path: &'a Path) -> Result<Self, LabelError> {
        let io = |source| LabelError::Io { path: path.to_owned(), source };
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(LabelError::NotAFile { path: path.to_owned() });
        }
        let mut decoder = png::Decoder::new(BufReader::new(File::open(path).map_err(io)?));
        decoder.set_transformations(Transformations::IDENTITY);
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let header = decoder.read_header_info().map_err(|source| png_error(path, source))?;
        let size = [header.width, header.height];
        Ok(Self { path, decoder, size })
    }

    /// Decodes the pixels, row by row from the top. Memory follows `size`: look at that first.
    pub(super) fn pixels(self) -> Result<Vec<Pixel>, LabelError> {
        let path = self.path;
        let fail = |source| png_error(path, source);
        let mut reader = self.decoder.read_info().map_err(fail)?;
        let (color, depth) = reader.output_color_type();
        let layout = Layout::new(color, depth, reader.info())
            .map_err(|found| LabelError::ImageFormat { path: path.to_owned(), found })?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or_else(|| fail(DecodingError::LimitsExceeded))?];
        let frame = reader.next_frame(&mut bytes).map_err(fail)?;
        let [width, height] = self.size.map(|side| side as usize);
        if [frame.width, frame.height] != self.size {
            let found = format!("partial ({} x {} pixels)", frame.width, frame.height);
            return Err(LabelError::ImageFormat { path: path.to_owned(), found });
        }
        let mut pixels = Vec::with_capacity(width * height);
        for row in bytes.chunks_exact(frame.line_size).take(height) {
            for column in 0..width {
                let pixel = layout.pixel(row, column);
                pixels.push(pixel.ok_or_else(|| LabelError::ImageFormat {
                    path: path.to_owned(),
                    found: "damaged indexed".to_owned(),
                })?);
            }
        }
        Ok(pixels)
    }
}

/// How the bytes of a row are pixels.
struct Layout {
    color: ColorType,
    bits: usize,
    palette: Vec<u8>,
    transparency: Vec<u8>,
}

impl Layout {
    fn new(color: ColorType, depth: BitDepth, info: &png::Info<'_>) -> Result<Self, String> {
        if depth == BitDepth::Sixteen {
            return Err("16-bit".to_owned());
        }
        let palette = info.palette.as_deref().unwrap_or_default().to_vec();
        let transparency = info.trns.as_deref().unwrap_or_default().to_vec();
        Ok(Self { color, bits: depth as usize, palette, transparency })
    }

    /// The pixel at `column`; `None` where the palette lacks its index.
    fn pixel(&self, row: &[u8], column: usize) -> Option<Pixel> {
        let (index, color, alpha) = match self.color {
            ColorType::Indexed => {
                let index = self.packed(row, column);
                let start = 3 * usize::from(index);
                let color = self.palette.get(start..start + 3)?;
                (
                    Some(index),
                    [color[0], color[1], color[2]],
                    *self.transparency.get(usize::from(index)).unwrap_or(&255),
                )
            }
            ColorType::Grayscale => {
                let value = self.packed(row, column);
                let grey = (u32::from(value) * 255 / ((1 << self.bits) - 1)) as u8;
                (Some(value), [grey; 3], self.keyed(&[value]))
            }
            ColorType::GrayscaleAlpha => (Some(row[2 * column]), [row[2 * column]; 3], row[2 * column + 1]),
            ColorType::Rgb => {
                let color = [0, 1, 2].map(|k| row[3 * column + k]);
                (None, color, self.keyed(&color))
            }
            ColorType::Rgba => (None, [0, 1, 2].map(|k| row[4 * column + k]), row[4 * column + 3]),
        };
        Some(Pixel { index, color, alpha })
    }

    /// A sample of 1, 2, 4 or 8 bits, packed from the high bits on.
    fn packed(&self, row: &[u8], column: usize) -> u8 {
        let bit = column * self.bits;
        let shift = 8 - self.bits - bit % 8;
        (row[bit / 8] >> shift) & (0xFF >> (8 - self.bits))
    }

    /// Opacity where one grey value or colour stands for transparent. The decoder gives it as one byte a channel.
    fn keyed(&self, samples: &[u8]) -> u8 {
        if self.transparency == samples { 0 } else { 255 }
    }
}

fn png_error(path: &Path, source: DecodingError) -> LabelError {
    match source {
        DecodingError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            LabelError::Io { path: path.to_owned(), source }
        }
        source => LabelError::Png { path: path.to_owned(), source },
    }
}
