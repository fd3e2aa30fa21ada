//! Which traces of a survey carry signal.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::Volume;
use crate::grid::{Plane, Section};

/// The traces of a survey that exist and hold a finite sample other than 0. The others get no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTraces {
    mask: Array2<bool>,
}

impl LiveTraces {
    /// From a mask `[inline, crossline]` that is true where a trace is live.
    pub fn new(mask: Array2<bool>) -> Self {
        Self { mask }
    }

    /// The mask, `[inline, crossline]`.
    pub fn mask(&self) -> ArrayView2<'_, bool> {
        self.mask.view()
    }

    /// Whether the trace at this grid position is live.
    pub fn is_live(&self, inline_index: usize, crossline_index: usize) -> bool {
        self.mask.get([inline_index, crossline_index]).copied().unwrap_or(false)
    }

    /// The traces of `section` in order.
    ///
    /// # Panics
    /// When the section lies outside the survey.
    pub fn of_section(&self, section: Section) -> ArrayView1<'_, bool> {
        match section.plane {
            Plane::Inline => self.mask.row(section.index),
            Plane::Crossline => self.mask.column(section.index),
        }
    }

    /// How many traces are live.
    pub fn count(&self) -> usize {
        self.mask.iter().filter(|live| **live).count()
    }
}

/// Which traces of a section just read are live: `samples` is `[trace, sample]` as [`Volume::read_section`] gave it.
///
/// Saves a pass over the whole cube where sections are read one by one anyway.
pub fn live_in_section(volume: &dyn Volume, section: Section, samples: ArrayView2<'_, f32>) -> Vec<bool> {
    let trace_is_live = |(trace, samples): (usize, ArrayView1<'_, f32>)| {
        let [inline_index, crossline_index] = section.cell(trace);
        volume.has_trace(inline_index, crossline_index) && samples.iter().any(|&sample| carries_signal(sample))
    };
    samples.rows().into_iter().enumerate().map(trace_is_live).collect()
}

/// Whether one sample makes its trace live.
fn carries_signal(sample: f32) -> bool {
    sample != 0.0 && sample.is_finite()
}
