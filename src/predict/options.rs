//! What to predict, and how.

use super::{Engine, SectionWindow};
use crate::dataset::Padding;
use crate::grid::Section;

/// Which values to keep beside the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Probability of every class.
    pub probability: bool,
    /// Probability of the chosen class.
    pub confidence: bool,
}

/// How a cube is interpreted.
#[derive(Clone, Debug)]
pub struct PredictOptions {
    /// Patch by patch or densely.
    pub engine: Engine,
    /// What windows see beyond the survey's edge; as in training.
    pub padding: Padding,
    /// The sections to interpret: of one plane, ascending.
    pub sections: Vec<Section>,
    /// The part of each section to interpret; the rest is "no class".
    pub window: SectionWindow,
    /// Values beside the class.
    pub outputs: Outputs,
    /// Sections worked on at a time, each on one CPU thread. One is right for a CUDA device.
    pub workers: usize,
}
