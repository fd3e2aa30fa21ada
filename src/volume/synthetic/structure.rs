//! How the layers lie: dip, folds, faults and the pull of rising salt.

use std::f64::consts::TAU;

use libm::{cos, sin, sqrt};

use super::random::{Draws, smooth_step};

/// Leads from a point of the present earth to the time at which its layer lay when all layers were flat.
pub(super) struct Structure {
    /// Regional dip in ms per trace, along the crosslines and along the inlines.
    dip: [f64; 2],
    folds: [Fold; 3],
    faults: Vec<Fault>,
    /// Length of the cube; deformation grows with depth.
    depth_ms: f64,
    extent: [f64; 2],
}

struct Fold {
    amplitude_ms: f64,
    /// Radians per trace, along the crosslines and along the inlines.
    wave_number: [f64; 2],
    phase: f64,
}

/// A normal fault on a plane surface.
struct Fault {
    /// Crossline index at inline index 0 and time 0.
    origin: f64,
    /// Crosslines per inline: the strike.
    strike: f64,
    /// Crosslines per ms: the dip. Its sign says to which side the fault dips.
    slope: f64,
    throw_ms: f64,
    /// Where along the inlines the throw is largest.
    phase: f64,
}

/// The deformation of one trace.
pub(super) struct StructureColumn {
    x: f64,
    depth_ms: f64,
    /// Dip and folds together, in ms.
    warp_ms: f64,
    pull_ms: f64,
    /// Crossline index at time 0, crosslines per ms, throw in ms.
    faults: Vec<[f64; 3]>,
}

impl Structure {
    pub(super) fn draw(draws: &mut Draws, extent: [f64; 2], depth_ms: f64) -> Self {
        let [inlines, crosslines] = extent;
        // Over long lines the dip is gentle enough that no layer leaves the cube altogether.
        let dip = [
            draws.sign() * draws.uniform(0.10, 0.30).min(0.3 * depth_ms / crosslines),
            draws.sign() * draws.uniform(0.35, 0.75).min(0.3 * depth_ms / inlines),
        ];
        let folds = [1.0, 0.6, 0.35].map(|share| {
            let wave = TAU / (draws.uniform(110.0, 170.0) * sqrt(share));
            let azimuth = draws.uniform(-0.9, 0.9);
            Fold {
                amplitude_ms: share * draws.uniform(18.0, 26.0),
                wave_number: [wave * cos(azimuth), wave * sin(azimuth)],
                phase: draws.uniform(0.0, TAU),
            }
        });
        let count = 2 + (crosslines / 150.0) as usize;
        let fault = |n: usize| {
            let slope = draws.sign() * draws.uniform(0.02, 0.035);
            let strike = draws.sign() * draws.uniform(0.15, 0.5);
            let place = (n as f64 + draws.uniform(0.3, 0.7)) / count as f64 * crosslines;
            Fault {
                origin: place - strike * inlines / 2.0 - slope * depth_ms / 2.0,
                strike,
                slope,
                throw_ms: draws.uniform(22.0, 40.0),
                phase: draws.uniform(0.0, TAU),
            }
        };
        let faults = (0..count).map(fault).collect();
        Self { dip, folds, faults, depth_ms, extent }
    }

    /// Dip and folds at the middle of the cube, in ms.
    pub(super) fn middle_warp_ms(&self) -> f64 {
        self.warp_ms(self.extent[1] / 2.0, self.extent[0] / 2.0)
    }

    /// The flat times that can occur in the cube lie between these two.
    pub(super) fn flat_range_ms(&self) -> [f64; 2] {
        let [inlines, crosslines] = self.extent;
        let dips = [self.dip[0] * crosslines, self.dip[1] * inlines];
        let folds: f64 = self.folds.iter().map(|fold| fold.amplitude_ms).sum();
        let throws: f64 = self.faults.iter().map(|fault| fault.throw_ms).sum();
        let up: f64 = dips.iter().map(|dip| dip.max(0.0)).sum();
        let down: f64 = dips.iter().map(|dip| dip.min(0.0)).sum();
        // The last summand is the largest pull of the salt, a seventh of the depth at most.
        [-up - folds - throws, self.depth_ms - down + folds + self.depth_ms / 7.0]
    }

    /// The deformation of trace (`x`, `y`), dragged up by `pull_ms` at its foot.
    pub(super) fn column(&self, x: f64, y: f64, pull_ms: f64) -> StructureColumn {
        let fault = |fault: &Fault| {
            let swell = 0.75 + 0.25 * cos(0.06 * y + fault.phase);
            [fault.origin + fault.strike * y, fault.slope, fault.throw_ms * swell]
        };
        StructureColumn {
            x,
            depth_ms: self.depth_ms,
            warp_ms: self.warp_ms(x, y),
            pull_ms,
            faults: self.faults.iter().map(fault).collect(),
        }
    }

    fn warp_ms(&self, x: f64, y: f64) -> f64 {
        let fold =
            |fold: &Fold| fold.amplitude_ms * sin(fold.wave_number[0] * x + fold.wave_number[1] * y + fold.phase);
        self.dip[0] * x + self.dip[1] * y + self.folds.iter().map(fold).sum::<f64>()
    }
}

impl StructureColumn {
    /// Flat time of the layer that lies at `time` now.
    pub(super) fn flat_time(&self, time: f64) -> f64 {
        let growth = smooth_step(0.15 + 0.85 * time / self.depth_ms);
        let throw = |&[origin, slope, throw_ms]: &[f64; 3]| {
            let hanging_wall = (self.x - origin - slope * time) * slope > 0.0;
            if hanging_wall { throw_ms * (0.35 + 0.65 * growth) } else { 0.0 }
        };
        let thrown: f64 = self.faults.iter().map(throw).sum();
        time - self.warp_ms * (0.6 + 0.4 * growth) - thrown + self.pull_ms * growth
    }
}
