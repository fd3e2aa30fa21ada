//! `facies doctor`: what this program finds on this machine.

use serde::Serialize;

use super::failure::Failure;
use super::printer::Printer;
use super::weights::{FoundWeights, find_weights};
use crate::export::hdf5_version;
use crate::network::library_versions;

/// Show versions, devices, threads and weights that facies finds on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies doctor")]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Findings {
    facies: &'static str,
    libtorch: &'static str,
    onednn: bool,
    cuda_devices: usize,
    cuda: String,
    hdf5: String,
    threads: usize,
    facies_data: Option<String>,
    weights: Vec<FoundWeights>,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    let versions = library_versions();
    let (cuda_devices, cuda) = match versions.cuda {
        Ok(devices) => (devices, format!("{devices} devices")),
        Err(reason) => (0, format!("none: {reason}")),
    };
    let findings = Findings {
        facies: env!("CARGO_PKG_VERSION"),
        libtorch: versions.libtorch,
        onednn: versions.onednn,
        cuda_devices,
        cuda,
        hdf5: hdf5_version(),
        threads: threads.unwrap_or_else(rayon::current_num_threads),
        facies_data: std::env::var("FACIES_DATA").ok(),
        weights: find_weights(),
    };
    if arguments.json {
        printer.answer_json(&findings)?
    } else {
        printer.answer(findings.text())?
    }
    Ok(())
}

impl Findings {
    fn text(&self) -> String {
        let onednn = if self.onednn { "with oneDNN" } else { "without oneDNN, so slow on the CPU" };
        let data = self.facies_data.as_deref().unwrap_or("not set; jobs that name ${FACIES_DATA} need it");
        let mut lines = vec![
            format!("facies       {}", self.facies),
            format!("libtorch     {}, {onednn}", self.libtorch),
            format!("CUDA         {}", self.cuda),
            format!("HDF5         {}", self.hdf5),
            format!("threads      {}", self.threads),
            format!("FACIES_DATA  {data}"),
        ];
        let there: Vec<_> = self.weights.iter().filter(|weights| weights.is_there()).collect();
        if there.is_empty() {
            lines.push(
                "weights      none in ${FACIES_DATA}/weights; `facies weights list` shows what there is".to_owned(),
            );
        }
        lines.extend(there.iter().map(|weights| format!("weights      {weights}")));
        lines.join("\n")
    }
}
