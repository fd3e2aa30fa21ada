//! A number of each voxel as a colour.

use ndarray::ArrayView2;

use super::colormap::share_color;
use super::legend::ColorBar;

/// Numbers from 0 to `most` over the grid of a figure.
#[derive(Clone, Copy, Debug)]
pub struct Shade<'a> {
    /// `confidence`.
    pub name: &'static str,
    /// Larger numbers have the colour of this one.
    pub most: f32,
    /// On the axes of the figure's other arrays.
    pub values: ArrayView2<'a, f32>,
}

impl Shade<'_> {
    pub(super) fn color(&self, value: f32) -> [u8; 3] {
        share_color(value / self.most)
    }

    pub(super) fn bar(&self) -> ColorBar {
        let numbers = [(0.0, "0".to_owned()), (0.5, format!("{}", self.most / 2.0)), (1.0, format!("{}", self.most))];
        ColorBar::new(self.name, &numbers.each_ref().map(|(share, number)| (*share, number.as_str())), share_color)
    }
}
