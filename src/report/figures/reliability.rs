//! How far a network can be believed: accuracy against confidence.

use super::Figure;
use super::axis::round_numbers;
use super::canvas::{Align, Canvas, Height, INK, PALE, Rect, TextStyle};
use super::typeface::fitted;
use crate::grid::Color;
use crate::metrics::{ReliabilityBin, Scores};
use crate::report::ReportError;

/// A reliability diagram (Guo et al. 2017): bars of accuracy over confidence, which lie on the diagonal where probabilities
/// mean what they say, and below them how many voxels have that confidence.
#[derive(Clone, Copy, Debug)]
pub struct ReliabilityFigure<'a> {
    /// `penobscot — test voxels`.
    pub title: &'a str,
    /// Scores with their reliability bins.
    pub scores: &'a Scores,
}

const RIGHT: Color = Color([0x00, 0x72, 0xB2]);
const GAP: Color = Color([0xF2, 0xB5, 0x8C]);
const COUNTS: Color = Color([0x8A, 0x97, 0xA3]);
const UNIT: f32 = 18.0;
const SIDE: f32 = 560.0;
const COUNTS_HEIGHT: f32 = 130.0;

impl Figure for ReliabilityFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let bins = &self.scores.reliability;
        if bins.is_empty() {
            return Err(ReportError::Empty { reason: "no voxel was scored with its probabilities" });
        }
        let (left, top) = (5.4 * UNIT, 5.2 * UNIT);
        let accuracy = Rect { x: left, y: top, width: SIDE, height: SIDE };
        let counts = Rect { x: left, y: accuracy.bottom() + 1.6 * UNIT, width: SIDE, height: COUNTS_HEIGHT };
        let width = left + SIDE + 1.6 * UNIT;
        let mut canvas = Canvas::new(width, counts.bottom() + 4.4 * UNIT)?;
        let title = fitted(self.title, 1.5 * UNIT, width - left - UNIT);
        canvas.text(&title, [left, 2.3 * UNIT], TextStyle::new(1.5 * UNIT).bold());
        canvas.text(&self.caption(), [left, 4.2 * UNIT], TextStyle::new(UNIT));

        grid(&mut canvas, accuracy);
        for bin in bins {
            bar(&mut canvas, accuracy, bin, bin.accuracy.max(bin.confidence), GAP);
            bar(&mut canvas, accuracy, bin, bin.accuracy, RIGHT);
        }
        canvas.curve(&[[left, accuracy.bottom()], [accuracy.right(), top]], 1.5, INK, true);
        canvas.frame(accuracy, 1.5, INK);

        let total: u64 = bins.iter().map(|bin| bin.support).sum();
        let most = bins.iter().map(|bin| bin.support).max().unwrap_or(1);
        for bin in bins {
            bar(&mut canvas, counts, bin, bin.support as f64 / most as f64, COUNTS);
        }
        canvas.frame(counts, 1.5, INK);
        let most = format!("{:.0} %", 100.0 * most as f64 / total as f64);
        let beside = TextStyle::new(UNIT).align(Align::Right).height(Height::Middle);
        canvas.text(&most, [left - 0.5 * UNIT, counts.y + 0.4 * UNIT], beside);
        canvas.text("0", [left - 0.5 * UNIT, counts.bottom()], beside);
        let below = TextStyle::new(UNIT).align(Align::Center).height(Height::Top);
        for (value, number) in round_numbers(0.0, 1.0, 6) {
            canvas.text(&number, [left + value as f32 * SIDE, counts.bottom() + 0.5 * UNIT], below);
        }
        let axis = TextStyle::new(1.1 * UNIT).align(Align::Center).height(Height::Top);
        let middle = |place: Rect| place.y + place.height / 2.0;
        canvas.text("accuracy", [0.6 * UNIT, middle(accuracy)], axis.turn(-90.0));
        canvas.text("voxels", [0.6 * UNIT, middle(counts)], axis.turn(-90.0));
        canvas.text("confidence", [left + SIDE / 2.0, counts.bottom() + 2.0 * UNIT], axis);
        Ok(canvas.into_png()?)
    }
}

impl ReliabilityFigure<'_> {
    fn caption(&self) -> String {
        let percent = |error: Option<f64>| error.map_or("–".to_owned(), |error| format!("{:.1} %", 100.0 * error));
        let now = percent(self.scores.calibration_error);
        match &self.scores.uncalibrated {
            None => format!("expected calibration error {now}"),
            Some(before) => format!("expected calibration error {now}, before {}", percent(before.calibration_error)),
        }
    }
}

fn grid(canvas: &mut Canvas, place: Rect) {
    let style = TextStyle::new(UNIT).align(Align::Right).height(Height::Middle);
    for (value, number) in round_numbers(0.0, 1.0, 6) {
        let (x, y) = (place.x + value as f32 * place.width, place.bottom() - value as f32 * place.height);
        canvas.line([place.x, y], [place.right(), y], 1.0, PALE);
        canvas.line([x, place.y], [x, place.bottom()], 1.0, PALE);
        canvas.text(&number, [place.x - 0.5 * UNIT, y], style);
    }
}

fn bar(canvas: &mut Canvas, place: Rect, bin: &ReliabilityBin, share: f64, color: Color) {
    let (from, to) = (place.x + bin.from as f32 * place.width, place.x + bin.to as f32 * place.width);
    let height = share as f32 * place.height;
    let rect = Rect { x: from + 1.0, y: place.bottom() - height, width: to - from - 2.0, height };
    canvas.fill(rect, color);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::ClassTable;
    use crate::metrics::{ConfusionMatrix, ScoreSums};

    #[test]
    fn what_is_believed_too_much_is_seen_in_the_picture() {
        let classes = ClassTable::from_names(["a", "b"]).unwrap();
        let drawn = |right: usize| {
            let mut sums = ScoreSums::new(2);
            (0..10).for_each(|k| sums.add(u8::from(k >= right), &[0.9, 0.1]));
            let scores = sums.scores(&classes).unwrap();
            let png = ReliabilityFigure { title: "t", scores: &scores }.png().unwrap();
            let picture = image::load_from_memory(&png).unwrap().into_rgb8();
            picture.pixels().filter(|pixel| pixel.0 == GAP.0).count()
        };
        let one_column = SIDE as usize / 15;
        assert!(drawn(9) < one_column, "accuracy and confidence agree");
        assert!(drawn(5) > 100 * one_column);
        let codes_only = ConfusionMatrix::new(2);
        assert!(codes_only.scores(&classes).is_none());
    }
}
