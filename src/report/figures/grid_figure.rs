//! Pictures of one grid side by side: amplitude, labels, prediction, confidence, uncertainty.

use ndarray::ArrayView2;

use super::axis::Axis;
use super::canvas::{Align, Canvas, Height, INK, PALE, Picture, Rect, TextStyle};
use super::colormap::{AmplitudeColors, over};
use super::layout::Layout;
use super::legend::{ColorBar, Legend};
use super::resample::{nearest, smooth};
use super::shade::Shade;
use super::typeface::{fitted, text_width};
use crate::grid::{ClassTable, UNLABELLED};
use crate::report::ReportError;

/// How far a class covers the amplitude under it.
const COVER: f32 = 0.55;

/// Amplitudes under a class are drawn weaker, or its colour would be lost between black and white.
const CONTRAST: f32 = 0.7;

/// Amplitude and what was made of it, on one grid. All arrays are `[across, down]`.
pub(super) struct GridFigure<'a> {
    pub(super) title: &'a str,
    pub(super) across: Axis,
    pub(super) down: Axis,
    /// Wanted width of a picture over its height.
    pub(super) aspect: f64,
    pub(super) amplitude: Option<ArrayView2<'a, f32>>,
    pub(super) labels: Option<ArrayView2<'a, u8>>,
    pub(super) prediction: Option<ArrayView2<'a, u8>>,
    /// How sure the prediction is.
    pub(super) shades: &'a [Shade<'a>],
    pub(super) classes: &'a ClassTable,
    pub(super) colors: AmplitudeColors,
}

/// What one picture shows.
enum Content<'a> {
    Amplitude(ArrayView2<'a, f32>),
    Classes(ArrayView2<'a, u8>),
    Shade(Shade<'a>),
}

impl Content<'_> {
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Amplitude(values) => values.dim(),
            Self::Classes(codes) => codes.dim(),
            Self::Shade(shade) => shade.values.dim(),
        }
    }
}

impl<'a> GridFigure<'a> {
    /// The figure as a PNG file.
    pub(super) fn png(&self) -> Result<Vec<u8>, ReportError> {
        self.check()?;
        let contents = self.contents();
        let cells = [self.across.count, self.down.count];
        let layout = Layout::new(contents.len(), cells, self.aspect);
        let sheet = Sheet::new(self, layout);
        let mut canvas = Canvas::new(sheet.width, sheet.height)?;
        let unit = sheet.unit;

        let title = fitted(self.title, 1.5 * unit, sheet.width - 2.0 * sheet.margin);
        let above = sheet.margin + 1.5 * unit;
        canvas.text(&title, [sheet.left, above], TextStyle::new(1.5 * unit).bold());
        for (at, (name, content)) in contents.iter().enumerate() {
            let place = sheet.place(at);
            canvas.picture(place.x as usize, place.y as usize, &self.picture(content, layout));
            let letter = char::from(b'a' + at as u8);
            let caption = if contents.len() > 1 { format!("({letter})  {name}") } else { (*name).to_owned() };
            canvas.text(&caption, [place.x, place.y - 0.55 * unit], TextStyle::new(1.15 * unit));
            canvas.frame(place, 1.5, INK);
            let is_lowest = at + layout.columns >= contents.len();
            sheet.draw_across(&mut canvas, place, &self.across, is_lowest);
            sheet.draw_down(&mut canvas, place, &self.down, at % layout.columns == 0);
        }
        sheet.legend.draw(&mut canvas, [sheet.left, sheet.legend_top]);
        Ok(canvas.into_png()?)
    }

    fn check(&self) -> Result<(), ReportError> {
        let expected = [self.across.count, self.down.count];
        if expected.contains(&0) {
            return Err(ReportError::Empty { reason: "the section has no traces or no samples" });
        }
        let contents = self.contents();
        if contents.is_empty() {
            return Err(ReportError::Empty { reason: "neither amplitude nor classes were given" });
        }
        for (what, content) in contents {
            let (across, down) = content.shape();
            let actual = [across, down];
            if actual != expected {
                return Err(ReportError::Shape { what, expected, actual });
            }
        }
        Ok(())
    }

