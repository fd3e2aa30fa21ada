//! Where the pixels of a changed image lie on the section.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::dataset::window::{Padding, Window};
use crate::grid::UNLABELLED;

/// An affine grid of pixels, `[sample, trace]`, on a section, `[trace, sample]`.
pub(super) struct Frame {
    /// Trace and sample under the first pixel, in parts of them.
    origin: [f64; 2],
    /// Traces and samples from a pixel to the one under it.
    down: [f64; 2],
    /// Traces and samples from a pixel to the one right of it.
    across: [f64; 2],
    padding: Padding,
}

/// One channel of a section, `[trace, sample]`.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) values: ArrayView2<'a, f32>,
    /// The traces that hold data, where others are to show 0.
    pub(super) live: Option<&'a [bool]>,
}

/// The linear part of a change: how far in traces and samples a step of one trace, and a step of one sample, leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Linear {
    pub(super) trace: [f64; 2],
    pub(super) sample: [f64; 2],
}

impl Linear {
    pub(super) const IDENTITY: Self = Self { trace: [1.0, 0.0], sample: [0.0, 1.0] };

    /// What an image shows whose layers are thicker by the factor `stretch`, then dip by `tilt` more, then are rotated;
    /// both in radians.
    pub(super) fn new(stretch: f64, tilt: f64, rotation: f64) -> Self {
        // Backwards, from a place in the image to its place on the section.
        let (sin, cos) = (libm::sin(rotation), libm::cos(rotation));
        let back = |[x, y]: [f64; 2]| {
            let [x, y] = [cos * x + sin * y, cos * y - sin * x];
            [x, (y - libm::tan(tilt) * x) / stretch]
        };
        Self { trace: back([1.0, 0.0]), sample: back([0.0, 1.0]) }
    }
}

impl Frame {
    /// The pixels of `window` after `linear`; the pixel `pivot` (row and column) stays where it is.
    pub(super) fn new(window: &Window, linear: Linear, pivot: [f64; 2]) -> Self {
        let step = window.trace_step as f64;
        let [row, column] = pivot;
        let fixed = [window.first_trace as f64 + step * column, window.first_sample as f64 + row];
        let down = linear.sample;
        let across = linear.trace.map(|part| step * part);
        let origin = [0, 1].map(|axis| fixed[axis] - row * down[axis] - column * across[axis]);
        Self { origin, down, across, padding: window.padding }
    }

    /// Trace and sample under a pixel.
    fn at(&self, row: usize, column: usize) -> [f64; 2] {
        let (row, column) = (row as f64, column as f64);
        [0, 1].map(|axis| self.origin[axis] + row * self.down[axis] + column * self.across[axis])
    }

    /// Interpolates the values of `source` under the pixels of `image`, times `factor`; 0 beyond the section and on dead
    /// traces.
    pub(super) fn values(&self, source: Source<'_>, mut image: ArrayViewMut2<'_, f32>, factor: f32) {
        let values = source.values;
        let (traces, samples) = values.dim();
        let is_inside = self.is_inside(source, image.dim());
        for (column, mut pixels) in image.columns_mut().into_iter().enumerate() {
            for (row, pixel) in pixels.iter_mut().enumerate() {
                let [trace, sample] = self.at(row, column);
                if !is_inside && !self.sees(source, trace, sample) {
                    *pixel = 0.0;
                    continue;
                }
                let ((trace, along), (sample, below)) = (parts(trace), parts(sample));
                let pair = |first: i64, count: usize| match is_inside {
                    true => [first as usize, first as usize + 1],
                    false => [first, first + 1].map(|position| self.neighbour(position, count)),
                };
                let ([left, right], [upper, lower]) = (pair(trace, traces), pair(sample, samples));
                let mix = |one: f32, other: f32, part: f32| one + part * (other - one);
                let down = |trace: usize| mix(values[[trace, upper]], values[[trace, lower]], below);
                *pixel = factor * mix(down(left), down(right), along);
            }
        }
    }

    /// Copies the class of the voxel nearest to each pixel; [`UNLABELLED`] beyond the section.
    pub(super) fn codes(&self, codes: ArrayView2<'_, u8>, mut image: ArrayViewMut2<'_, u8>) {
        for ((row, column), pixel) in image.indexed_iter_mut() {
            let [trace, sample] = self.at(row, column).map(|position| parts(position + 0.5).0);
            let place = usize::try_from(trace).ok().zip(usize::try_from(sample).ok());
            *pixel = place.and_then(|place| codes.get(place)).copied().unwrap_or(UNLABELLED);
        }
    }

    /// Whether there is data under each pixel of an image of `shape`.
    pub(super) fn seen(&self, source: Source<'_>, shape: (usize, usize)) -> Array2<bool> {
        Array2::from_shape_fn(shape, |(row, column)| {
            let [trace, sample] = self.at(row, column);
            self.sees(source, trace, sample)
        })
    }

