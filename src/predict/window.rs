//! The part of a section to interpret.

use std::ops::Range;

/// Traces and samples by index; half open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionWindow {
    /// Traces to interpret.
    pub traces: Range<usize>,
    /// Samples to interpret.
    pub samples: Range<usize>,
}

impl SectionWindow {
    /// A whole section of shape `[traces, samples]`.
    pub fn whole(shape: [usize; 2]) -> Self {
        Self { traces: 0..shape[0], samples: 0..shape[1] }
    }

    /// `[traces, samples]` of the window.
    pub fn shape(&self) -> [usize; 2] {
        [self.traces.len(), self.samples.len()]
    }

    /// Voxels in the window.
    pub fn voxels(&self) -> u64 {
        self.traces.len() as u64 * self.samples.len() as u64
    }
}
