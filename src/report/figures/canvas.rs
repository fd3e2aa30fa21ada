//! A white sheet of pixels to draw lines, text and pictures on.

use tiny_skia::{
    Color as SkiaColor, FillRule, Paint, PathBuilder, Pixmap, Rect as SkiaRect, Stroke, StrokeDash, Transform,
};

use super::typeface::{CAPITAL, text_path, text_width};
use crate::grid::Color;
use crate::report::ReportError;

/// Text and axis lines.
pub(super) const INK: Color = Color([0x1A, 0x1A, 0x1A]);
/// Lines that should stay in the background.
pub(super) const PALE: Color = Color([0xDD, 0xDD, 0xDD]);

/// More pixels than this in one direction are refused.
const MOST_PIXELS: usize = 16_000;

/// A rectangle in pixels; y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Rect {
    pub(super) fn right(self) -> f32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f32 {
        self.y + self.height
    }
}

/// Which end of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// Which height of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Height {
    Baseline,
    Middle,
    Top,
}

/// How a text looks and where it hangs.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStyle {
    pub(super) size: f32,
    pub(super) color: Color,
    pub(super) align: Align,
    pub(super) height: Height,
    /// Degrees, clockwise.
    pub(super) turn: f32,
    /// Width of the pen that goes round the letters, in units of the size; the font itself is light.
    pub(super) weight: f32,
}

impl TextStyle {
    pub(super) fn new(size: f32) -> Self {
        Self { size, color: INK, align: Align::Left, height: Height::Baseline, turn: 0.0, weight: 0.022 }
    }

    pub(super) fn bold(self) -> Self {
        Self { weight: 0.05, ..self }
    }

    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    pub(super) fn height(self, height: Height) -> Self {
        Self { height, ..self }
    }

    pub(super) fn turn(self, turn: f32) -> Self {
        Self { turn, ..self }
    }

    pub(super) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }
}

/// The sheet.
pub(super) struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    /// A white sheet.
    pub(super) fn new(width: f32, height: f32) -> Result<Self, ReportError> {
        let (width, height) = (width.ceil().max(0.0) as usize, height.ceil().max(0.0) as usize);
        let size = || ReportError::Size { width, height };
        if width > MOST_PIXELS || height > MOST_PIXELS {
            return Err(size());
        }
        let mut pixels = Pixmap::new(width as u32, height as u32).ok_or_else(size)?;
        pixels.fill(SkiaColor::WHITE);
        Ok(Self { pixels })
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, rect: Rect, color: Color) {
        if let Some(rect) = SkiaRect::from_xywh(rect.x, rect.y, rect.width, rect.height) {
            self.pixels.fill_rect(rect, &paint(color), Transform::identity(), None);
        }
    }

    /// Draws the border of a rectangle, the pen's centre on its edge.
    pub(super) fn frame(&mut self, rect: Rect, width: f32, color: Color) {
        let (left, right, top, bottom) = (rect.x, rect.right(), rect.y, rect.bottom());
        let half = width / 2.0;
        for (from, to) in [
            ([left - half, top], [right + half, top]),
            ([left - half, bottom], [right + half, bottom]),
            ([left, top], [left, bottom]),
            ([right, top], [right, bottom]),
        ] {
            self.line(from, to, width, color);
        }
    }

    /// Draws a straight line.
    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, color: Color) {
        self.curve(&[from, to], width, color, false);
    }

    /// Draws a line through `points`, in dashes if `dashed`.
    pub(super) fn curve(&mut self, points: &[[f32; 2]], width: f32, color: Color, dashed: bool) {
        let mut builder = PathBuilder::new();
        for (at, &[x, y]) in points.iter().enumerate() {
            if at == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
        }
        let dash = dashed.then(|| StrokeDash::new(vec![4.0 * width, 3.0 * width], 0.0)).flatten();
        let stroke = Stroke { width, dash, line_join: tiny_skia::LineJoin::Round, ..Stroke::default() };
        if let Some(path) = builder.finish() {
            self.pixels.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }

    /// Draws a dot.
    pub(super) fn dot(&mut self, [x, y]: [f32; 2], radius: f32, color: Color) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.pixels.fill_path(&path, &paint(color), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Writes one line of text.
    pub(super) fn text(&mut self, text: &str, [x, y]: [f32; 2], style: TextStyle) {
        let Some(path) = text_path(text, style.size) else { return };
        let back = match style.align {
            Align::Left => 0.0,
            Align::Center => 0.5,
            Align::Right => 1.0,
        };
        let down = match style.height {
            Height::Baseline => 0.0,
            Height::Middle => CAPITAL / 2.0,
            Height::Top => CAPITAL,
        };
        let place = Transform::from_translate(-back * text_width(text, style.size), down * style.size)
            .post_concat(Transform::from_rotate(style.turn))
            .post_concat(Transform::from_translate(x, y));
        let paint = paint(style.color);
        self.pixels.fill_path(&path, &paint, FillRule::Winding, place, None);
        let pen =
            Stroke { width: style.weight * style.size, line_join: tiny_skia::LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(&path, &paint, &pen, place, None);
    }

    /// Sets a block of pixels, its upper left corner at whole pixel (`left`, `top`).
    pub(super) fn picture(&mut self, left: usize, top: usize, picture: &Picture) {
        let sheet_width = self.pixels.width() as usize;
        let bytes = self.pixels.data_mut();
        for (row, pixels) in picture.pixels.chunks_exact(picture.width).enumerate() {
            let start = 4 * ((top + row) * sheet_width + left);
            for (to, &[red, green, blue]) in bytes[start..start + 4 * picture.width].chunks_exact_mut(4).zip(pixels) {
                to.copy_from_slice(&[red, green, blue, 255]);
            }
        }
    }

    /// The sheet as a PNG file.
    pub(super) fn into_png(self) -> Result<Vec<u8>, png::EncodingError> {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let rgb: Vec<u8> =
            self.pixels.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rgb)?;
        writer.finish()?;
        Ok(file)
    }
}

/// A block of pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// The picture whose pixel in column x and row y is `color(x, y)`.
    pub(super) fn new(width: usize, height: usize, color: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| color(x, y)).collect();
        Self { width, pixels }
    }
}

fn paint(color: Color) -> Paint<'static> {
    let [red, green, blue] = color.0;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}
