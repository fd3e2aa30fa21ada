//! Flips, rotation, shear, zoom and shift of a picture, in one reading.

use ndarray::{ArrayView3, ArrayViewMut3};

use crate::dataset::Padding;

/// An affine map from the places of an image to those of a picture, about the middles of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    /// Columns and rows of the picture for a step of one column.
    across: [f64; 2],
    /// The same for a step of one row.
    down: [f64; 2],
    /// Shift to the right and down, as shares of the sides of the unflipped picture.
    shift: [f64; 2],
}

impl Geometry {
    /// A picture that is flipped, shifted by shares of its sides, enlarged by the factor `zoom`, sheared along its rows and
    /// rotated clockwise, both in radians.
    pub(super) fn new(flips: [bool; 2], rotation: f64, shear: f64, zoom: f64, shift: [f64; 2]) -> Self {
        let (sin, cos) = (libm::sin(rotation), libm::cos(rotation));
        let [flip_x, flip_y] = flips.map(|flipped| if flipped { -1.0 } else { 1.0 });
        // Backwards, from the image to the picture.
        let back = |[x, y]: [f64; 2]| {
            let [x, y] = [cos * x + sin * y, cos * y - sin * x];
            [flip_x * (x - libm::tan(shear) * y) / zoom, flip_y * y / zoom]
        };
        Self { across: back([1.0, 0.0]), down: back([0.0, 1.0]), shift }
    }

    /// Reads `pixels`, `[row, column, color]`, into `image`, `[color, row, column]` of 0 to 1, of the same size.
    pub(super) fn read(&self, pixels: ArrayView3<'_, u8>, padding: Padding, mut image: ArrayViewMut3<'_, f32>) {
        let (rows, columns, _) = pixels.dim();
        let middle = [columns, rows].map(|side| (side as f64 - 1.0) / 2.0);
        let shift = [self.shift[0] * columns as f64, self.shift[1] * rows as f64];
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (column as f64 - middle[0], row as f64 - middle[1]);
                let [left, top] =
                    [0, 1].map(|axis| middle[axis] + self.across[axis] * x + self.down[axis] * y - shift[axis]);
                let taps = [taps(left, columns, padding), taps(top, rows, padding)];
                for color in 0..3 {
                    image[[color, row, column]] = (mixed(pixels, taps, color) / 255.0).min(1.0);
                }
            }
        }
    }
}

/// Two neighbours of a place along one axis with their weights; `None` is black.
type Taps = [(Option<usize>, f32); 2];

fn taps(position: f64, count: usize, padding: Padding) -> Taps {
    let first = libm::floor(position);
    let part = (position - first) as f32;
    let index = |offset: i64| padding.index(first as i64 + offset, count);
    [(index(0), 1.0 - part), (index(1), part)]
}

fn mixed(pixels: ArrayView3<'_, u8>, [across, down]: [Taps; 2], color: usize) -> f32 {
    let mut sum = 0.0;
    for (row, weight_down) in down {
        for (column, weight_across) in across {
            // A neighbour without weight may lie beyond the edge, and 0 times black is no reason to look.
            if let (Some(row), Some(column)) = (row, column) {
                sum += weight_down * weight_across * f32::from(pixels[[row, column, color]]);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use ndarray::Array3;

    use super::*;

    #[test]
    fn each_map_is_what_its_name_says() {
        // Red is the column, green the row.
        let pixels = Array3::from_shape_fn((41, 41, 3), |(row, column, color)| [column, row, 0][color] as u8);
        let expect = |geometry: Geometry, expected: &dyn Fn(f64, f64) -> [f64; 2]| {
            let mut image = Array3::zeros((3, 41, 41));
            geometry.read(pixels.view(), Padding::Edge, image.view_mut());
            for (row, column) in [(20, 20), (15, 20), (20, 27), (24, 18)] {
                let [x, y] = expected(f64::from(column) - 20.0, f64::from(row) - 20.0).map(|offset| 20.0 + offset);
                let seen = [0, 1].map(|color| f64::from(image[[color, row as usize, column as usize]]) * 255.0);
                assert!((seen[0] - x).abs() < 1e-3 && (seen[1] - y).abs() < 1e-3, "{seen:?}, not {x} {y}");
            }
        };
        let none = [false; 2];
        expect(Geometry::new(none, 0.0, 0.0, 1.0, [0.0; 2]), &|x, y| [x, y]);
        expect(Geometry::new([true, false], 0.0, 0.0, 1.0, [0.0; 2]), &|x, y| [-x, y]);
        expect(Geometry::new([false, true], 0.0, 0.0, 1.0, [0.0; 2]), &|x, y| [x, -y]);
        // Clockwise: what was above is seen at the right.
        expect(Geometry::new(none, PI / 2.0, 0.0, 1.0, [0.0; 2]), &|x, y| [y, -x]);
        expect(Geometry::new(none, 0.0, PI / 4.0, 1.0, [0.0; 2]), &|x, y| [x - y, y]);
        expect(Geometry::new(none, 0.0, 0.0, 2.0, [0.0; 2]), &|x, y| [x / 2.0, y / 2.0]);
        // Moved right by a tenth: what is seen lay further left.
        expect(Geometry::new(none, 0.0, 0.0, 1.0, [0.1, -0.2]), &|x, y| [x - 4.1, y + 8.2]);
    }

    #[test]
    fn beyond_the_edge_lies_what_the_padding_says() {
        let pixels = Array3::from_shape_fn((4, 4, 3), |(_, column, _)| 10 * column as u8 + 10);
        for (padding, expected) in [
            (Padding::Zero, [0.0, 0.0, 10.0, 20.0]),
            (Padding::Edge, [10.0, 10.0, 10.0, 20.0]),
            (Padding::Reflect, [30.0, 20.0, 10.0, 20.0]),
        ] {
            let mut image = Array3::zeros((3, 4, 4));
            Geometry::new([false; 2], 0.0, 0.0, 1.0, [0.5, 0.0]).read(pixels.view(), padding, image.view_mut());
            let row: Vec<_> = image.slice(ndarray::s![0, 2, ..]).iter().map(|value| (value * 255.0).round()).collect();
            assert_eq!(row, expected, "{padding:?}");
        }
    }
}