    fn contents(&self) -> Vec<(&'static str, Content<'a>)> {
        let contents = [
            ("amplitude", self.amplitude.map(Content::Amplitude)),
            ("labels", self.labels.map(Content::Classes)),
            ("prediction", self.prediction.map(Content::Classes)),
        ];
        let shades = self.shades.iter().map(|shade| (shade.name, Content::Shade(*shade)));
        contents.into_iter().filter_map(|(name, content)| Some((name, content?))).chain(shades).collect()
    }

    fn picture(&self, content: &Content<'_>, layout: Layout) -> Picture {
        let (width, height) = (layout.width, layout.height);
        let (columns, rows) = (nearest(self.across.count, width), nearest(self.down.count, height));
        match content {
            Content::Amplitude(amplitude) => {
                let amplitude = smooth(*amplitude, width, height);
                Picture::new(width, height, |x, y| self.colors.color(amplitude[[x, y]]))
            }
            Content::Classes(codes) => {
                let amplitude = self.amplitude.map(|amplitude| smooth(amplitude, width, height));
                Picture::new(width, height, |x, y| {
                    let class = self.classes.get(codes[[columns[x], rows[y]]]);
                    let amplitude = amplitude.as_ref().map(|amplitude| amplitude[[x, y]]);
                    match (class, amplitude) {
                        (Some(class), Some(amplitude)) => {
                            over(class.color.0, AmplitudeColors::Grey.color(CONTRAST * amplitude), COVER)
                        }
                        (Some(class), None) => class.color.0,
                        (None, Some(amplitude)) => AmplitudeColors::Grey.color(amplitude),
                        (None, None) => PALE.0,
                    }
                })
            }
            Content::Shade(shade) => {
                let predicted =
                    |x: usize, y: usize| self.prediction.is_none_or(|codes| codes[[columns[x], rows[y]]] != UNLABELLED);
                // Where nothing was predicted there is nothing to blend with.
                let has_gaps = self.prediction.is_some_and(|codes| codes.iter().any(|&code| code == UNLABELLED));
                let values = (!has_gaps).then(|| smooth(shade.values, width, height));
                let value = |x: usize, y: usize| match &values {
                    Some(values) => values[[x, y]],
                    None => shade.values[[columns[x], rows[y]]],
                };
                Picture::new(width, height, |x, y| if predicted(x, y) { shade.color(value(x, y)) } else { PALE.0 })
            }
        }
    }

    fn legend(&self, unit: f32, width: f32) -> Legend {
        let mut bars = Vec::new();
        if self.amplitude.is_some() {
            let colors = self.colors;
            let numbers = [(0.0, "−1"), (0.5, "0"), (1.0, "1")];
            bars.push(ColorBar::new("scaled amplitude", &numbers, move |share| colors.color(2.0 * share - 1.0)));
        }
        bars.extend(self.shades.iter().map(Shade::bar));
        let shows_classes = self.labels.is_some() || self.prediction.is_some();
        Legend::new(if shows_classes { Some(self.classes) } else { None }, bars, unit, width)
    }
}

/// Where everything stands.
struct Sheet {
    layout: Layout,
    /// Size of the numbers beside the axes, which every other size follows.
    unit: f32,
    margin: f32,
    left: f32,
    top: f32,
    gap_across: f32,
    gap_down: f32,
    legend: Legend,
    legend_top: f32,
    width: f32,
    height: f32,
}

