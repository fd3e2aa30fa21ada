//! The labelled sections of a survey.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};

use super::{Conflict, LabelError, Placement};
use crate::grid::{Geometry, Plane, Section, UNLABELLED};

/// Most bytes that the labelled sections of one job may take. Every section is held whole, as are its amplitudes later,
/// so that points strewn over a large survey must not open thousands of sections unnoticed.
const LARGEST_BYTES: usize = 2 << 30;

/// A sparse interpretation: some inlines and crosslines of a survey with a class code for some of their voxels.
///
/// A voxel where a labelled inline and a labelled crossline cross carries one class, whichever section it came with.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    geometry: Geometry,
    inlines: BTreeMap<usize, Array2<u8>>,
    crosslines: BTreeMap<usize, Array2<u8>>,
}

impl Labels {
    /// No label yet, on the grid of `geometry`.
    pub fn new(geometry: Geometry) -> Self {
        Self { geometry, inlines: BTreeMap::new(), crosslines: BTreeMap::new() }
    }

    /// The grid that the labels lie on.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The sections of `plane` that were labelled as such, in ascending order.
    pub fn sections(&self, plane: Plane) -> Vec<Section> {
        self.of_plane(plane).keys().map(|&index| Section { plane, index }).collect()
    }

    /// Class codes `[trace, sample]` of a section, [`UNLABELLED`] where nobody said anything.
    ///
    /// Columns known from labelled sections of the other plane are filled in. `None` where nothing at all is known.
    pub fn section(&self, section: Section) -> Option<Array2<u8>> {
        let own = self.of_plane(section.plane).get(&section.index);
        let mut codes =
            own.cloned().unwrap_or_else(|| Array2::from_elem(self.geometry.section_shape(section.plane), UNLABELLED));
        for (&trace, crossing) in self.of_plane(section.plane.other()) {
            for (code, &known) in codes.row_mut(trace).iter_mut().zip(crossing.row(section.index)) {
                if *code == UNLABELLED {
                    *code = known;
                }
            }
        }
        codes.iter().any(|&code| code != UNLABELLED).then_some(codes)
    }

    /// Class of the voxel at grid indices `[inline, crossline, sample]`, if it is labelled.
    pub fn code(&self, [inline, crossline, sample]: [usize; 3]) -> Option<u8> {
        let by_inline = self.inlines.get(&inline).and_then(|codes| codes.get([crossline, sample]));
        let known = |code: &&u8| **code != UNLABELLED;
        let by_crossline = || self.crosslines.get(&crossline).and_then(|codes| codes.get([inline, sample]));
        by_inline.filter(known).or_else(|| by_crossline().filter(known)).copied()
    }

    /// Labelled voxels of each of `class_count` classes; a voxel on two sections counts once.
    pub fn class_counts(&self, class_count: usize) -> Vec<u64> {
        let mut counts = vec![0; class_count];
        // A voxel is stored in one section only, because `place` looks at the crossing one first.
        for &code in self.inlines.values().chain(self.crosslines.values()).flatten() {
            if let Some(count) = counts.get_mut(usize::from(code)) {
                *count += 1;
            }
        }
        counts
    }

    /// Adds the labels of one section, `[trace, sample]` with [`UNLABELLED`] where there is none. What is labelled
    /// already stays.
    ///
    /// # Errors
    /// When the section lies outside the survey, has another shape, or would make the labels too large.
    pub fn add_section(&mut self, section: Section, codes: ArrayView2<'_, u8>) -> Result<Placement, LabelError> {
        let expected = self.geometry.section_shape(section.plane);
        let actual = [codes.nrows(), codes.ncols()];
        if section.index >= self.geometry.section_axis(section.plane).count || actual != expected {
            return Err(LabelError::Shape { section, expected, actual });
        }
        self.open(&[section])?;
        let mut placement = Placement::default();
        for ((trace, sample), &code) in codes.indexed_iter() {
            if code != UNLABELLED {
                self.place(section, trace, sample, code, &mut placement);
            }
        }
        Ok(placement)
    }

    /// Whether `section` was labelled as such.
    pub(super) fn is_open(&self, section: Section) -> bool {
        self.of_plane(section.plane).contains_key(&section.index)
    }

