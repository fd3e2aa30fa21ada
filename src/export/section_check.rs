//! What every sink demands of the sections it is given.

use std::io;
use std::path::Path;

use crate::grid::{Plane, Section, UNLABELLED};
use crate::predict::{Outputs, PredictedSection, SinkError};

use super::CubeDescription;

/// Checks sections against the cube they should fill: plane, order, shape and content.
#[derive(Debug)]
pub(super) struct SectionCheck {
    plane: Plane,
    sections: usize,
    /// `[trace, sample]` of one section.
    shape: [usize; 2],
    classes: usize,
    needed: Outputs,
    /// Index that the next section must at least have.
    next_index: usize,
}

impl SectionCheck {
    /// For the output `path` of `cube` that needs these values beside the class with every section.
    ///
    /// # Errors
    /// When the description contradicts itself.
    pub(super) fn new(path: &Path, cube: &CubeDescription, needed: Outputs) -> Result<Self, SinkError> {
        let [inlines, crosslines, _] = cube.geometry.shape();
        if cube.live_traces.mask().dim() != (inlines, crosslines) {
            return Err(invalid(path, "the live traces have another shape than the survey"));
        }
        Ok(Self {
            plane: cube.plane,
            sections: cube.geometry.section_axis(cube.plane).count,
            shape: cube.geometry.section_shape(cube.plane),
            classes: cube.classes.len(),
            needed,
            next_index: 0,
        })
    }

    /// Whether `predicted` may come next.
    ///
    /// # Errors
    /// When it does not fit.
    pub(super) fn fits(&self, predicted: &PredictedSection) -> Result<(), SinkError> {
        let Section { plane, index } = predicted.section;
        let refused = |reason| Err(SinkError::Mismatch { section: predicted.section, reason });
        if plane != self.plane {
            return refused("the output was made for sections of the other plane");
        }
        if index >= self.sections {
            return refused("the survey has no such section");
        }
        if index < self.next_index {
            return refused("sections must arrive once each and in ascending order");
        }
        let [traces, samples] = self.shape;
        if predicted.codes.shape() != self.shape {
            return refused("the class codes have another shape than the survey's sections");
        }
        if predicted.codes.iter().any(|&code| usize::from(code) >= self.classes && code != UNLABELLED) {
            return refused("it holds a code beyond the class table");
        }
        match &predicted.confidence {
            Some(values) if values.shape() != self.shape => return refused("the confidence has another shape"),
            None if self.needed.confidence => return refused("the output needs a confidence"),
            _ => {}
        }
        match &predicted.probability {
            Some(values) if values.shape() != [self.classes, traces, samples] => {
                return refused("the probabilities have another shape");
            }
            None if self.needed.probability => return refused("the output needs probabilities"),
            _ => {}
        }
        if predicted.uncertainty.iter().any(|(_, values)| values.shape() != self.shape) {
            return refused("a value that tells how unsure its classes are has another shape");
        }
        if self.needed.uncertainties().any(|which| predicted.uncertainty(which).is_none()) {
            return refused("the output needs a value that tells how unsure its classes are");
        }
        Ok(())
    }

    /// Remembers that `predicted` is written; one that could not be may be sent again.
    pub(super) fn taken(&mut self, predicted: &PredictedSection) {
        self.next_index = predicted.section.index + 1;
    }
}

/// What the caller handed in cannot make the output `path`.
pub(super) fn invalid(path: &Path, reason: &'static str) -> SinkError {
    SinkError::Io { path: path.to_owned(), source: io::Error::new(io::ErrorKind::InvalidInput, reason) }
}
