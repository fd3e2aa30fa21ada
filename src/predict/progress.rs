//! How far and how fast a prediction is.

use super::pipeline::Pace;

/// How far a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictionProgress {
    /// Sections finished; with both planes averaged, those of either plane.
    pub sections: usize,
    /// Sections asked for.
    pub total_sections: usize,
    /// Voxels of the finished sections.
    pub voxels: u64,
    /// Of these, voxels that this run computed; the others come from an earlier, interrupted one.
    pub computed_voxels: u64,
    /// Voxels asked for.
    pub total_voxels: u64,
}

/// How fast a prediction was. What an earlier, interrupted run had computed does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PredictionSummary {
    /// Voxels computed; with both planes averaged, each counts twice.
    pub voxels: u64,
    /// Time it took, in seconds.
    pub seconds: f64,
    /// Share of that time in which devices computed, the mean over devices (on the CPU: over workers). What is missing was
    /// spent on waiting for the next section, or for room behind.
    pub busy_share: f64,
}

impl PredictionSummary {
    /// Voxels computed in a second.
    pub fn voxels_per_second(&self) -> f64 {
        self.voxels as f64 / self.seconds.max(1e-9)
    }

    /// One more pass over the cube, of sections with `voxels` each.
    pub(super) fn add(&mut self, pace: Pace, voxels: u64) {
        let seconds = pace.elapsed.as_secs_f64();
        let busy = self.busy_share * self.seconds + pace.busy_share * seconds;
        self.voxels += pace.sections as u64 * voxels;
        self.seconds += seconds;
        self.busy_share = if self.seconds > 0.0 { busy / self.seconds } else { 0.0 };
    }
}