    /// Whether all pixels of an image of `shape` lie between voxels that hold data, so that none need be asked.
    fn is_inside(&self, source: Source<'_>, (rows, columns): (usize, usize)) -> bool {
        let (last_row, last_column) = (rows.saturating_sub(1), columns.saturating_sub(1));
        let corners = [(0, 0), (0, last_column), (last_row, 0), (last_row, last_column)];
        let corners = corners.map(|(row, column)| self.at(row, column));
        let (traces, samples) = source.values.dim();
        // The places between the corners are rounded on their own.
        const ROUNDING: f64 = 1e-6;
        let between = |axis: usize, count: usize| {
            corners.iter().all(|corner| corner[axis] >= ROUNDING && corner[axis] + 1.0 + ROUNDING < count as f64)
        };
        let [first, last] =
            [f64::min, f64::max].map(|end| corners.iter().map(|corner| corner[0]).fold(corners[0][0], end));
        between(0, traces)
            && between(1, samples)
            && source.live.is_none_or(|live| live[first as usize..=last as usize + 1].iter().all(|&live| live))
    }

    /// Whether the voxel nearest to a position holds data.
    fn sees(&self, source: Source<'_>, trace: f64, sample: f64) -> bool {
        let (traces, samples) = source.values.dim();
        let [trace, sample] = [trace, sample].map(|position| parts(position + 0.5).0);
        let trace = self.padding.index(trace, traces);
        trace.is_some_and(|trace| source.live.is_none_or(|live| live[trace]))
            && self.padding.index(sample, samples).is_some()
    }

    /// A neighbour to interpolate with. Half a voxel beyond the edge the last value holds, or the edge would fade.
    fn neighbour(&self, position: i64, count: usize) -> usize {
        self.padding.index(position, count).unwrap_or(position.clamp(0, count as i64 - 1) as usize)
    }
}

/// The voxel at or before a position, and how far behind it the position lies.
fn parts(position: f64) -> (i64, f32) {
    let whole = position as i64;
    let whole = whole - i64::from(whole as f64 > position);
    (whole, (position - whole as f64) as f32)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The image of a section whose amplitude at trace t and sample s is t + 100 s, about trace 20 and sample 20.
    fn image(linear: Linear, trace_step: i64) -> Array2<f32> {
        let values = Array2::from_shape_fn((41, 41), |(trace, sample)| trace as f32 + 100.0 * sample as f32);
        let source = Source { values: values.view(), live: None };
        let window = Window { first_trace: 20 - 5 * trace_step, trace_step, first_sample: 15, padding: Padding::Zero };
        let mut image = Array2::zeros((11, 11));
        Frame::new(&window, linear, [5.0, 5.0]).values(source, image.view_mut(), 1.0);
        image
    }

    #[test]
    fn stretch_tilt_and_rotation_are_what_their_names_say() {
        let expect = |linear, trace_step, expected: &dyn Fn(f64, f64) -> [f64; 2]| {
            let image = image(linear, trace_step);
            for ((row, column), &value) in image.indexed_iter() {
                let [trace, sample] = expected(column as f64 - 5.0, row as f64 - 5.0);
                let there = (20.0 + trace) + 100.0 * (20.0 + sample);
                assert!((f64::from(value) - there).abs() < 0.01, "{row} {column}: {value}, not {there}");
            }
        };
        expect(Linear::IDENTITY, 1, &|x, y| [x, y]);
        expect(Linear::IDENTITY, -1, &|x, y| [-x, y]);
        // Layers twice as thick: what lies two samples off is seen one sample off.
        expect(Linear::new(2.0, 0.0, 0.0), 1, &|x, y| [x, y / 2.0]);
        expect(Linear::new(0.8, 0.0, 0.0), 1, &|x, y| [x, y / 0.8]);
        // A flat layer through the centre is seen one sample deeper on every next trace.
        expect(Linear::new(1.0, PI / 4.0, 0.0), 1, &|x, y| [x, y - x]);
        expect(Linear::new(1.0, PI / 4.0, 0.0), -1, &|x, y| [-x, y + x]);
        // The right side of the section turns down.
        expect(Linear::new(1.0, 0.0, PI / 2.0), 1, &|x, y| [y, -x]);
        // Stretched first: seen from a picture that was turned, the thick layers stand upright.
        expect(Linear::new(2.0, 0.0, PI / 2.0), 1, &|x, y| [y, -x / 2.0]);
    }

    #[test]
    fn the_edge_of_the_section_is_as_strong_as_its_inside() {
        let values = Array2::ones((9, 9));
        let live = std::array::from_fn::<_, 9, _>(|trace| trace != 7);
        let source = Source { values: values.view(), live: Some(&live) };
        let window = Window { first_trace: -3, trace_step: 1, first_sample: -3, padding: Padding::Zero };
        let mut image = Array2::from_elem((15, 15), 5.0);
        Frame::new(&window, Linear::new(1.1, 0.2, 0.3), [7.0, 7.0]).values(source, image.view_mut(), 1.0);
        assert!(image.iter().all(|&value| value == 0.0 || (value - 1.0).abs() < 1e-6), "{image}");
        assert!(image[[0, 0]] == 0.0 && image[[7, 7]] == 1.0);
    }
}
