//! What to predict, and how.

use super::probability_file::bytes;
use super::{Engine, PredictError, SectionWindow, Uncertainty, sections_in_flight};
use crate::dataset::Padding;
use crate::grid::{Geometry, Plane, Section};
use crate::network::MonteCarlo;

/// Which values to keep beside the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Probability of every class.
    pub probability: bool,
    /// Probability of the chosen class.
    pub confidence: bool,
    /// Which of [`Uncertainty::ALL`].
    pub uncertainty: [bool; Uncertainty::ALL.len()],
}

impl Outputs {
    /// The same with this value, too.
    pub fn with(mut self, uncertainty: Uncertainty) -> Self {
        self.uncertainty[uncertainty as usize] = true;
        self
    }

    /// The values asked for that tell how unsure a class is, in their order.
    pub fn uncertainties(self) -> impl Iterator<Item = Uncertainty> {
        Uncertainty::ALL.into_iter().filter(move |&uncertainty| self.uncertainty[uncertainty as usize])
    }
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
    /// Passes with dropout whose mean probabilities count; needs predictors that drop.
    pub monte_carlo: Option<MonteCarlo>,
}

impl PredictOptions {
    /// Looks whether passes with dropout can give what is asked for.
    ///
    /// # Errors
    /// When there are none and a value needs them, or they would have to be interpolated or kept for the other plane.
    pub fn check_passes(&self) -> Result<(), PredictError> {
        let needed = self.outputs.uncertainties().any(Uncertainty::needs_passes);
        let reason = match (self.monte_carlo, self.engine) {
            (None, _) if needed => "deviation and mutual information need passes with dropout: `monte_carlo`",
            (Some(MonteCarlo { passes: 0 | 1, .. }), _) => "one pass with dropout tells nothing of their spread",
            (Some(_), Engine::Patch { stride: 2.., .. }) => {
                "passes with dropout are not interpolated: a coarse preview goes without `monte_carlo`"
            }
            (Some(_), _) if needed && self.both_planes => {
                "deviation and mutual information are those of one plane: both planes are averaged before they are kept"
            }
            _ => return Ok(()),
        };
        Err(PredictError::Passes { reason })
    }

    /// The most memory that sections of a survey in the pipeline take, in bytes; what the network needs beside it is the
    /// engine's. The network sees `channels` volumes of `thickness` neighbouring sections each, which sections share.
    pub fn pipeline_bytes(
        &self,
        geometry: &Geometry,
        [channels, thickness]: [usize; 2],
        classes: usize,
        workers: usize,
    ) -> u64 {
        let Some(plane) = self.sections.first().map(|section| section.plane) else { return 0 };
        let voxels = |plane: Plane| geometry.section_shape(plane).iter().map(|&count| count as u64).product::<u64>();
        let both = if self.both_planes { voxels(plane.other()) } else { 0 };
        let Outputs { probability, confidence, .. } = self.outputs;
        let beside = usize::from(confidence) + self.outputs.uncertainties().count();
        let floats = beside + if probability || self.both_planes { classes } else { 0 };
        let voxel_bytes = 1 + floats * size_of::<f32>();
        let in_flight = sections_in_flight(workers);
        let seen = channels * (in_flight + thickness - 1) * size_of::<f32>();
        voxels(plane).max(both) * (in_flight * voxel_bytes + seen) as u64
    }

    /// A window that is as large as that of any section that the network sees, along either plane.
    pub fn largest_window(&self) -> SectionWindow {
        let across = match (self.sections.first(), self.sections.last(), self.both_planes) {
            (Some(first), Some(last), true) => last.index + 1 - first.index,
            _ => 0,
        };
        SectionWindow { traces: 0..self.window.traces.len().max(across), samples: self.window.samples.clone() }
    }

    /// Traces and samples of the sections that the network sees, along either plane; of the larger ones.
    pub fn largest_section(&self, geometry: &Geometry) -> [usize; 2] {
        let Some(plane) = self.sections.first().map(|section| section.plane) else { return [0, 0] };
        let [traces, samples] = geometry.section_shape(plane);
        let across = if self.both_planes { geometry.section_shape(plane.other())[0] } else { 0 };
        [traces.max(across), samples]
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
