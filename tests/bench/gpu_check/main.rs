//! Checks of a device for `scripts/gpu-check`: Markdown to standard output.
//!
//! `cargo bench --bench gpu_check -- --device cuda answers`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a check shows its figures and complains")]

mod answers;
mod rates;
#[path = "../subject.rs"]
mod subject;
mod volumes;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use facies::network::{Architecture, Device, DeviceChoice, Padding, Precision};

use subject::{Line, Network, vgg16};

/// Why something could not be checked, or was found wrong.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Checks a device.
#[derive(Debug, Parser)]
#[command(name = "gpu_check")]
struct Arguments {
    /// Where to compute: cpu, cuda or cuda:N.
    #[arg(long, default_value = "cuda")]
    device: DeviceChoice,
    #[command(subcommand)]
    check: Check,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Check {
    /// Every engine and precision against float32 on the CPU
    Answers,
    /// Voxels/s and arithmetic of every engine and precision
    Rates {
        /// FLOP/s of a large matrix product in bf16 on the same device
        #[arg(long, value_name = "FLOP/S")]
        matrix_peak: f64,
    },
    /// Voxels of which two class volumes say different things
    Volumes {
        /// One SEG-Y file
        one: PathBuf,
        /// The other
        other: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpu_check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.check {
        // Before any other call into libtorch.
        Check::Answers => answers::check(arguments.device.open()?),
        Check::Rates { matrix_peak } => rates::measure(arguments.device.open()?, *matrix_peak),
        Check::Volumes { one, other } => volumes::compare(one, other),
    }
}

/// The networks, and the line that they are tried on: a small one where a CPU must do.
fn subjects(device: Device) -> Result<(Line, Vec<Network>), Failure> {
    let cuda = device.is_cuda();
    let line = Line::synthetic(if cuda { [951, 462] } else { [96, 104] })?;
    let patches = if cuda { [16, 64] } else { [8, 16] };
    let networks = [
        ("VGG16 to conv4_1", vgg16(Some("conv4_1"))),
        ("Waldeland valid", Architecture::Waldeland { padding: Padding::Valid }),
        ("published VGG16", vgg16(None)),
        ("published Waldeland", Architecture::Waldeland { padding: Padding::Same }),
    ];
    let networks = networks.map(|(title, architecture)| Network::random(title, architecture, patches, &line));
    Ok((line, networks.into_iter().collect::<Result<_, _>>()?))
}

/// What the device has.
fn precisions(device: Device) -> Vec<Precision> {
    let all = [Precision::Float32, Precision::TensorFloat32, Precision::Bfloat16];
    all.into_iter().filter(|precision| precision.check(device).is_ok()).collect()
}
