//! Windows of a section that may reach over its edges.

use ndarray::{ArrayView2, ArrayViewMut2};

/// What a window sees beyond the edge of the section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// Amplitude 0.
    #[default]
    Zero,
    /// The section mirrored at its first and last voxel, which are not repeated.
    Reflect,
    /// The first or last voxel, repeated.
    Edge,
}

impl Padding {
    /// Index of the voxel seen at `position` of an axis of `count` voxels; `None` stands for amplitude 0.
    pub(super) fn index(self, position: i64, count: usize) -> Option<usize> {
        let last = count as i64 - 1;
        match self {
            _ if (0..=last).contains(&position) => Some(position as usize),
            _ if last < 0 => None,
            Self::Zero => None,
            Self::Edge => Some(position.clamp(0, last) as usize),
            Self::Reflect if last == 0 => Some(0),
            Self::Reflect => {
                let folded = position.rem_euclid(2 * last);
                Some(folded.min(2 * last - folded) as usize)
            }
        }
    }
}

/// A window of a section: its first sample, and the trace of each of its columns.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Trace of the first column.
    pub first_trace: i64,
    /// Step from column to column: 1, or -1 in a mirrored window.
    pub trace_step: i64,
    /// Sample of the first row.
    pub first_sample: i64,
    /// What lies beyond the section.
    pub padding: Padding,
}

impl Window {
    /// Trace under `column`, wherever it lies.
    pub fn trace(&self, column: usize) -> i64 {
        self.first_trace + column as i64 * self.trace_step
    }

    /// Copies the window of `section`, `[trace, sample]`, into `image`, `[sample, trace]`; each value goes through
    /// `change`. Where amplitude 0 is seen, `image` stays as it is.
    pub fn copy<T: Copy>(
        &self,
        section: ArrayView2<'_, T>,
        mut image: ArrayViewMut2<'_, T>,
        mut change: impl FnMut(T) -> T,
    ) {
        let samples: Vec<_> =
            (0..image.nrows() as i64).map(|row| self.padding.index(self.first_sample + row, section.ncols())).collect();
        for (column, mut target) in image.columns_mut().into_iter().enumerate() {
            let Some(trace) = self.padding.index(self.trace(column), section.nrows()) else { continue };
            let source = section.row(trace);
            for (value, sample) in target.iter_mut().zip(&samples) {
                if let Some(sample) = *sample {
                    *value = change(source[sample]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, arr2};

    use super::*;

    #[test]
    fn each_padding_continues_the_axis_in_its_way() {
        for (padding, expected) in [
            (Padding::Zero, [None, None, None, Some(0), Some(1), Some(2), None, None]),
            (Padding::Edge, [0, 0, 0, 0, 1, 2, 2, 2].map(Some)),
            (Padding::Reflect, [1, 2, 1, 0, 1, 2, 1, 0].map(Some)),
        ] {
            assert_eq!([-3, -2, -1, 0, 1, 2, 3, 4].map(|position| padding.index(position, 3)), expected, "{padding:?}");
        }
        assert_eq!(Padding::Reflect.index(5, 1), Some(0));
        assert_eq!(Padding::Edge.index(0, 0), None);
    }

    #[test]
    fn windows_are_transposed_and_may_run_backwards() {
        let section = arr2(&[[0, 1, 2], [10, 11, 12]]);
        let mut image = Array2::from_elem((3, 3), -1);
        let window = Window { first_trace: 0, trace_step: 1, first_sample: 1, padding: Padding::Zero };
        window.copy(section.view(), image.view_mut(), |value| value);
        assert_eq!(image, arr2(&[[1, 11, -1], [2, 12, -1], [-1, -1, -1]]));

        let mut image = Array2::from_elem((1, 3), -1);
        let window = Window { first_trace: 2, trace_step: -1, first_sample: 0, padding: Padding::Edge };
        window.copy(section.view(), image.view_mut(), |value| 2 * value);
        assert_eq!(image, arr2(&[[20, 20, 0]]));
    }
}