impl Sheet {
    fn new(figure: &GridFigure<'_>, layout: Layout) -> Self {
        let count = |n: usize| n as f32;
        let unit = (count(layout.columns * layout.width) / 88.0).clamp(15.0, 21.0).round();
        let margin = unit;
        let numbers = figure.down.ticks(most_down(layout.height, unit));
        let widest = numbers.iter().map(|tick| text_width(&tick.label, unit)).fold(0.0, f32::max);
        let left = (margin + 1.9 * unit + widest + 0.7 * unit).ceil();
        let top = (margin + 1.5 * unit + 2.9 * unit).ceil();
        let (gap_across, gap_down) = ((2.2 * unit).ceil(), (2.6 * unit).ceil());
        let pictures_width = count(layout.columns * layout.width) + count(layout.columns - 1) * gap_across;
        let pictures_height = count(layout.rows * layout.height) + count(layout.rows - 1) * gap_down;
        let legend = figure.legend(unit, pictures_width);
        let legend_top = top + pictures_height + 4.4 * unit;
        let width = left + pictures_width + margin.max(1.6 * unit);
        let height = legend_top + legend.height() + margin;
        Self { layout, unit, margin, left, top, gap_across, gap_down, legend, legend_top, width, height }
    }

    fn place(&self, at: usize) -> Rect {
        let (column, row) = ((at % self.layout.columns) as f32, (at / self.layout.columns) as f32);
        let (width, height) = (self.layout.width as f32, self.layout.height as f32);
        Rect {
            x: self.left + column * (width + self.gap_across),
            y: self.top + row * (height + self.gap_down),
            width,
            height,
        }
    }

    fn draw_across(&self, canvas: &mut Canvas, place: Rect, axis: &Axis, with_numbers: bool) {
        let unit = self.unit;
        let style = TextStyle::new(unit).align(Align::Center).height(Height::Top);
        for tick in axis.ticks((place.width / (5.0 * unit)) as usize) {
            let x = place.x + tick.place as f32 * place.width;
            canvas.line([x, place.bottom()], [x, place.bottom() + 0.35 * unit], 1.5, INK);
            if with_numbers {
                canvas.text(&tick.label, [x, place.bottom() + 0.65 * unit], style);
            }
        }
        if with_numbers {
            let at = [place.x + place.width / 2.0, place.bottom() + 2.0 * unit];
            canvas.text(&axis.title, at, TextStyle { size: 1.1 * unit, ..style });
        }
    }

    fn draw_down(&self, canvas: &mut Canvas, place: Rect, axis: &Axis, with_numbers: bool) {
        let unit = self.unit;
        let style = TextStyle::new(unit).align(Align::Right).height(Height::Middle);
        for tick in axis.ticks(most_down(self.layout.height, unit)) {
            let y = place.y + tick.place as f32 * place.height;
            canvas.line([place.x - 0.35 * unit, y], [place.x, y], 1.5, INK);
            if with_numbers {
                canvas.text(&tick.label, [place.x - 0.6 * unit, y], style);
            }
        }
        if with_numbers {
            let at = [self.margin, place.y + place.height / 2.0];
            let style = TextStyle::new(1.1 * unit).align(Align::Center).height(Height::Top).turn(-90.0);
            canvas.text(&axis.title, at, style);
        }
    }
}

