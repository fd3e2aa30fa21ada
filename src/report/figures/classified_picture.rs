//! A picture beside the probabilities of its classes.

use ndarray::ArrayView3;

use super::Figure;
use super::canvas::{Align, Canvas, Height, INK, PALE, Picture, Rect, TextStyle};
use super::typeface::{fitted, text_width};
use crate::grid::Color;
use crate::report::ReportError;

/// A picture, and how probable its classes are.
#[derive(Clone, Copy, Debug)]
pub struct ClassifiedPictureFigure<'a> {
    /// Name of the picture.
    pub title: &'a str,
    /// `[row, column, color]`.
    pub pixels: ArrayView3<'a, u8>,
    /// Classes with their probabilities, the most probable first.
    pub classes: &'a [(&'a str, f32)],
}

const BAR: Color = Color([0x00, 0x72, 0xB2]);
const UNIT: f32 = 18.0;
const SIDE: f32 = 480.0;
const BARS: f32 = 360.0;

impl Figure for ClassifiedPictureFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (rows, columns, colors) = self.pixels.dim();
        if rows == 0 || columns == 0 || colors != 3 || self.classes.is_empty() {
            return Err(ReportError::Empty { reason: "the picture has no pixels or no classes" });
        }
        let scale = SIDE / rows.max(columns) as f32;
        let [width, height] = [columns, rows].map(|side| ((side as f32 * scale).round() as usize).max(1));
        let style = TextStyle::new(UNIT).height(Height::Middle);
        let longest = self.classes.iter().map(|(name, _)| text_width(name, UNIT)).fold(0.0, f32::max).min(14.0 * UNIT);
        let step = 1.7 * UNIT;
        let top = 4.0 * UNIT;
        let left = UNIT + SIDE + 1.5 * UNIT + longest + 0.6 * UNIT;
        let body = SIDE.min(height as f32).max(step * self.classes.len() as f32);
        let mut canvas = Canvas::new(left + BARS + 5.0 * UNIT, top + body + UNIT)?;
        let title = fitted(self.title, 1.4 * UNIT, left + BARS);
        canvas.text(&title, [UNIT, 2.4 * UNIT], TextStyle::new(1.4 * UNIT).bold());
        let source = |pixel: usize, of: usize, count: usize| (pixel * count / of).min(count - 1);
        let picture = Picture::new(width, height, |x, y| {
            let (row, column) = (source(y, height, rows), source(x, width, columns));
            [0, 1, 2].map(|color| self.pixels[[row, column, color]])
        });
        canvas.picture((UNIT + (SIDE - width as f32) / 2.0) as usize, top as usize, &picture);
        for (place, &(name, probability)) in self.classes.iter().enumerate() {
            let y = top + step * place as f32;
            let middle = y + step / 2.0;
            canvas.text(&fitted(name, UNIT, longest), [left - 0.6 * UNIT, middle], style.align(Align::Right));
            let [full, filled] = [1.0, probability.clamp(0.0, 1.0)].map(|share| Rect {
                x: left,
                y: y + 0.2 * UNIT,
                width: BARS * share,
                height: step - 0.4 * UNIT,
            });
            canvas.fill(filled, BAR);
            canvas.frame(full, 1.0, PALE);
            let number = format!("{:.1} %", probability * 100.0);
            canvas.text(&number, [left + BARS + 0.5 * UNIT, middle], style.color(INK));
        }
        Ok(canvas.into_png()?)
    }
}
