//! What tells one run from another: the settings that matter and the content of the files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::run_folder::InputRecord;
use super::schema::{Job, Prediction};
use super::{LoadedJob, RunError};
use crate::grid::hexadecimal;

/// Content of all files that a job names.
///
/// # Errors
/// When one cannot be read.
pub(super) fn hash_inputs(loaded: &LoadedJob) -> Result<Vec<InputRecord>, RunError> {
    let mut job = loaded.job.clone();
    let mut known: Vec<InputRecord> = Vec::new();
    for (key, path) in job.files_mut() {
        let same = known.iter().find(|input| input.path == *path).map(|input| (input.bytes, input.sha256.clone()));
        let (bytes, sha256) = match same {
            Some(same) => same,
            None => hash_file(path)?,
        };
        known.push(InputRecord { key, path: path.clone(), bytes, sha256 });
    }
    Ok(known)
}

/// Length and SHA-256 of a file.
pub(super) fn hash_file(path: &Path) -> Result<(u64, String), RunError> {
    let failed = |source| RunError::Io { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return Ok((bytes, hexadecimal(&hash.finalize())));
        }
        bytes += count as u64;
        hash.update(&buffer[..count]);
    }
}

/// Identity of the training: everything but name, evaluation, prediction and output.
pub(super) fn of_training(job: &Job, inputs: &[InputRecord]) -> String {
    let mut job = by_content(job, inputs);
    job.name.clear();
    job.evaluation = Default::default();
    job.prediction.clear();
    job.output = Default::default();
    digest(&job)
}

/// Identity of what is scored.
pub(super) fn of_evaluation(job: &Job) -> String {
    digest(&job.evaluation)
}

/// Identity of the predictions of a job by one model.
pub(super) fn of_predictions(job: &Job, inputs: &[InputRecord], model_sha256: &str, device: &str) -> String {
    let job = by_content(job, inputs);
    let output = job.output.of_predictions();
    digest(&(&job.name, &job.input, &job.patch, &job.prediction, &output, model_sha256, device))
}

/// Identity of the sections of one prediction; volumes and figures made of them may differ.
pub(super) fn of_sections(job: &Job, inputs: &[InputRecord], place: usize, model_sha256: &str, device: &str) -> String {
    let job = by_content(job, inputs);
    // Of the memory only the tile matters that it leads to, which stands beside this.
    let prediction = Prediction { truth: None, name: None, memory: None, ..job.prediction[place].clone() };
    digest(&(&job.input, &job.patch, &prediction, model_sha256, device))
}

/// The job with every path replaced by the hash of its file.
fn by_content(job: &Job, inputs: &[InputRecord]) -> Job {
    let mut job = job.clone();
    for (key, path) in job.files_mut() {
        if let Some(input) = inputs.iter().find(|input| input.key == key) {
            // A section picture's name may say which section it is.
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            *path = Path::new(&input.sha256).join(name);
        }
    }
    job
}

fn digest(value: &impl Serialize) -> String {
    let text = serde_json::to_string(&(crate::export::SOFTWARE, value)).expect("jobs always serialise");
    hexadecimal(&Sha256::digest(text.as_bytes()))
}