fn most_down(height: usize, unit: f32) -> usize {
    (height as f32 / (3.0 * unit)) as usize
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::report::figures::colormap::share_color;

    fn axis(count: usize) -> Axis {
        Axis { first: 100.0, last: 100.0 + (count - 1) as f64, count, title: "line".into() }
    }

    fn figure<'a>(amplitude: &'a Array2<f32>, classes: &'a ClassTable) -> GridFigure<'a> {
        let (across, down) = amplitude.dim();
        GridFigure {
            title: "test",
            across: axis(across),
            down: axis(down),
            aspect: 1.0,
            amplitude: Some(amplitude.view()),
            labels: None,
            prediction: None,
            shades: &[],
            classes,
            colors: AmplitudeColors::Grey,
        }
    }

    #[test]
    fn samples_run_down_traces_across_and_classes_keep_their_colour() {
        let classes = ClassTable::from_names(["a", "b"]).unwrap();
        let amplitude = array![[-1.0, 1.0], [1.0, -1.0], [0.0, 0.0]];
        let codes = array![[0, 1], [UNLABELLED, 0], [7, 1]];
        let confidence = array![[0.0, 1.0], [0.5, 0.5], [1.0, 1.0]];
        let shades = [Shade { name: "confidence", most: 1.0, values: confidence.view() }];
        let figure = GridFigure { prediction: Some(codes.view()), shades: &shades, ..figure(&amplitude, &classes) };
        let layout = Layout { columns: 1, rows: 1, width: 3, height: 2 };
        let pixels = |content| figure.picture(&content, layout).pixels;
        let (white, black, grey) = ([255; 3], [0; 3], [128; 3]);
        assert_eq!(pixels(Content::Amplitude(amplitude.view())), [white, black, grey, black, white, grey]);
        let mix = |class: u8, amplitude: f32| {
            over(classes.get(class).unwrap().color.0, AmplitudeColors::Grey.color(CONTRAST * amplitude), COVER)
        };
        let expected = [mix(0, -1.0), black, grey, mix(1, 1.0), mix(0, -1.0), mix(1, 0.0)];
        assert_eq!(pixels(Content::Classes(codes.view())), expected);
        let expected = [0.0, f32::NAN, 1.0, 1.0, 0.5, 1.0].map(|c| if c.is_nan() { PALE.0 } else { share_color(c) });
        assert_eq!(pixels(Content::Shade(shades[0])), expected);
        // Enlarged, no colour of a gap runs into its neighbours.
        let enlarged = Layout { columns: 1, rows: 1, width: 12, height: 8 };
        let own: Vec<_> = confidence.iter().map(|&value| share_color(value)).chain([PALE.0]).collect();
        assert!(figure.picture(&Content::Shade(shades[0]), enlarged).pixels.iter().all(|color| own.contains(color)));
        assert_eq!(Shade { most: 4.0, ..shades[0] }.color(1.0), share_color(0.25));
    }

    #[test]
    fn equal_input_gives_equal_bytes_and_other_input_other_bytes() {
        let classes = ClassTable::from_names(["salt", "a class with a rather long name, and a comma"]).unwrap();
        let amplitude = Array2::from_shape_fn((40, 30), |(x, y)| ((x * 7 + y * 3) % 11) as f32 / 5.0 - 1.0);
        let codes = Array2::from_shape_fn((40, 30), |(x, _)| (x / 20) as u8);
        let figure = GridFigure { prediction: Some(codes.view()), ..figure(&amplitude, &classes) };
        let bytes = figure.png().unwrap();
        assert_eq!(figure.png().unwrap(), bytes);
        assert_ne!(GridFigure { prediction: None, ..figure }.png().unwrap(), bytes);
    }

    #[test]
    fn arrays_of_another_shape_and_empty_sections_are_refused() {
        let classes = ClassTable::from_names(["a"]).unwrap();
        let amplitude = Array2::zeros((4, 3));
        let turned = Array2::zeros((3, 4));
        let wrong = GridFigure { labels: Some(turned.view()), ..figure(&amplitude, &classes) };
        assert!(matches!(wrong.png(), Err(ReportError::Shape { what: "labels", actual: [3, 4], .. })));
        let nothing = GridFigure { amplitude: None, ..figure(&amplitude, &classes) };
        assert!(matches!(nothing.png(), Err(ReportError::Empty { .. })));
        let empty = Array2::zeros((0, 3));
        let empty = GridFigure { amplitude: Some(empty.view()), across: Axis { count: 0, ..axis(1) }, ..nothing };
        assert!(matches!(empty.png(), Err(ReportError::Empty { .. })));
        let single = Array2::zeros((1, 1));
        assert!(figure(&single, &classes).png().is_ok());
    }
}
