//! Loss and accuracy over the epochs.

use super::Figure;
use super::axis::round_numbers;
use super::canvas::{Align, Canvas, Height, INK, PALE, Rect, TextStyle};
use super::typeface::{fitted, text_width};
use crate::grid::Color;
use crate::report::ReportError;
use crate::train::EpochRecord;

/// Loss and accuracy of the training and validation voxels over the epochs.
#[derive(Clone, Copy, Debug)]
pub struct TrainingCurves<'a> {
    /// `penobscot — training`.
    pub title: &'a str,
    /// The epochs in order.
    pub history: &'a [EpochRecord],
    /// Epoch whose weights the model holds.
    pub best_epoch: Option<u64>,
}

const TRAINING: Color = Color([0x00, 0x72, 0xB2]);
const VALIDATION: Color = Color([0xD5, 0x5E, 0x00]);
const UNIT: f32 = 18.0;
const WIDTH: f32 = 700.0;
const HEIGHT: f32 = 440.0;

/// A training value and a validation value of one epoch.
type Values = (Option<f64>, Option<f64>);

/// One line of a chart: its colour and its points (epoch, value).
type Line = (Color, Vec<[f64; 2]>);

impl Figure for TrainingCurves<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        if self.history.is_empty() {
            return Err(ReportError::Empty { reason: "the training history holds no epoch" });
        }
        let loss = self.lines(|record| (Some(record.train_loss), record.validation_loss));
        let accuracy = self.lines(|record| (Some(record.train_accuracy), record.validation_accuracy));
        let (left, gap, top) = (5.2 * UNIT, 5.6 * UNIT, 5.2 * UNIT);
        let legend_top = top + HEIGHT + 4.4 * UNIT;
        let width = left + 2.0 * WIDTH + gap + 1.6 * UNIT;
        let mut canvas = Canvas::new(width, legend_top + 2.2 * UNIT)?;
        let title = fitted(self.title, 1.5 * UNIT, width - left - UNIT);
        canvas.text(&title, [left, 2.5 * UNIT], TextStyle::new(1.5 * UNIT).bold());
        let place = |x: f32| Rect { x, y: top, width: WIDTH, height: HEIGHT };
        self.chart(&mut canvas, place(left), "(a)  loss (of validation: cross entropy)", &loss, [0.0, f64::INFINITY]);
        self.chart(&mut canvas, place(left + WIDTH + gap), "(b)  accuracy", &accuracy, [0.0, 1.0]);
        self.legend(&mut canvas, [left, legend_top], loss.len() > 1);
        Ok(canvas.into_png()?)
    }
}

impl TrainingCurves<'_> {
    /// The training line, and the validation line if there is one; values that are no number leave gaps.
    fn lines(&self, values: impl Fn(&EpochRecord) -> Values) -> Vec<Line> {
        let points = |pick: fn(Values) -> Option<f64>| {
            let point = |record: &EpochRecord| Some([record.epoch as f64, pick(values(record))?]);
            self.history.iter().filter_map(point).filter(|point| point[1].is_finite()).collect::<Vec<_>>()
        };
        let mut lines = vec![(TRAINING, points(|values| values.0))];
        let validation = points(|values| values.1);
        if !validation.is_empty() {
            lines.push((VALIDATION, validation));
        }
        lines
    }

    fn chart(&self, canvas: &mut Canvas, place: Rect, caption: &str, lines: &[Line], limits: [f64; 2]) {
        let epochs = self.history.iter().map(|record| record.epoch as f64);
        let across = widened(extent(epochs), 0.02, [f64::NEG_INFINITY, f64::INFINITY]);
        let values = lines.iter().flat_map(|(_, points)| points.iter().map(|point| point[1]));
        let up = widened(extent(values), 0.06, limits);
        let share = |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)) as f32;
        let x_of = |epoch: f64| place.x + share(epoch, across) * place.width;
        let y_of = |value: f64| place.bottom() - share(value, up) * place.height;

        canvas.text(caption, [place.x, place.y - 0.6 * UNIT], TextStyle::new(1.15 * UNIT));
        let below = TextStyle::new(UNIT).align(Align::Center).height(Height::Top);
        for (value, number) in round_numbers(up[0], up[1], 7) {
            let y = y_of(value);
            canvas.line([place.x, y], [place.right(), y], 1.0, PALE);
            let style = TextStyle::new(UNIT).align(Align::Right).height(Height::Middle);
            canvas.text(&number, [place.x - 0.5 * UNIT, y], style);
        }
        for (epoch, number) in round_numbers(across[0], across[1], 10).into_iter().filter(|(at, _)| at.fract() == 0.0) {
            let x = x_of(epoch);
            let number = number.split('.').next().unwrap_or(&number);
            canvas.line([x, place.y], [x, place.bottom()], 1.0, PALE);
            canvas.text(number, [x, place.bottom() + 0.6 * UNIT], below);
        }
        let middle = [place.x + place.width / 2.0, place.bottom() + 2.0 * UNIT];
        canvas.text("epoch", middle, TextStyle { size: 1.1 * UNIT, ..below });
        if let Some(best) = self.best_epoch.filter(|best| (across[0]..=across[1]).contains(&(*best as f64))) {
            let x = x_of(best as f64);
            canvas.curve(&[[x, place.bottom()], [x, place.y]], 1.5, INK, true);
        }
        canvas.frame(place, 1.5, INK);
        for (color, points) in lines {
            let points: Vec<_> = points.iter().map(|&[epoch, value]| [x_of(epoch), y_of(value)]).collect();
            canvas.curve(&points, 2.5, *color, false);
            if points.len() <= 60 {
                points.iter().for_each(|&point| canvas.dot(point, 4.0, *color));
            }
        }
    }

    fn legend(&self, canvas: &mut Canvas, [left, top]: [f32; 2], with_validation: bool) {
        let mut entries = vec![("training", TRAINING, false)];
        if with_validation {
            entries.push(("validation", VALIDATION, false));
        }
        if self.best_epoch.is_some() {
            entries.push(("epoch of the model", INK, true));
        }
        let mut x = left;
        for (name, color, dashed) in entries {
            let y = top + 0.5 * UNIT;
            canvas.curve(&[[x, y], [x + 2.4 * UNIT, y]], if dashed { 1.5 } else { 2.5 }, color, dashed);
            let style = TextStyle::new(1.05 * UNIT).height(Height::Middle);
            canvas.text(name, [x + 2.9 * UNIT, y], style);
            x += 2.9 * UNIT + text_width(name, style.size) + 2.0 * UNIT;
        }
    }
}

/// Smallest and largest value; 0 to 1 where there is none.
fn extent(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)]);
    if low <= high { [low, high] } else { [0.0, 1.0] }
}

/// The range with a rim on both sides, but not past `limits`; never empty.
fn widened([low, high]: [f64; 2], rim: f64, [least, most]: [f64; 2]) -> [f64; 2] {
    let rim = if high > low { rim * (high - low) } else { 0.5 * high.abs().max(1e-3) };
    [(low - rim).max(least), (high + rim).min(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_never_empty_and_respect_their_limits() {
        assert_eq!(extent([].into_iter()), [0.0, 1.0]);
        for (range, limits) in
            [([1.0, 1.0], [0.0, 1.0]), ([0.0, 0.0], [0.0, 1.0]), ([5.0, 5.0], [f64::NEG_INFINITY, f64::INFINITY])]
        {
            let [low, high] = widened(range, 0.06, limits);
            assert!(low < high && low >= limits[0] && high <= limits[1], "{range:?}");
        }
    }
}
