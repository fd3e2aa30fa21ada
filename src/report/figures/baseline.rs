//! Scores of shallow classifiers side by side.

use super::Figure;
use super::canvas::{Align, Canvas, Height, INK, PALE, Rect, TextStyle};
use super::typeface::{fitted, text_width};
use crate::analysis::BaselineRow;
use crate::grid::Color;
use crate::report::ReportError;

/// Balanced accuracy of every classifier on each set of rows held out.
#[derive(Clone, Copy, Debug)]
pub struct BaselineFigure<'a> {
    /// `f3-inline-339 — shallow classifiers`.
    pub title: &'a str,
    /// Names of the sets, as the rows have them.
    pub sets: &'a [&'a str],
    /// One a classifier.
    pub rows: &'a [BaselineRow],
}

const COLORS: [Color; 2] = [Color([0xD5, 0x5E, 0x00]), Color([0x00, 0x72, 0xB2])];
const UNIT: f32 = 18.0;
const BARS: f32 = 640.0;
const BAR: f32 = 1.0 * UNIT;

impl Figure for BaselineFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        if self.rows.is_empty() {
            return Err(ReportError::Empty { reason: "no classifier was fitted" });
        }
        let style = TextStyle::new(UNIT);
        let names: Vec<_> = self.rows.iter().map(|row| row.classifier.name().replace('_', " ")).collect();
        let longest = names.iter().map(|name| text_width(name, style.size)).fold(0.0, f32::max);
        let (left, top) = (longest + 2.0 * UNIT, 5.2 * UNIT);
        let of_row = BAR * self.sets.len() as f32 + 0.8 * UNIT;
        let bottom = top + of_row * self.rows.len() as f32;
        let mut canvas = Canvas::new(left + BARS + 9.0 * UNIT, bottom + 4.6 * UNIT)?;
        let title = fitted(self.title, 1.5 * UNIT, left + BARS + 6.0 * UNIT);
        canvas.text(&title, [UNIT, 2.5 * UNIT], TextStyle::new(1.5 * UNIT).bold());
        canvas.text("balanced accuracy", [left, top - 0.8 * UNIT], style);
        canvas.text("seconds", [left + BARS + 8.0 * UNIT, top - 0.8 * UNIT], style.align(Align::Right));
        for step in 0..=5 {
            let x = left + BARS * step as f32 / 5.0;
            canvas.line([x, top], [x, bottom], 1.0, PALE);
            let below = style.align(Align::Center).height(Height::Top);
            canvas.text(&format!("{:.1}", f64::from(step) / 5.0), [x, bottom + 0.5 * UNIT], below);
        }
        let middle = style.height(Height::Middle);
        for (place, (row, name)) in self.rows.iter().zip(&names).enumerate() {
            let y = top + of_row * place as f32 + 0.4 * UNIT;
            let centre = y + BAR * self.sets.len() as f32 / 2.0;
            canvas.text(name, [left - 0.6 * UNIT, centre], middle.align(Align::Right));
            for (set, scores) in row.scores.iter().enumerate() {
                let Some(scores) = scores else { continue };
                let value = scores.balanced_accuracy as f32;
                let bar = Rect { x: left, y: y + BAR * set as f32, width: BARS * value, height: BAR - 2.0 };
                canvas.fill(bar, COLORS[set % COLORS.len()]);
                let number = [bar.right() + 0.4 * UNIT, bar.y + BAR / 2.0];
                canvas.text(&format!("{value:.3}"), number, TextStyle { size: 0.9 * UNIT, ..middle });
            }
            let seconds = format!("{:.1}", row.time.as_secs_f64());
            canvas.text(&seconds, [left + BARS + 8.0 * UNIT, centre], middle.align(Align::Right));
        }
        canvas.line([left, top], [left, bottom], 1.5, INK);
        let mut x = left;
        for (set, name) in self.sets.iter().enumerate() {
            let y = bottom + 3.0 * UNIT;
            canvas.fill(Rect { x, y: y - 0.5 * UNIT, width: 1.6 * UNIT, height: UNIT }, COLORS[set % COLORS.len()]);
            canvas.text(&name.replace('_', "-"), [x + 2.1 * UNIT, y], middle);
            x += 4.0 * UNIT + text_width(name, style.size);
        }
        Ok(canvas.into_png()?)
    }
}
