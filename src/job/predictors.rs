//! The networks that compute, in the precision asked for.

use super::engine_choice::fixed;
use super::schema::Precision as PrecisionName;
use super::{JobEvent, Listener, RunError};
use crate::network::{Device, Model, MonteCarlo, NetworkError, Precision, Predictor};
use crate::predict::{Engine, PredictOptions, choose_precision};
use crate::volume::SectionReader;

/// On a CUDA device one worker prepares and fetches while the kernels of the other run.
const WORKERS_PER_GPU: usize = 2;

/// How many sections are computed at a time on one of `devices`, all of one kind.
pub(super) fn workers_per_device(devices: &[Device], threads: usize) -> usize {
    if devices.iter().any(|device| device.is_cuda()) { WORKERS_PER_GPU } else { threads }
}

/// The model `workers` times on each of `devices`, for passes with dropout where `sampled`. Devices take turns, so that a prediction of few sections uses all of them.
///
/// # Errors
/// When a device does not have the precision or refuses the weights.
pub(super) fn predictors(
    model: &Model,
    devices: &[Device],
    workers: usize,
    precision: Precision,
    sampled: bool,
) -> Result<Vec<Predictor>, NetworkError> {
    let on = |&device: &Device| match sampled {
        true => model.sampling_predictor_in(device, precision),
        false => model.predictor_in(device, precision),
    };
    let first: Vec<Predictor> = devices.iter().map(on).collect::<Result<_, _>>()?;
    Ok((0..workers).flat_map(|_| first.iter().map(Predictor::share)).collect())
}

/// What a precision is chosen for.
pub(super) struct PrecisionChoice<'a> {
    pub(super) model: &'a Model,
    pub(super) device: Device,
    pub(super) reader: &'a SectionReader<'a>,
    pub(super) options: &'a PredictOptions,
}

impl PrecisionChoice<'_> {
    /// The precision asked for, and how the cube is made, in one line. Both are told to `listener`.
    ///
    /// # Errors
    /// When a sample cannot be read or computed.
    pub(super) fn precision(
        &self,
        asked: PrecisionName,
        listener: &mut dyn Listener,
    ) -> Result<(Precision, String), RunError> {
        let Self { model, device, reader, options } = *self;
        let precision = match fixed(asked) {
            Some(precision) => precision,
            None => {
                let exact = model.predictor(device)?;
                let (precision, trials) = choose_precision(reader, model, options, &exact)?;
                let trials: Vec<String> = trials.iter().map(ToString::to_string).collect();
                let trials = if trials.is_empty() { "the device has no lower one".into() } else { trials.join("; ") };
                listener.notice(&JobEvent::Note(&format!("precision {precision}: {trials}")));
                precision
            }
        };
        let segments = model.description.layers()?.segmentation().is_some();
        let (engine, size, stride) = match options.engine {
            Engine::Dense { tile } if segments && options.window.shape().into_iter().all(|side| side <= tile) => {
                ("dense engine", "whole sections".to_owned(), 1)
            }
            Engine::Dense { tile } => ("dense engine", format!("tiles of at most {tile} x {tile} voxels"), 1),
            Engine::Patch { batch, stride } => ("patch engine", format!("{batch} patches at a time"), stride),
        };
        listener.notice(&JobEvent::Note(&format!("{engine}, {size}, {precision}")));
        let preview = match stride {
            1 => String::new(),
            _ => format!("coarse preview 1:{stride}, probabilities interpolated; "),
        };
        if stride > 1 {
            let between = "probabilities between them are interpolated";
            let text = format!("a coarse preview: every {stride}th trace and sample is classified, {between}");
            listener.notice(&JobEvent::Warning(&text));
        }
        let averaged = if options.both_planes { ", mean of both planes" } else { "" };
        let passes = match options.monte_carlo {
            None => String::new(),
            Some(MonteCarlo { passes, seed }) => format!(", mean of {passes} passes with dropout, seed {seed}"),
        };
        let title = model.description.architecture.title();
        Ok((precision, format!("{preview}interpreted by {title}, {engine}, {precision}{passes}{averaged}")))
    }
}
