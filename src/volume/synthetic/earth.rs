//! The whole synthetic earth: which rock lies where.

use super::channel::Channel;
use super::package::Package;
use super::random::Draws;
use super::salt::Salt;
use super::structure::Structure;
use super::{Facies, SyntheticOptions};

/// Stream of the seed that draws the earth; those of the noise count traces from 0.
const EARTH_STREAM: u64 = u64::MAX;

/// Packages of layers, deformed, cut by channels and pierced by salt.
pub(super) struct Earth {
    structure: Structure,
    salt: Salt,
    channels: Vec<Channel>,
    /// From the shallowest to the deepest; never empty.
    packages: Vec<Package>,
}

/// The rock at one point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rock {
    pub(super) facies: Facies,
    /// Logarithm of the acoustic impedance over that of a background.
    pub(super) impedance: f64,
}

impl Earth {
    pub(super) fn draw(options: &SyntheticOptions) -> Self {
        let draws = &mut Draws::new(options.seed, EARTH_STREAM);
        let (extent, depth_ms) = (options.extent(), options.depth_ms());
        let structure = Structure::draw(draws, extent, depth_ms);
        let salt = Salt::draw(draws, extent, depth_ms);

        let cycle = [Facies::LowAmplitude, Facies::HighAmplitude, Facies::Clinoforms, Facies::Chaotic];
        let order = draws.permutation(cycle.len());
        // Four packages fill even a short cube, so that it shows every layered facies.
        let thickness_ms = (depth_ms / 4.0).clamp(60.0, 128.0);
        let [first_ms, last_ms] = structure.flat_range_ms();
        let mut packages = Vec::new();
        let mut top_ms = first_ms - thickness_ms;
        while top_ms < last_ms {
            let facies = cycle[order[packages.len() % cycle.len()]];
            packages.push(Package::draw(draws, facies, top_ms, extent));
            top_ms += thickness_ms * draws.uniform(0.92, 1.08);
        }

        let count = 2 + options.crosslines / 200;
        let middle_ms = structure.middle_warp_ms();
        let channel = |n: usize| {
            let crossline = extent[1] * (n as f64 + draws.uniform(0.35, 0.65)) / count as f64;
            let level = if n.is_multiple_of(2) { 0.12 } else { 0.34 };
            let surface_ms = depth_ms * (level + draws.uniform(0.0, 0.06)) - middle_ms;
            Channel::draw(draws, extent[0], crossline, surface_ms, 0.56 * thickness_ms)
        };
        let channels = (0..count).map(channel).collect();
        Self { structure, salt, channels, packages }
    }

    /// The rocks of trace (`x`, `y`) at `times` in ms; `x` counts crosslines, `y` inlines.
    pub(super) fn column(&self, x: f64, y: f64, times: impl Iterator<Item = f64>) -> Vec<Rock> {
        let salt = self.salt.column(x, y);
        let structure = self.structure.column(x, y, salt.pull_ms);
        let channels: Vec<_> = self.channels.iter().filter_map(|channel| channel.column(x, y)).collect();
        let tops: Vec<f64> = self.packages.iter().map(|package| package.top_ms(x, y)).collect();

        let rock = |time: f64| {
            if time >= salt.top_ms {
                return Rock { facies: Facies::Salt, impedance: self.salt.impedance([x, y, time], &salt) };
            }
            let flat = structure.flat_time(time);
            if let Some(impedance) = channels.iter().find_map(|channel| channel.impedance(flat)) {
                return Rock { facies: Facies::Channel, impedance };
            }
            let n = tops.partition_point(|&top| top <= flat).saturating_sub(1);
            let base = tops.get(n + 1).copied().unwrap_or(f64::INFINITY);
            let package = &self.packages[n];
            Rock { facies: package.facies, impedance: package.impedance(x, y, flat - tops[n], base - tops[n]) }
        };
        times.map(rock).collect()
    }
}
