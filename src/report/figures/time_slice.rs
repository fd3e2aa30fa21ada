//! One time or depth slice seen from above.

use ndarray::{ArrayView2, Axis as ArrayAxis};

use super::Figure;
use super::axis::Axis;
use super::colormap::AmplitudeColors;
use super::grid_figure::GridFigure;
use super::shade::Shade;
use crate::grid::{Affine, ClassTable, Geometry};
use crate::report::ReportError;

/// A map of the classes at one time or depth. Arrays are `[inline, crossline]`; inline numbers grow upwards.
#[derive(Clone, Copy, Debug)]
pub struct TimeSliceFigure<'a> {
    /// `penobscot — 2000 ms`.
    pub title: &'a str,
    /// Axes of the survey, and its shape on the map where that is known.
    pub geometry: &'a Geometry,
    /// Scaled amplitudes, -1 to 1.
    pub amplitude: Option<ArrayView2<'a, f32>>,
    /// Predicted class codes; [`UNLABELLED`](crate::grid::UNLABELLED) where nothing was predicted.
    pub prediction: ArrayView2<'a, u8>,
    /// How sure the prediction is: confidence, entropy and others.
    pub shades: &'a [Shade<'a>],
    /// Names and colours.
    pub classes: &'a ClassTable,
    /// Colours of the amplitude picture; classes always lie over grey.
    pub colors: AmplitudeColors,
}

impl<'a> Figure for TimeSliceFigure<'a> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let Geometry { inline, crossline, xy_from_grid, .. } = self.geometry;
        let [inline_spacing, crossline_spacing] = xy_from_grid.as_ref().map_or([1.0; 2], spacings);
        // The first line is drawn at the top where numbers fall, at the bottom where they grow.
        let upside_down = inline.step > 0;
        let down = Axis::lines(inline, "inline");
        let turned = |shade: &Shade<'a>| Shade { values: seen_from_above(shade.values, upside_down), ..*shade };
        let shades: Vec<_> = self.shades.iter().map(turned).collect();
        let figure = GridFigure {
            title: self.title,
            across: Axis::lines(crossline, "crossline"),
            down: if upside_down { down.reversed() } else { down },
            aspect: crossline.count as f64 * crossline_spacing / (inline.count.max(1) as f64 * inline_spacing),
            amplitude: self.amplitude.map(|amplitude| seen_from_above(amplitude, upside_down)),
            labels: None,
            prediction: Some(seen_from_above(self.prediction, upside_down)),
            shades: &shades,
            classes: self.classes,
            colors: self.colors,
        };
        figure.png()
    }
}

/// `[inline, crossline]` as `[across, down]`.
fn seen_from_above<T>(slice: ArrayView2<'_, T>, upside_down: bool) -> ArrayView2<'_, T> {
    let mut slice = slice;
    if upside_down {
        slice.invert_axis(ArrayAxis(0));
    }
    slice.reversed_axes()
}

/// Distance of neighbouring inlines and crosslines on the map, or ones where it is unusable.
fn spacings(xy_from_grid: &Affine) -> [f64; 2] {
    let spacings = [xy_from_grid.per_inline, xy_from_grid.per_crossline].map(|[x, y]| x.hypot(y));
    if spacings.iter().all(|spacing| spacing.is_finite() && *spacing > 0.0) { spacings } else { [1.0; 2] }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn inline_numbers_grow_upwards_and_crosslines_run_across() {
        let slice = array![[1, 2, 3], [4, 5, 6]];
        assert_eq!(seen_from_above(slice.view(), true), array![[4, 1], [5, 2], [6, 3]]);
        assert_eq!(seen_from_above(slice.view(), false), array![[1, 4], [2, 5], [3, 6]]);
    }
}
