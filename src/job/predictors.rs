//! Who computes.

use crate::network::{Device, Model, NetworkError, Predictor};

/// On a CUDA device one worker prepares and fetches while the kernels of the other run.
const WORKERS_PER_GPU: usize = 2;

/// How many sections are computed at a time on one of `devices`, all of one kind.
pub(super) fn workers_per_device(devices: &[Device], threads: usize) -> usize {
    if devices.iter().any(|device| device.is_cuda()) { WORKERS_PER_GPU } else { threads }
}

/// The model once for each worker: one for each of `threads` on the CPU, two on each CUDA device. Devices take turns, so that
/// a prediction of few sections uses all of them.
///
/// # Errors
/// When a device refuses the weights.
pub(super) fn predictors(model: &Model, devices: &[Device], threads: usize) -> Result<Vec<Predictor>, NetworkError> {
    let first: Vec<Predictor> = devices.iter().map(|&device| model.predictor(device)).collect::<Result<_, _>>()?;
    let rounds = 0..workers_per_device(devices, threads);
    Ok(rounds.flat_map(|_| first.iter().map(Predictor::share)).collect())
}
