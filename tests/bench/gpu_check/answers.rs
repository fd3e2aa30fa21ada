//! Whether a device says what the CPU says, every time.

use facies::network::{Device, Precision};
use facies::predict::Engine;

use crate::subject::{Line, Network, changed_classes, largest_difference, probabilities};
use crate::{Failure, precisions, subjects};

/// Largest difference of a probability in float32.
const FLOAT32_LIMIT: f64 = 1e-4;
/// Voxels in 10,000 whose class may be another in float32, and in what rounds more.
const CHANGED_LIMIT: [f64; 2] = [5.0, 500.0];
const REPEATS: usize = 3;

/// Prints a table and fails if a limit is broken or a repeated run has other bits.
pub(crate) fn check(device: Device) -> Result<(), Failure> {
    let (line, networks) = subjects(device)?;
    println!("Reference: float32 on the CPU, the same engine. Random weights; class scores have deviation 2.\n");
    println!(
        "| network | engine | precision | voxels | largest difference | classes changed in 10,000 | repeats equal |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut wrong = Vec::new();
    for network in &networks {
        for engine in network.engines()? {
            of_engine(device, &line, network, engine, &mut wrong)?;
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ").into()) }
}

fn of_engine(
    device: Device,
    line: &Line,
    network: &Network,
    engine: Engine,
    wrong: &mut Vec<String>,
) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (name, window) = match engine {
        Engine::Dense { .. } => ("dense", line.whole()),
        Engine::Patch { .. } => ("patches", network.window.clone()),
    };
    let reference = network.predictor(Device::cpu(), Precision::Float32)?;
    let expected = probabilities(&reference, engine, threads, line, &window)?;
    for precision in precisions(device) {
        let predictor = network.predictor(device, precision)?;
        let first = probabilities(&predictor, engine, threads, line, &window)?;
        let mut equal = true;
        for _ in 1..REPEATS {
            let again = probabilities(&predictor, engine, threads, line, &window)?;
            equal &= again.iter().zip(&first).all(|(a, b)| a.to_bits() == b.to_bits());
        }
        let difference = largest_difference(first.view(), expected.view());
        let changed = changed_classes(first.view(), expected.view());
        println!(
            "| {} | {name} | {precision} | {} | {difference:.1e} | {changed:.1} | {} |",
            network.title,
            window.voxels(),
            if equal { "yes" } else { "NO" }
        );
        let single = precision == Precision::Float32;
        let [single_limit, rounded_limit] = CHANGED_LIMIT;
        let too_far = single && difference > FLOAT32_LIMIT;
        if !equal || too_far || changed > if single { single_limit } else { rounded_limit } {
            wrong.push(format!("{}, {name} in {precision}, differs", network.title));
        }
    }
    Ok(())
}
