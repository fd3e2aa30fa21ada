//! A salt body that rose through the layers.

use libm::{exp, pow, sqrt};

use super::random::{Draws, Field, smooth_step};

/// A dome with a rough surface; its axis wanders across the crosslines from one inline to the next.
pub(super) struct Salt {
    /// Crossline and inline index of the axis.
    center: [f64; 2],
    /// Crosslines per inline by which the axis wanders.
    lean: f64,
    /// Along the crosslines and along the inlines, in traces.
    radius: [f64; 2],
    crest_ms: f64,
    /// Length of the cube.
    depth_ms: f64,
    roughness: Field,
    interior: Field,
}

/// The salt under one trace.
pub(super) struct SaltColumn {
    pub(super) top_ms: f64,
    /// By how much the body dragged up the layers at the foot of the trace.
    pub(super) pull_ms: f64,
    /// Thickness over which impedance rises. Steep flanks image faintly, so there it rises slowly.
    edge_ms: f64,
}

impl Salt {
    pub(super) fn draw(draws: &mut Draws, [inlines, crosslines]: [f64; 2], depth_ms: f64) -> Self {
        Self {
            center: [crosslines * draws.uniform(0.35, 0.65), inlines * draws.uniform(0.35, 0.65)],
            lean: draws.sign() * draws.uniform(0.2, 0.45),
            radius: [crosslines.min(700.0) * draws.uniform(0.19, 0.24), inlines * draws.uniform(0.75, 0.95)],
            crest_ms: depth_ms * draws.uniform(0.50, 0.58),
            depth_ms,
            roughness: draws.field(),
            interior: draws.field(),
        }
    }

    pub(super) fn column(&self, x: f64, y: f64) -> SaltColumn {
        let rough =
            14.0 * self.roughness.at([x / 11.0, y / 14.0, 0.0]) + 8.0 * self.roughness.at([x / 4.0, y / 5.0, 9.5]);
        let slope = (self.smooth_top(x + 0.5, y) - self.smooth_top(x - 0.5, y)).abs();
        SaltColumn {
            top_ms: self.smooth_top(x, y) + rough,
            pull_ms: 0.13 * self.depth_ms * exp(-pow(self.distance(x, y), 2.0) / 1.9),
            edge_ms: 2.0 + 3.5 * slope,
        }
    }

    /// Impedance inside: high and speckled, without layers.
    pub(super) fn impedance(&self, [x, y, time]: [f64; 3], column: &SaltColumn) -> f64 {
        let edge = smooth_step((time - column.top_ms + 1.0) / column.edge_ms);
        0.30 * edge + 0.075 * self.interior.at([x / 1.7, y / 1.7, time / 6.0])
    }

    fn smooth_top(&self, x: f64, y: f64) -> f64 {
        self.crest_ms + (self.depth_ms - self.crest_ms) * pow(self.distance(x, y), 2.6)
    }

    /// Horizontal distance from the axis, in radii.
    fn distance(&self, x: f64, y: f64) -> f64 {
        let across = (x - self.center[0] - self.lean * (y - self.center[1])) / self.radius[0];
        let along = (y - self.center[1]) / self.radius[1];
        sqrt(across * across + along * along)
    }
}
