//! What the colours of a figure mean.

use super::canvas::{Align, Canvas, Height, INK, Picture, Rect, TextStyle};
use super::typeface::{fitted, text_width};
use crate::grid::{ClassTable, Color};

/// Class names with their colours, and colour bars to the right of them or, where that is too narrow, below.
pub(super) struct Legend {
    unit: f32,
    entries: Vec<(String, Color)>,
    rows: usize,
    /// Where each column of names starts.
    columns: Vec<f32>,
    bars: Vec<ColorBar>,
    bars_in_row: usize,
    bars_at: [f32; 2],
    height: f32,
}

/// A range of numbers as colours.
pub(super) struct ColorBar {
    title: String,
    numbers: Vec<(f32, String)>,
    color: Box<dyn Fn(f32) -> [u8; 3]>,
}

impl ColorBar {
    /// `color` gives the colour at a share of the bar's length, `numbers` what to write at such shares.
    pub(super) fn new(
        title: impl Into<String>,
        numbers: &[(f32, &str)],
        color: impl Fn(f32) -> [u8; 3] + 'static,
    ) -> Self {
        let numbers = numbers.iter().map(|&(share, number)| (share, number.to_owned())).collect();
        Self { title: title.into(), numbers, color: Box::new(color) }
    }
}

// In units of the figure's text size.
const SWATCH: f32 = 1.15;
const ROW: f32 = 1.8;
const COLUMN_GAP: f32 = 1.6;
const BAR_LENGTH: f32 = 10.0;
const BAR_GAP: f32 = 2.5;
const BAR_HEIGHT: f32 = 3.4;
/// From one row of bars to the next.
const BAR_ROW: f32 = 4.6;

impl Legend {
    /// A legend `width` pixels wide, for text of `unit` pixels.
    pub(super) fn new(classes: Option<&ClassTable>, bars: Vec<ColorBar>, unit: f32, width: f32) -> Self {
        let bars_width = unit * (bars.len() as f32 * (BAR_LENGTH + BAR_GAP) - BAR_GAP).max(0.0);
        let beside = bars_width <= if classes.is_none() { width } else { 0.45 * width };
        let names_width = if beside { width - bars_width - 2.0 * BAR_GAP * unit } else { width };
        let names: Vec<_> = classes.map_or(Vec::new(), |classes| classes.iter().collect());
        let beside_text = (SWATCH + 0.5) * unit;
        let room = names_width - beside_text;
        let entries: Vec<_> = names.iter().map(|class| (fitted(&class.name, 1.05 * unit, room), class.color)).collect();
        let widths: Vec<_> =
            entries.iter().map(|(name, _)| beside_text + text_width(name, 1.05 * unit) + COLUMN_GAP * unit).collect();
        let (rows, columns) = columns(&widths, names_width + COLUMN_GAP * unit);
        let names_height = rows as f32 * ROW * unit;
        let bars_in_row = (((width / unit + BAR_GAP) / (BAR_LENGTH + BAR_GAP)) as usize).max(1);
        let bars_height = match bars.len().div_ceil(bars_in_row) {
            0 => 0.0,
            rows => ((rows - 1) as f32 * BAR_ROW + BAR_HEIGHT) * unit,
        };
        let (bars_at, height) = if beside {
            ([width - bars_width, 0.0], names_height.max(bars_height))
        } else {
            let below = if names.is_empty() { 0.0 } else { names_height + 0.8 * unit };
            ([0.0, below], below + bars_height)
        };
        Self { unit, entries, rows, columns, bars, bars_in_row, bars_at, height }
    }

