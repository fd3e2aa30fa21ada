//! The layered facies: what the rock between two sequence boundaries looks like.

use libm::log;

use super::Facies;
use super::beds::Beds;
use super::random::{Draws, Field};

/// One depositional package of a layered facies.
pub(super) struct Package {
    pub(super) facies: Facies,
    /// Flat time of its top, relief left out.
    top_ms: f64,
    relief: Field,
    beds: Beds,
    style: Style,
    /// Lateral change of brightness; contortion in chaotic packages.
    variation: Field,
}

/// How beds are arranged.
enum Style {
    /// Parallel to the top; `background` is added to the impedance of every bed.
    Parallel { background: f64 },
    /// Building out in this direction (crossline and inline share).
    Prograding { outward: [f64; 2] },
    /// Folded and broken.
    Contorted,
}

impl Package {
    /// A package of `facies`, which must be a layered one, in a cube of `extent` (inlines, crosslines).
    pub(super) fn draw(draws: &mut Draws, facies: Facies, top_ms: f64, extent: [f64; 2]) -> Self {
        // Coordinates of the beds: ms below the top, or crosslines for those that build out sideways.
        let (style, span, thickness, contrast) = match facies {
            Facies::HighAmplitude => (Style::Parallel { background: 0.04 }, [-60.0, 240.0], [15.0, 19.0], 0.13),
            Facies::Clinoforms => {
                let reach = extent[1] + extent[0] + 60.0;
                let outward = [draws.sign(), draws.uniform(-0.35, 0.35)];
                (Style::Prograding { outward }, [-reach, reach], [8.0, 10.5], 0.105)
            }
            Facies::Chaotic => (Style::Contorted, [-160.0, 340.0], [13.0, 22.0], 0.10),
            Facies::LowAmplitude | Facies::Channel | Facies::Salt => {
                (Style::Parallel { background: 0.0 }, [-60.0, 240.0], [7.0, 11.0], 0.035)
            }
        };
        Self {
            facies,
            top_ms,
            relief: draws.field(),
            beds: Beds::draw(draws, span, thickness, contrast),
            style,
            variation: draws.field(),
        }
    }

    /// Flat time of the top in trace (`x`, `y`).
    pub(super) fn top_ms(&self, x: f64, y: f64) -> f64 {
        let relief_ms = if self.facies == Facies::Chaotic { 16.0 } else { 11.0 };
        self.top_ms + relief_ms * self.relief.at([x / 38.0, y / 30.0, 0.0])
    }

    /// Impedance in trace (`x`, `y`), `below` ms under the top of the package, which is `thickness_ms` thick there.
    pub(super) fn impedance(&self, x: f64, y: f64, below: f64, thickness_ms: f64) -> f64 {
        let variation = |across: f64, shift: f64, down: f64| {
            self.variation.at([x / across + shift, y / across + shift, below / down])
        };
        let brightness = 1.0 + 0.3 * variation(30.0, 0.0, 60.0);
        match self.style {
            Style::Parallel { background } => background + brightness * self.beds.at(below),
            Style::Prograding { outward } => {
                // Sigmoid surfaces, which flatten towards the top and the base of the package.
                let share = (below / thickness_ms).clamp(0.04, 0.96);
                let built_out = outward[0] * x + outward[1] * y - 9.0 * log(share / (1.0 - share));
                0.02 + brightness * self.beds.at(built_out)
            }
            Style::Contorted => {
                let folded = 36.0 * variation(8.0, 0.0, 64.0) + 9.0 * variation(3.5, 50.0, 24.0);
                let patches = 0.9 + 0.7 * variation(6.0, 70.0, 20.0);
                patches * self.beds.at(below + folded) - 0.03
            }
        }
    }
}
