//! The fastest precision that gives the same classes.

use std::fmt;

use ndarray::{Array2, ArrayView1};

use super::{PredictError, PredictOptions, interpret_section};
use crate::grid::Section;
use crate::network::{Model, NetworkError, Precision, Predictor};
use crate::volume::{ScaledSection, SectionReader};

/// Sections of the sample, spread evenly over those that are asked for.
const SECTIONS: usize = 4;
/// A lower precision may change the class of one voxel in so many.
const VOXELS_PER_CHANGE: u64 = 10_000;

/// What one lower precision changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrecisionTrial {
    /// The precision.
    pub precision: Precision,
    /// Voxels of the sample with another class than in float32.
    pub changed: u64,
    /// Voxels of the sample.
    pub voxels: u64,
}

impl PrecisionTrial {
    /// Whether the change is too small to matter.
    pub fn is_good(&self) -> bool {
        self.changed.saturating_mul(VOXELS_PER_CHANGE) <= self.voxels
    }
}

impl fmt::Display for PrecisionTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.changed as f64 * 1e4 / self.voxels.max(1) as f64;
        let Self { precision, voxels, .. } = self;
        write!(f, "{precision} changes the class of {rate:.2} in 10,000 voxels ({voxels} compared)")
    }
}

/// The fastest precision that changes the class of at most one voxel in 10,000 of a sample of a cube, and what was tried.
///
/// # Errors
/// When the sample cannot be read or memory runs out.
pub fn choose_precision(
    reader: &SectionReader<'_>,
    model: &Model,
    options: &PredictOptions,
    reference: &Predictor,
) -> Result<(Precision, Vec<PrecisionTrial>), PredictError> {
    let device = reference.device();
    let lower = Precision::lower_ones(device);
    if lower.is_empty() {
        return Ok((Precision::Float32, Vec::new()));
    }
    let step = options.sections.len().div_ceil(SECTIONS).max(1);
    let sample: Vec<Section> = options.sections.iter().copied().skip(step / 2).step_by(step).collect();
    let exact = codes(reader, reference, options, &sample)?;
    let mut trials = Vec::new();
    for precision in lower {
        let predictor = match model.predictor_in(device, precision) {
            Ok(predictor) => predictor,
            // A device may lack what it claims; float32 is always there.
            Err(NetworkError::Torch { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let rounded = codes(reader, &predictor, options, &sample)?;
        let pairs = || exact.iter().flatten().zip(rounded.iter().flatten());
        let changed = pairs().filter(|(exact, rounded)| exact != rounded).count() as u64;
        let voxels = pairs().filter(|(exact, _)| **exact != crate::grid::UNLABELLED).count() as u64;
        let trial = PrecisionTrial { precision, changed, voxels };
        trials.push(trial);
        if trial.is_good() {
            return Ok((precision, trials));
        }
    }
    Ok((Precision::Float32, trials))
}

fn codes(
    reader: &SectionReader<'_>,
    predictor: &Predictor,
    options: &PredictOptions,
    sections: &[Section],
) -> Result<Vec<Array2<u8>>, PredictError> {
    // Rounding shows in one pass as well as in many.
    let options = PredictOptions { monte_carlo: None, ..options.clone() };
    let interpret = |&section: &Section| {
        let ScaledSection { channels, live } = reader.read(section)?;
        Ok(interpret_section(predictor, &options, section, &channels, ArrayView1::from(&live))?.codes)
    };
    sections.iter().map(interpret).collect()
}
