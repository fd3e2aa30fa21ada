//! One section: amplitude, labels, prediction and how sure it is, side by side.

use ndarray::ArrayView2;

use super::Figure;
use super::axis::Axis;
use super::colormap::AmplitudeColors;
use super::grid_figure::GridFigure;
use super::shade::Shade;
use crate::grid::{ClassTable, LineAxis, VerticalAxis};
use crate::report::ReportError;

/// A section with everything that is known of it. Arrays are `[trace, sample]`; the vertical axis points down.
#[derive(Clone, Copy, Debug)]
pub struct SectionFigure<'a> {
    /// `penobscot — inline 1092`.
    pub title: &'a str,
    /// Numbers of the lines that the traces lie on.
    pub trace_axis: &'a LineAxis,
    /// `crossline` for an inline, `inline` for a crossline.
    pub trace_title: &'a str,
    /// Two-way time or depth.
    pub vertical: &'a VerticalAxis,
    /// Scaled amplitudes, -1 to 1.
    pub amplitude: ArrayView2<'a, f32>,
    /// Class codes of the interpretation; [`UNLABELLED`](crate::grid::UNLABELLED) where there is none.
    pub labels: Option<ArrayView2<'a, u8>>,
    /// Predicted class codes; [`UNLABELLED`](crate::grid::UNLABELLED) on dead traces.
    pub prediction: Option<ArrayView2<'a, u8>>,
    /// How sure the prediction is: confidence, entropy and others.
    pub shades: &'a [Shade<'a>],
    /// Names and colours.
    pub classes: &'a ClassTable,
    /// Colours of the amplitude picture; classes always lie over grey.
    pub colors: AmplitudeColors,
}

impl Figure for SectionFigure<'_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let figure = GridFigure {
            title: self.title,
            across: Axis::lines(self.trace_axis, self.trace_title),
            down: Axis::vertical(self.vertical),
            aspect: self.trace_axis.count as f64 / self.vertical.count.max(1) as f64,
            amplitude: Some(self.amplitude),
            labels: self.labels,
            prediction: self.prediction,
            shades: self.shades,
            classes: self.classes,
            colors: self.colors,
        };
        figure.png()
    }
}
