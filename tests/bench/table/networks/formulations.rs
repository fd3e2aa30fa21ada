//! Ways to divide the dense engine's work, each beside the one that the program takes.

use facies::network::{Device, Precision};
use facies::predict::Engine;

use super::subject::{Division, Line, Network, voxels_per_second};
use crate::clock::{Measurement, in_turn};
use crate::row::{Better, Figure, Row};
use crate::{Context, Failure};

/// Largest sides of a tile; the last is larger than any section here.
const TILES: [usize; 3] = [128, 256, 8192];

/// Tile sizes, by one worker with all threads and by a worker a thread.
pub(super) fn measure(context: &Context<'_>, line: &Line, networks: &[&Network]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for network in networks {
        rows.extend(of_network(context, line, network)?);
    }
    Ok(rows)
}

fn of_network(context: &Context<'_>, line: &Line, network: &Network) -> Result<Vec<Row>, Failure> {
    let predictor = &network.predictor(Device::cpu(), Precision::Float32)?;
    let whole = line.whole();
    let program = Division::of_the_program(Device::cpu(), context.threads);
    let standard = network.engine(Engine::DENSE, predictor, program, &whole)?;
    let divisions = [program, Division { workers: 1, threads: context.threads }];
    let all: Vec<(Division, usize)> =
        divisions.iter().flat_map(|&division| TILES.map(|tile| (division, tile))).collect();
    let measurement = |engine: Engine, division: Division| -> Measurement<'_> {
        let whole = &whole;
        Box::new(move |_| voxels_per_second(predictor, engine, division, line, whole))
    };
    let mut measurements: Vec<Measurement<'_>> =
        all.iter().map(|&(division, tile)| measurement(Engine::Dense { tile }, division)).collect();
    measurements.push(measurement(standard, program));
    let figures = in_turn(context.size(2, 1), Better::More, &mut measurements)?;
    let row = |(&(division, tile), &ours): (&(Division, usize), &Figure)| Row {
        subject: format!("{}: dense f32, {}, {}", network.title, division.title(), tile_title(tile)),
        ours,
        peer: format!("the program: {}, {}", program.title(), engine_title(standard)),
        theirs: figures.last().copied(),
        unit: "voxels/s",
        better: Better::More,
        at_least: None,
    };
    Ok(all.iter().zip(&figures).map(row).collect())
}

fn tile_title(tile: usize) -> String {
    if tile == TILES[TILES.len() - 1] { "whole section".to_owned() } else { format!("tiles of {tile}") }
}

fn engine_title(engine: Engine) -> String {
    match engine {
        Engine::Dense { tile } => tile_title(tile),
        Engine::Patch { batch, .. } => format!("batches of {batch}"),
    }
}

impl Division {
    pub(super) fn title(self) -> String {
        let count = |count, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        format!("{} of {}", count(self.workers, "worker"), count(self.threads, "thread"))
    }
}
