//! Meandering channels, cut into older layers and filled.

use std::f64::consts::TAU;

use libm::{cos, sin};

use super::beds::Beds;
use super::random::Draws;

/// One channel. It follows the inline axis, swinging across the crosslines.
pub(super) struct Channel {
    /// Crossline index of the course at inline index 0.
    origin: f64,
    /// Crosslines per inline.
    course: f64,
    meanders: [Meander; 2],
    /// In crosslines.
    half_width: f64,
    /// Flat time of the surface it cut into.
    surface_ms: f64,
    depth_ms: f64,
    fill: Beds,
}

struct Meander {
    /// In crosslines.
    amplitude: f64,
    /// Radians per inline.
    wave_number: f64,
    phase: f64,
}

/// A channel where one line of traces crosses it.
pub(super) struct ChannelColumn<'a> {
    channel: &'a Channel,
    /// Depth of the floor below the surface.
    floor_ms: f64,
    /// How far beds of the fill hang below their place at the banks' level.
    sag_ms: f64,
}

impl Channel {
    /// A channel round `crossline` (an index) that cut `depth_ms` deep into the surface at flat time `surface_ms`.
    pub(super) fn draw(draws: &mut Draws, inlines: f64, crossline: f64, surface_ms: f64, depth_ms: f64) -> Self {
        let course = draws.uniform(-0.25, 0.25);
        let meanders = [(1.0, 75.0), (0.4, 33.0)].map(|(share, wavelength)| Meander {
            amplitude: share * draws.uniform(9.0, 14.0),
            wave_number: TAU / (wavelength * draws.uniform(0.85, 1.15)),
            phase: draws.uniform(0.0, TAU),
        });
        let depth_ms = depth_ms * draws.uniform(0.92, 1.08);
        Self {
            origin: crossline - course * inlines / 2.0,
            course,
            meanders,
            half_width: draws.uniform(19.0, 23.0),
            surface_ms,
            depth_ms,
            fill: Beds::draw(draws, [0.0, 2.0 * depth_ms], [22.0, 26.0], 0.17),
        }
    }

    /// The channel in trace (`x`, `y`), if it passes there.
    pub(super) fn column(&self, x: f64, y: f64) -> Option<ChannelColumn<'_>> {
        let swing = |meander: &Meander| meander.amplitude * sin(meander.wave_number * y + meander.phase);
        let centre = self.origin + self.course * y + self.meanders.iter().map(swing).sum::<f64>();
        let offset = (x - centre) / self.half_width;
        // The outer bank of a bend is steeper than the inner one.
        let bend = cos(self.meanders[0].wave_number * y + self.meanders[0].phase + 1.6);
        let across = offset - 0.25 * bend * (1.0 - offset * offset);
        (offset.abs() < 1.0).then_some(ChannelColumn {
            channel: self,
            floor_ms: self.depth_ms * (1.0 - across * across),
            sag_ms: 0.6 * self.depth_ms * (1.0 - across * across),
        })
    }
}

impl ChannelColumn<'_> {
    /// Impedance of the fill at a flat time, or nothing above and below the channel.
    pub(super) fn impedance(&self, flat_time: f64) -> Option<f64> {
        let below = flat_time - self.channel.surface_ms;
        let inside = below >= 0.0 && below < self.floor_ms;
        inside.then(|| self.channel.fill.at(below - self.sag_ms + 0.6 * self.channel.depth_ms) - 0.05)
    }
}
