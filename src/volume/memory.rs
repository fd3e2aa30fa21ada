//! A cube that lies in memory: what tests, synthetic data and embedding programs hand over.

use ndarray::{Array2, Array3, ArrayViewMut2, Axis};

use super::interface::{check_section, check_time_slice};
use super::{Volume, VolumeError};
use crate::grid::{Geometry, Plane, Section};

/// Amplitudes `[inline, crossline, sample]` in memory, with their geometry.
#[derive(Clone, Debug)]
pub struct MemoryVolume {
    geometry: Geometry,
    samples: Array3<f32>,
    missing: Option<Array2<bool>>,
    name: String,
}

impl MemoryVolume {
    /// A cube of `samples`, `[inline, crossline, sample]`, in the frame `geometry`. Every grid position has a trace.
    ///
    /// # Errors
    /// When the shape of `samples` is not that of `geometry`.
    pub fn new(geometry: Geometry, samples: Array3<f32>) -> Result<Self, VolumeError> {
        let expected = geometry.shape();
        let (inlines, crosslines, count) = samples.dim();
        if expected != [inlines, crosslines, count] {
            return Err(VolumeError::CubeShape { expected, actual: [inlines, crosslines, count] });
        }
        Ok(Self { geometry, samples, missing: None, name: "memory".to_owned() })
    }

    /// The same cube without the traces where `missing`, `[inline, crossline]`, is true; their samples become 0.
    ///
    /// # Errors
    /// When the shape of `missing` is not `[inlines, crosslines]`.
    pub fn without_traces(mut self, missing: Array2<bool>) -> Result<Self, VolumeError> {
        let [inlines, crosslines, _] = self.geometry.shape();
        if missing.dim() != (inlines, crosslines) {
            let actual = [missing.nrows(), missing.ncols()];
            return Err(VolumeError::Shape { expected: [inlines, crosslines], actual });
        }
        for (mut trace, _) in self.samples.rows_mut().into_iter().zip(&missing).filter(|(_, missing)| **missing) {
            trace.fill(0.0);
        }
        self.missing = Some(missing);
        Ok(self)
    }

    /// The same cube, called `name` in messages.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The amplitudes, `[inline, crossline, sample]`.
    pub fn samples(&self) -> &Array3<f32> {
        &self.samples
    }
}

impl Volume for MemoryVolume {
    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn has_trace(&self, inline_index: usize, crossline_index: usize) -> bool {
        let cell = [inline_index, crossline_index];
        inline_index < self.geometry.inline.count
            && crossline_index < self.geometry.crossline.count
            && self.missing.as_ref().is_none_or(|missing| !missing[cell])
    }

    fn read_section(&self, section: Section, mut out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        check_section(&self.geometry, section, out.dim())?;
        let axis = match section.plane {
            Plane::Inline => Axis(0),
            Plane::Crossline => Axis(1),
        };
        out.assign(&self.samples.index_axis(axis, section.index));
        Ok(())
    }

    fn read_time_slice(&self, sample: usize, mut out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        check_time_slice(&self.geometry, sample, out.dim())?;
        out.assign(&self.samples.index_axis(Axis(2), sample));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Domain, LineAxis, VerticalAxis};

    fn cube() -> MemoryVolume {
        let geometry = Geometry {
            inline: LineAxis { first: 10, step: 1, count: 2 },
            crossline: LineAxis { first: 5, step: 5, count: 3 },
            vertical: VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 4 },
            xy_from_grid: None,
        };
        MemoryVolume::new(geometry, Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as f32))
            .unwrap()
    }

    #[test]
    fn sections_and_slices_agree_with_the_cube() {
        let cube = cube();
        let mut inline = Array2::zeros((3, 4));
        cube.read_section(Section::inline(1), inline.view_mut()).unwrap();
        assert_eq!(inline[[2, 3]], 123.0);
        let mut crossline = Array2::zeros((2, 4));
        cube.read_section(Section::crossline(2), crossline.view_mut()).unwrap();
        assert_eq!(crossline[[1, 3]], 123.0);
        let mut slice = Array2::zeros((2, 3));
        cube.read_time_slice(3, slice.view_mut()).unwrap();
        assert_eq!(slice[[1, 2]], 123.0);
    }

    #[test]
    fn missing_traces_read_as_zero_and_are_told() {
        let missing = Array2::from_shape_fn((2, 3), |cell| cell == (1, 2));
        let cube = cube().without_traces(missing).unwrap();
        assert!(!cube.has_trace(1, 2) && cube.has_trace(1, 1) && !cube.has_trace(2, 0));
        let mut crossline = Array2::ones((2, 4));
        cube.read_section(Section::crossline(2), crossline.view_mut()).unwrap();
        assert_eq!(crossline.row(1).sum(), 0.0);
        assert_eq!(crossline[[0, 3]], 23.0);
    }

    #[test]
    fn wrong_shapes_and_lines_outside_are_refused() {
        let cube = cube();
        assert!(MemoryVolume::new(cube.geometry.clone(), Array3::zeros((2, 4, 3))).is_err());
        assert!(cube.clone().without_traces(Array2::default((3, 2))).is_err());
        let mut out = Array2::zeros((3, 4));
        let outside = cube.read_section(Section::inline(2), out.view_mut()).unwrap_err();
        assert_eq!(outside.to_string(), "inline index 2 lies outside the cube, which has 2");
        let turned = cube.read_section(Section::crossline(0), out.view_mut()).unwrap_err();
        assert!(matches!(turned, VolumeError::Shape { expected: [2, 4], actual: [3, 4] }));
        assert!(matches!(cube.read_time_slice(4, out.view_mut()), Err(VolumeError::OutOfRange { what: "sample", .. })));
    }
}
