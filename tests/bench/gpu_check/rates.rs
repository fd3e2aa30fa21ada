//! How fast a device is, and how much of what it can do that is.

use facies::network::{Device, Precision};
use facies::predict::{Engine, SectionWindow};

use crate::subject::{Division, Line, Network, voxels_per_second};
use crate::{Failure, precisions, subjects};

const ROUNDS: usize = 3;
/// Share of the matrix peak that the published VGG16 was promised to reach in bf16.
const PROMISE: f64 = 0.4;

/// Prints a table. A network that misses its promise is told, and no failure.
pub(crate) fn measure(device: Device, matrix_peak: f64) -> Result<(), Failure> {
    let (line, networks) = subjects(device)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let division = Division::of_the_program(device, threads);
    println!(
        "bf16 matrix peak {:.1} TFLOP/s. Arithmetic is that of the network's layers; halos and what is computed twice do not \
         count. Best of {ROUNDS}, {} workers.\n",
        matrix_peak / 1e12,
        division.workers
    );
    println!("| network | engine | precision | voxels/s | TFLOP/s | of the bf16 matrix peak |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut promise = None;
    for network in &networks {
        let layers = network.model.description.layers()?;
        for kind in network.engines()? {
            for precision in precisions(device) {
                let (rate, engine) = rate(device, &line, network, kind, precision, division)?;
                let flop = match kind {
                    Engine::Dense { .. } => layers.dense_flop_per_voxel() as f64,
                    Engine::Patch { .. } => layers.patch_flop() as f64,
                };
                let share = rate * flop / matrix_peak;
                println!(
                    "| {} | {} | {precision} | {rate:.0} | {:.2} | {:.0} % |",
                    network.title,
                    title(engine),
                    rate * flop / 1e12,
                    100.0 * share
                );
                if network.title == "published VGG16" && precision == Precision::Bfloat16 {
                    promise = Some(share);
                }
            }
        }
    }
    if let Some(share) = promise {
        let verdict = if share >= PROMISE { "kept" } else { "MISSED" };
        let [share, promise] = [share, PROMISE].map(|share| 100.0 * share);
        println!(
            "\nPublished VGG16 in patches, bf16: {share:.0} % of the matrix peak, {promise:.0} % promised: {verdict}."
        );
    }
    Ok(())
}

/// Voxels/s and the engine that the program takes.
fn rate(
    device: Device,
    line: &Line,
    network: &Network,
    kind: Engine,
    precision: Precision,
    division: Division,
) -> Result<(f64, Engine), Failure> {
    let predictor = network.predictor(device, precision)?;
    let window = match kind {
        Engine::Dense { .. } => line.whole(),
        // A tenth of the line is work enough.
        Engine::Patch { .. } if device.is_cuda() => SectionWindow { traces: 0..96, ..line.whole() },
        Engine::Patch { .. } => network.window.clone(),
    };
    let engine = network.engine(kind, &predictor, division, &window)?;
    let mut best = 0.0f64;
    for round in 0..=ROUNDS {
        let rate = voxels_per_second(&predictor, engine, division, line, &window)?;
        // The first pays for what later ones find ready.
        best = best.max(if round > 0 { rate } else { 0.0 });
    }
    Ok((best, engine))
}

fn title(engine: Engine) -> String {
    match engine {
        Engine::Dense { tile } => format!("dense, tiles of {tile}"),
        Engine::Patch { batch, .. } => format!("patches, {batch} at a time"),
    }
}
