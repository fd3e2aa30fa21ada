//! Two sides of a line, with a boundary for each class.

use ndarray::{Array2, ArrayView2};

use super::split::labelled;
use super::{DatasetError, Subset};
use crate::grid::{LineAxis, Plane};

/// Voxels on lines of lower number train, those of higher number test; each class has a boundary of its own, so that
/// classes that lie to one side of the survey can be on both.
#[derive(Clone, Debug, PartialEq)]
pub struct SideSplit {
    /// Plane of the numbered lines: crosslines divide an inline along its traces.
    pub across: Plane,
    /// Their axis in the survey.
    pub axis: LineAxis,
    /// Number of the first line that no longer trains, for each class in code order.
    pub boundaries: Vec<i32>,
    /// Unused lines from each boundary on.
    pub gap: usize,
    /// Lines before each boundary that validate instead; `gap` lines before them go unused, too.
    pub validation: usize,
}

impl SideSplit {
    pub(super) fn assign(
        &self,
        plane: Plane,
        index: usize,
        codes: ArrayView2<'_, u8>,
    ) -> Result<Array2<Subset>, DatasetError> {
        let mut unknown = None;
        let subsets = labelled(&codes, |[trace, sample]| {
            let line = if plane == self.across { index } else { trace };
            let code = codes[[trace, sample]];
            match self.boundaries.get(usize::from(code)) {
                Some(&boundary) => self.subset(line, boundary),
                None => {
                    unknown = Some(code);
                    Subset::Gap
                }
            }
        });
        match unknown {
            Some(code) => {
                Err(DatasetError::Split { reason: format!("class {code} has no boundary between the sides") })
            }
            None => Ok(subsets),
        }
    }

    /// The subset of the voxels of a class on the line of this index.
    fn subset(&self, line: usize, boundary: i32) -> Subset {
        let LineAxis { first, step, .. } = self.axis;
        let lines = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4).saturating_mul(i64::from(step).abs());
        let number = i64::from(first) + line as i64 * i64::from(step);
        let beyond = number - i64::from(boundary);
        let held_out = if self.validation > 0 { lines(self.validation).saturating_add(lines(self.gap)) } else { 0 };
        if beyond >= lines(self.gap) {
            Subset::Test
        } else if beyond < -held_out {
            Subset::Train
        } else if beyond < 0 && beyond >= -lines(self.validation) {
            Subset::Validation
        } else {
            Subset::Gap
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::UNLABELLED;

    fn split(step: i32) -> SideSplit {
        let first = if step > 0 { 300 } else { 300 - 19 * step };
        let axis = LineAxis { first, step, count: 20 };
        SideSplit { across: Plane::Crossline, axis, boundaries: vec![310, 305], gap: 3, validation: 0 }
    }

    /// One letter a trace of a section of one class.
    fn letters(split: &SideSplit, class: u8) -> String {
        let codes = Array2::from_elem((20, 1), class);
        let subsets = split.assign(Plane::Inline, 0, codes.view()).unwrap();
        subsets.iter().map(|subset| ['T', 'v', 'x', '.'][*subset as usize]).collect()
    }

    #[test]
    fn each_class_has_its_own_boundary_and_the_gap_behind_it() {
        assert_eq!(letters(&split(1), 0), "TTTTTTTTTT...xxxxxxx");
        assert_eq!(letters(&split(1), 1), "TTTTT...xxxxxxxxxxxx");
        // Crosslines 300, 302, ...: a gap of three lines.
        assert_eq!(letters(&split(2), 0), "TTTTT...xxxxxxxxxxxx");
        assert_eq!(letters(&split(-1), 0), "xxxxxxx...TTTTTTTTTT");
    }

    #[test]
    fn a_validation_share_lies_before_the_boundary_behind_a_gap_of_its_own() {
        let split = SideSplit { validation: 4, ..split(1) };
        assert_eq!(letters(&split, 0), "TTT...vvvv...xxxxxxx");
    }

    #[test]
    fn sections_across_belong_to_one_side_and_unlabelled_voxels_to_none() {
        let codes = Array2::from_shape_fn((4, 2), |(trace, _)| if trace == 0 { UNLABELLED } else { 0 });
        for (index, expected) in [(9, Subset::Train), (11, Subset::Gap), (13, Subset::Test)] {
            let subsets = split(1).assign(Plane::Crossline, index, codes.view()).unwrap();
            assert!(subsets.iter().skip(2).all(|&subset| subset == expected), "{index}");
            assert_eq!(subsets[[0, 0]], Subset::Gap);
        }
        let foreign = Array2::from_elem((20, 1), 2u8);
        assert!(matches!(split(1).assign(Plane::Inline, 0, foreign.view()), Err(DatasetError::Split { .. })));
    }
}