    /// Makes room for the labels of `sections`, which lie on the survey.
    pub(super) fn open(&mut self, sections: &[Section]) -> Result<(), LabelError> {
        let new: Vec<Section> = sections.iter().filter(|section| !self.is_open(**section)).copied().collect();
        let mut lines = [self.inlines.len(), self.crosslines.len()];
        for section in &new {
            lines[usize::from(section.plane == Plane::Crossline)] += 1;
        }
        let [inline_bytes, crossline_bytes] = [Plane::Inline, Plane::Crossline].map(|plane| {
            let [traces, samples] = self.geometry.section_shape(plane);
            traces.saturating_mul(samples)
        });
        let bytes = lines[0].saturating_mul(inline_bytes).saturating_add(lines[1].saturating_mul(crossline_bytes));
        if bytes > LARGEST_BYTES {
            return Err(LabelError::TooManySections { inlines: lines[0], crosslines: lines[1], bytes });
        }
        for section in new {
            let empty = Array2::from_elem(self.geometry.section_shape(section.plane), UNLABELLED);
            self.of_plane_mut(section.plane).insert(section.index, empty);
        }
        Ok(())
    }

    /// Labels one voxel of an opened section, unless it is labelled already.
    pub(super) fn place(&mut self, section: Section, trace: usize, sample: usize, code: u8, placement: &mut Placement) {
        let [inline, crossline] = section.cell(trace);
        match self.code([inline, crossline, sample]) {
            None => {
                if let Some(codes) = self.of_plane_mut(section.plane).get_mut(&section.index) {
                    codes[[trace, sample]] = code;
                    placement.count_used(code);
                }
            }
            Some(kept) if kept == code => placement.duplicates += 1,
            Some(kept) => placement.count_conflict(|| Conflict {
                inline: self.geometry.inline.number(inline),
                crossline: self.geometry.crossline.number(crossline),
                position: self.geometry.vertical.position(sample),
                kept,
                refused: code,
            }),
        }
    }

    fn of_plane(&self, plane: Plane) -> &BTreeMap<usize, Array2<u8>> {
        match plane {
            Plane::Inline => &self.inlines,
            Plane::Crossline => &self.crosslines,
        }
    }

    fn of_plane_mut(&mut self, plane: Plane) -> &mut BTreeMap<usize, Array2<u8>> {
        match plane {
            Plane::Inline => &mut self.inlines,
            Plane::Crossline => &mut self.crosslines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::test_survey::survey;

    #[test]
    fn a_crossing_section_fills_its_column_and_is_counted_once() {
        let mut labels = Labels::new(survey(4, 5, 3));
        labels.add_section(Section::inline(2), Array2::from_elem((5, 3), 0).view()).unwrap();
        let mut painted = Array2::from_elem((4, 3), 1);
        painted[[0, 0]] = UNLABELLED;
        let placement = labels.add_section(Section::crossline(1), painted.view()).unwrap();

        assert_eq!(placement.used_total(), 4 * 3 - 3 - 1);
        assert_eq!(placement.conflicts, 3);
        let conflict = placement.first_conflict.unwrap();
        assert_eq!((conflict.inline, conflict.crossline, conflict.kept, conflict.refused), (102, 301, 0, 1));
        assert_eq!(labels.class_counts(2), [15, 8]);

        let through = labels.section(Section::inline(0)).unwrap();
        assert_eq!(through.row(1).to_vec(), [UNLABELLED, 1, 1]);
        assert!(through.row(0).iter().all(|&code| code == UNLABELLED));
        assert_eq!(labels.section(Section::crossline(1)).unwrap().row(2).to_vec(), [0, 0, 0]);
        assert_eq!(labels.sections(Plane::Inline), [Section::inline(2)]);
        assert_eq!(Labels::new(survey(4, 5, 3)).section(Section::inline(0)), None);
    }

    #[test]
    fn sections_of_another_shape_or_outside_the_survey_are_refused() {
        let mut labels = Labels::new(survey(4, 5, 3));
        let codes = Array2::from_elem((5, 3), 0);
        assert!(matches!(labels.add_section(Section::inline(4), codes.view()), Err(LabelError::Shape { .. })));
        assert!(matches!(labels.add_section(Section::crossline(0), codes.view()), Err(LabelError::Shape { .. })));
    }

    #[test]
    fn points_strewn_over_a_huge_survey_do_not_open_thousands_of_sections() {
        let mut labels = Labels::new(survey(5000, 5000, 2000));
        let sections: Vec<_> = (0..5000).map(Section::inline).collect();
        assert!(matches!(labels.open(&sections), Err(LabelError::TooManySections { inlines: 5000, .. })));
        assert!(labels.sections(Plane::Inline).is_empty());
    }
}
