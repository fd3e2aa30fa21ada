//! What to predict, and how.

use super::probability_file::bytes;
use super::{Engine, SectionWindow, sections_in_flight};
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
    /// Whether every voxel is also seen along the other plane and the probabilities of both are averaged.
    pub both_planes: bool,
}

impl PredictOptions {
    /// The most memory that sections of shape `[traces, samples]` in the pipeline take, in bytes; what the network needs beside
    /// it is the engine's.
    pub fn pipeline_bytes(&self, shape: [usize; 2], classes: usize, workers: usize) -> u64 {
        let Outputs { probability, confidence } = self.outputs;
        let floats = |asked: bool, values: usize| if asked { size_of::<f32>() * values } else { 0 };
        let voxel = size_of::<f32>() + 1 + floats(confidence, 1) + floats(probability || self.both_planes, classes);
        (sections_in_flight(workers) * voxel) as u64 * shape[0] as u64 * shape[1] as u64
    }

    /// Size of the file that holds the probabilities along one plane until those along the other join them, in bytes.
    pub fn probability_file_bytes(&self, classes: usize) -> u64 {
        let (Some(first), Some(last), true) = (self.sections.first(), self.sections.last(), self.both_planes) else {
            return 0;
        };
        let [traces, samples] = self.window.shape();
        bytes([traces, last.index + 1 - first.index, classes, samples])
    }
}