    pub(super) fn height(&self) -> f32 {
        self.height
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, [left, top]: [f32; 2]) {
        let unit = self.unit;
        for (at, (name, color)) in self.entries.iter().enumerate() {
            let x = left + self.columns[at / self.rows];
            let y = top + (at % self.rows) as f32 * ROW * unit;
            let swatch = Rect { x: x.round(), y: y.round(), width: SWATCH * unit, height: SWATCH * unit };
            canvas.fill(swatch, *color);
            canvas.frame(swatch, 1.0, INK);
            let style = TextStyle::new(1.05 * unit).height(Height::Middle);
            canvas.text(name, [x + (SWATCH + 0.5) * unit, y + SWATCH / 2.0 * unit], style);
        }
        for (at, bar) in self.bars.iter().enumerate() {
            let (row, column) = (at / self.bars_in_row, at % self.bars_in_row);
            let x = left + self.bars_at[0] + column as f32 * (BAR_LENGTH + BAR_GAP) * unit;
            let y = top + self.bars_at[1] + row as f32 * BAR_ROW * unit;
            bar.draw(canvas, [x.round(), y.round()], unit);
        }
    }
}

impl ColorBar {
    fn draw(&self, canvas: &mut Canvas, [x, y]: [f32; 2], unit: f32) {
        let middle = TextStyle::new(unit).align(Align::Center).height(Height::Top);
        canvas.text(&self.title, [x + BAR_LENGTH / 2.0 * unit, y], middle);
        let bar = Rect { x, y: (y + 1.1 * unit).round(), width: (BAR_LENGTH * unit).round(), height: unit.round() };
        let width = bar.width as usize;
        let picture = Picture::new(width, bar.height as usize, |x, _| (self.color)(x as f32 / (width - 1) as f32));
        canvas.picture(bar.x as usize, bar.y as usize, &picture);
        canvas.frame(bar, 1.0, INK);
        for (share, number) in &self.numbers {
            let x = bar.x + share * bar.width;
            canvas.line([x, bar.bottom()], [x, bar.bottom() + 0.3 * unit], 1.0, INK);
            canvas.text(number, [x, bar.bottom() + 0.5 * unit], middle);
        }
    }
}

/// Fills entries of these widths into as few rows as fit into `width`, column by column; returns the number of rows and
/// where each column starts.
fn columns(widths: &[f32], width: f32) -> (usize, Vec<f32>) {
    for rows in 1..widths.len() {
        let mut start = 0.0;
        let mut starts = Vec::new();
        for column in widths.chunks(rows) {
            starts.push(start);
            start += column.iter().copied().fold(0.0, f32::max);
        }
        if start <= width {
            return (rows, starts);
        }
    }
    (widths.len(), vec![0.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_as_few_rows_as_fit() {
        assert_eq!(columns(&[10.0, 20.0, 10.0], 40.0), (1, vec![0.0, 10.0, 30.0]));
        assert_eq!(columns(&[10.0, 20.0, 10.0], 39.0), (2, vec![0.0, 20.0]));
        assert_eq!(columns(&[10.0, 90.0, 10.0], 39.0), (3, vec![0.0]));
        assert_eq!(columns(&[], 39.0), (0, vec![0.0]));
    }

    #[test]
    fn a_legend_grows_downwards_where_names_are_long_or_many() {
        let bars = || vec![ColorBar::new("confidence", &[(0.0, "0"), (1.0, "1")], |_| [0; 3])];
        let height = |names: &[String], width: f32| {
            Legend::new(Some(&ClassTable::from_names(names.iter().cloned()).unwrap()), bars(), 20.0, width).height()
        };
        let short: Vec<_> = (0..9).map(|code| format!("class {code}")).collect();
        let long: Vec<_> = (0..9).map(|code| format!("a rather long name of the class with code {code}")).collect();
        assert!(height(&long, 1800.0) > height(&short, 1800.0));
        assert!(height(&short, 400.0) > height(&short, 1800.0));
        assert!(height(&long, 30.0).is_finite());
        let bars = |count: usize| (0..count).map(|_| bars().remove(0)).collect();
        let height = |count, width| Legend::new(None, bars(count), 20.0, width).height();
        let rows = |width| ((height(6, width) / 20.0 - BAR_HEIGHT) / BAR_ROW).round() + 1.0;
        assert_eq!([1500.0, 1400.0, 100.0].map(rows), [1.0, 2.0, 6.0]);
    }
}
