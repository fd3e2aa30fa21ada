//! From the keys of a prediction to an engine that fits the network, the device and the memory.

use super::schema::{Engine as EngineName, Precision as PrecisionName, Prediction};
use super::{LoadedJob, RunError};
use crate::network::{Device, Layers, NetworkError, Precision};
use crate::predict::{Engine, MemoryPlan, SectionWindow};

/// What computes.
#[derive(Clone, Copy)]
pub(super) struct Computing<'a> {
    pub(super) layers: &'a Layers,
    pub(super) device: Device,
    /// Sections computed at a time on one device.
    pub(super) workers: usize,
}

/// What decides how a cube is interpreted.
pub(super) struct EngineChoice<'a> {
    pub(super) loaded: &'a LoadedJob,
    /// Place of the prediction in the job.
    pub(super) place: usize,
    pub(super) asked: &'a Prediction,
    pub(super) computing: Computing<'a>,
    pub(super) window: &'a SectionWindow,
    /// Traces and samples of the sections that the window is a part of.
    pub(super) section: [usize; 2],
    /// What sections on their way take, in bytes.
    pub(super) pipeline_bytes: u64,
}

impl EngineChoice<'_> {
    /// The engine, with a tile or batch that fits.
    ///
    /// # Errors
    /// When the network has not the form that the engine needs, the device lacks the precision, or the memory is too small.
    pub(super) fn engine(&self) -> Result<Engine, RunError> {
        let Computing { layers, device, workers } = self.computing;
        let Prediction { engine, tile, batch, stride, memory, .. } = self.asked;
        match engine {
            EngineName::Dense if layers.receptive_field().is_none() && layers.segmentation().is_none() => {
                return Err(NetworkError::NoDenseForm.into());
            }
            EngineName::Patch if layers.segmentation().is_some() => return Err(NetworkError::NoPatchForm.into()),
            _ => {}
        }
        let key = |part: &str| match self.loaded.job.prediction.len() {
            1 => format!("prediction.{part}"),
            _ => format!("prediction[{}].{part}", self.place),
        };
        let other = match engine {
            EngineName::Dense if *stride > 1 => Some(("stride", "patch")),
            EngineName::Dense if batch.is_some() => Some(("batch", "patch")),
            EngineName::Patch if tile.is_some() => Some(("tile", "dense")),
            _ => None,
        };
        if let Some((part, engine)) = other {
            let message = format!("this belongs to `engine: {engine}`");
            return Err(self.loaded.refuse(&key(part), message, Some(format!("leave `{part}` out"))).into());
        }
        let precision = fixed(self.asked.precision).unwrap_or_default();
        precision.check(device)?;
        let plan = MemoryPlan {
            layers,
            device,
            precision,
            sampled: self.asked.monte_carlo.is_some(),
            workers,
            window: self.window,
            section: self.section,
            pipeline_bytes: self.pipeline_bytes,
            budget: memory.map_or_else(|| MemoryPlan::default_budget(device), |memory| memory.bytes),
        };
        let given = match engine {
            EngineName::Dense => tile.map(|tile| Engine::Dense { tile }),
            EngineName::Patch => batch.map(|batch| Engine::Patch { batch, stride: *stride }),
        };
        Ok(match (given, engine) {
            (Some(engine), _) => plan.check(engine).map(|()| engine)?,
            (None, EngineName::Dense) => plan.dense()?,
            (None, EngineName::Patch) => plan.patches(*stride)?,
        })
    }
}

/// The precision that a job names; `None` where a sample decides.
pub(super) fn fixed(name: PrecisionName) -> Option<Precision> {
    match name {
        PrecisionName::F32 => Some(Precision::Float32),
        PrecisionName::Tf32 => Some(Precision::TensorFloat32),
        PrecisionName::Bf16 => Some(Precision::Bfloat16),
        PrecisionName::Auto => None,
    }
}
