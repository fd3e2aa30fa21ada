//! Which class was taken for which, as a table of shades.

use super::Figure;
use super::canvas::{Align, Canvas, Height, INK, PALE, Rect, TextStyle};
use super::colormap::{lightness, shade};
use super::typeface::{fitted, text_width};
use crate::grid::{ClassTable, Color};
use crate::metrics::ConfusionMatrix;
use crate::report::counts::grouped;
use crate::report::{Judged, ReportError};

/// A confusion matrix: a row for each labelled class, shaded by the share of its voxels.
#[derive(Clone, Copy, Debug)]
pub struct ConfusionFigure<'a> {
    /// `penobscot — test voxels`.
    pub title: &'a str,
    /// Names and colours.
    pub classes: &'a ClassTable,
    /// Voxels or pictures by labelled and predicted class.
    pub matrix: &'a ConfusionMatrix,
    /// What is counted.
    pub judged: Judged,
}

/// Longest name in pixels, before it is cut.
const LONGEST_NAME: f32 = 330.0;
/// Cells of this size and more hold numbers.
const READABLE: f32 = 44.0;

impl Figure for ConfusionFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let count = self.classes.len();
        if self.matrix.classes() != count {
            let (expected, actual) = ([count; 2], [self.matrix.classes(); 2]);
            return Err(ReportError::Shape { what: "a confusion matrix", expected, actual });
        }
        if self.matrix.total() == 0 {
            return Err(ReportError::Empty { reason: "nothing was scored" });
        }
        let cell = (900.0 / count as f32).clamp(10.0, 104.0).floor();
        let unit = (cell * 0.8).clamp(8.0, 18.0);
        let names: Vec<_> = self.classes.iter().map(|class| fitted(&class.name, unit, LONGEST_NAME)).collect();
        let longest = names.iter().map(|name| text_width(name, unit)).fold(0.0, f32::max);
        let left = (3.4 * 18.0 + longest + 2.4 * unit).ceil();
        let side = cell * count as f32;
        // Column names hang at 45 degrees, or straight down where the columns are too narrow for that.
        let turn = if cell >= 1.6 * unit { -45.0f32 } else { -90.0 };
        let depth = longest * turn.to_radians().sin().abs() + 2.4 * unit;
        let top = 5.0 * 18.0;
        // The first column's name starts this far to the left of its cell.
        let left = left.max(longest * turn.to_radians().cos() - cell / 2.0 + 3.4 * 18.0);
        let supports: Vec<_> = (0..count).map(|class| grouped(self.matrix.support(class))).collect();
        let heading = self.judged.words();
        let widest = supports.iter().map(String::as_str).chain([heading]).map(|text| text_width(text, unit));
        let right = left + side + 0.8 * unit + widest.fold(0.0, f32::max);
        let width = (right + 18.0).max(left + text_width(self.title, 27.0).min(900.0) + 18.0);
        let mut canvas = Canvas::new(width, top + side + depth + 3.4 * 18.0)?;

        let title = fitted(self.title, 27.0, width - left - 18.0);
        canvas.text(&title, [left, 2.2 * 18.0], TextStyle::new(27.0).bold());
        self.cells(&mut canvas, [left, top], cell, unit);
        canvas.frame(Rect { x: left, y: top, width: side, height: side }, 1.5, INK);
        for (at, (class, name)) in self.classes.iter().zip(&names).enumerate() {
            let middle = (at as f32 + 0.5) * cell;
            let swatch = (0.9 * unit).round();
            let style = TextStyle::new(unit).align(Align::Right).height(Height::Middle);
            let mark = |canvas: &mut Canvas, x: f32, y: f32| {
                let rect = Rect { x: x.round(), y: y.round(), width: swatch, height: swatch };
                canvas.fill(rect, class.color);
                canvas.frame(rect, 1.0, INK);
            };
            mark(&mut canvas, left - 0.6 * unit - swatch, top + middle - swatch / 2.0);
            canvas.text(name, [left - 1.1 * unit - swatch, top + middle], style);
            mark(&mut canvas, left + middle - swatch / 2.0, top + side + 0.6 * unit);
            let hang = [left + middle, top + side + 1.1 * unit + swatch];
            canvas.text(name, hang, style.turn(turn));
            canvas.text(&supports[at], [right, top + middle], style);
        }
        let caption = TextStyle::new(19.0).align(Align::Center).height(Height::Top);
        canvas.text(heading, [right, top - 0.6 * unit], TextStyle::new(unit).align(Align::Right));
        canvas.text("labelled class", [18.0, top + side / 2.0], caption.turn(-90.0));
        canvas.text("predicted class", [left + side / 2.0, top + side + depth + 18.0], caption);
        Ok(canvas.into_png()?)
    }
}

impl ConfusionFigure<'_> {
    fn cells(&self, canvas: &mut Canvas, [left, top]: [f32; 2], cell: f32, unit: f32) {
        let count = self.classes.len();
        for (truth, predicted) in (0..count).flat_map(|row| (0..count).map(move |column| (row, column))) {
            let (voxels, support) = (self.matrix.count(truth, predicted), self.matrix.support(truth));
            let share = if support == 0 { 0.0 } else { voxels as f32 / support as f32 };
            let (x, y) = (left + predicted as f32 * cell, top + truth as f32 * cell);
            let color = shade(share);
            canvas.fill(Rect { x, y, width: cell, height: cell }, Color(color));
            if cell < READABLE {
                continue;
            }
            canvas.frame(Rect { x, y, width: cell, height: cell }, 1.0, PALE);
            if voxels == 0 {
                continue;
            }
            let ink = if lightness(color) > 0.55 { INK } else { Color([0xFF; 3]) };
            let size = (cell / 4.6).min(1.15 * unit);
            let style = TextStyle::new(size).align(Align::Center).height(Height::Middle).color(ink);
            canvas.text(&percent(share), [x + cell / 2.0, y + 0.38 * cell], style);
            let voxels = fitted(&grouped(voxels), 0.72 * size, 0.94 * cell);
            canvas.text(&voxels, [x + cell / 2.0, y + 0.7 * cell], TextStyle { size: 0.72 * size, ..style });
        }
    }
}

fn percent(share: f32) -> String {
    let percent = 100.0 * share;
    if percent < 0.1 { "< 0.1 %".to_owned() } else { format!("{percent:.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_do_not_look_like_none() {
        assert_eq!(percent(0.0004), "< 0.1 %");
        assert_eq!(percent(0.87654), "87.7 %");
    }
}
