//! What augmentation makes of training examples.

use ndarray::{ArrayView2, ArrayView3, Axis};

use super::Figure;
use super::canvas::{Align, Canvas, Height, INK, Picture, Rect, TextStyle};
use super::colormap::{AmplitudeColors, over};
use super::resample::{nearest, smooth};
use super::typeface::fitted;
use crate::grid::ClassTable;
use crate::report::ReportError;

/// Examples as they lie on the section, and under them what the network sees instead. Arrays are
/// `[example, sample, trace]`.
#[derive(Clone, Copy, Debug)]
pub struct AugmentationFigure<'a> {
    /// `f3 — augmentation`.
    pub title: &'a str,
    /// As they are.
    pub before: AugmentationExamples<'a>,
    /// The same, changed.
    pub after: AugmentationExamples<'a>,
    /// Names and colours.
    pub classes: &'a ClassTable,
}

/// Patches or crops.
#[derive(Clone, Copy, Debug)]
pub struct AugmentationExamples<'a> {
    /// Scaled amplitudes.
    pub amplitude: ArrayView3<'a, f32>,
    /// Class codes of the middle of the amplitudes, for crops: the side of a crop's output is smaller than what it sees.
    pub codes: Option<ArrayView3<'a, u8>>,
}

const CELL: usize = 210;
const GAP: f32 = 14.0;
/// How far a class covers the amplitude under it.
const COVER: f32 = 0.4;

impl Figure for AugmentationFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (count, side, _) = self.before.amplitude.dim();
        if count == 0 || side == 0 {
            return Err(ReportError::Empty { reason: "there is no example" });
        }
        if self.after.amplitude.dim() != self.before.amplitude.dim() {
            let [expected, actual] = [self.before, self.after].map(|examples| {
                let (_, samples, traces) = examples.amplitude.dim();
                [samples, traces]
            });
            return Err(ReportError::Shape { what: "changed examples", expected, actual });
        }
        let (left, top, step) = (90.0, 70.0, CELL as f32 + GAP);
        let width = left + count as f32 * step + GAP;
        let mut canvas = Canvas::new(width, top + 2.0 * step + GAP)?;
        canvas.text(&fitted(self.title, 24.0, width - 40.0), [GAP, 42.0], TextStyle::new(24.0).bold());
        for (line, (name, examples)) in [("as it is", self.before), ("changed", self.after)].into_iter().enumerate() {
            let y = top + line as f32 * step;
            let style = TextStyle::new(17.0).align(Align::Center).height(Height::Middle).turn(-90.0);
            canvas.text(name, [left / 2.0, y + CELL as f32 / 2.0], style);
            for (at, amplitude) in examples.amplitude.axis_iter(Axis(0)).enumerate() {
                let codes = examples.codes.map(|codes| codes.index_axis_move(Axis(0), at));
                let x = left + at as f32 * step;
                canvas.picture(x as usize, y as usize, &self.picture(amplitude, codes));
                canvas.frame(Rect { x, y, width: CELL as f32, height: CELL as f32 }, 1.5, INK);
            }
        }
        Ok(canvas.into_png()?)
    }
}

impl AugmentationFigure<'_> {
    fn picture(&self, amplitude: ArrayView2<'_, f32>, codes: Option<ArrayView2<'_, u8>>) -> Picture {
        let pixels = smooth(amplitude.t(), CELL, CELL);
        let place = nearest(amplitude.ncols(), CELL);
        let class_at = |x: usize, y: usize| {
            let codes = codes?;
            let before = (amplitude.ncols() + 1 - codes.ncols()) / 2;
            let [row, column] = [y, x].map(|pixel| place[pixel].checked_sub(before));
            self.classes.get(*codes.get([row?, column?])?)
        };
        Picture::new(CELL, CELL, |x, y| {
            let grey = AmplitudeColors::Grey.color(pixels[[x, y]]);
            class_at(x, y).map_or(grey, |class| over(class.color.0, grey, COVER))
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn both_rows_are_drawn_and_unequal_ones_refused() {
        let classes = ClassTable::from_names(["a", "b"]).unwrap();
        let [before, after] = [0.0, 0.5].map(|value| Array3::from_elem((3, 12, 12), value));
        let codes = Array3::from_elem((3, 6, 6), 1u8);
        let examples = |amplitude, codes| AugmentationExamples { amplitude, codes };
        let png = |before, after| AugmentationFigure { title: "crops", before, after, classes: &classes }.png();
        let plain = png(examples(before.view(), None), examples(before.view(), None)).unwrap();
        let changed = png(examples(before.view(), None), examples(after.view(), None)).unwrap();
        let labelled = png(examples(before.view(), None), examples(before.view(), Some(codes.view()))).unwrap();
        assert!(plain != changed && plain != labelled);
        let fewer = after.slice(ndarray::s![..2, .., ..]);
        assert!(png(examples(before.view(), None), examples(fewer, None)).is_err());
    }
}
