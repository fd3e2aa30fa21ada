//! A sink that compares an interpretation with a volume of the right classes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::Array2;

use crate::grid::{Section, UNLABELLED};
use crate::metrics::ConfusionMatrix;
use crate::predict::{PredictedSection, SectionSink, SinkError};
use crate::volume::{SegyVolume, Volume};

/// Counts right and wrong voxels, those of the labelled sections apart.
pub(super) struct TruthSink {
    pub(super) truth: SegyVolume,
    /// Value of the first class in the truth volume.
    pub(super) base: u8,
    pub(super) classes: usize,
    /// Sections whose labels were learnt.
    pub(super) labelled: Vec<Section>,
    pub(super) counts: Arc<Mutex<TruthCounts>>,
}

/// Agreement with the truth.
#[derive(Clone, Debug)]
pub(super) struct TruthCounts {
    /// Away from the labelled sections.
    pub(super) away: ConfusionMatrix,
    /// On the labelled sections.
    pub(super) labelled: ConfusionMatrix,
    /// Values of the truth volume that stand for no class.
    pub(super) strange: u64,
}

impl TruthSink {
    /// The class that a value stands for, [`UNLABELLED`] for "no class", and nothing for a value that is neither.
    fn code(&self, value: f32) -> Option<u8> {
        let code = value - f32::from(self.base);
        match code {
            _ if code == -1.0 && self.base == 1 => Some(UNLABELLED),
            _ if code >= 0.0 && code < self.classes as f32 && code.fract() == 0.0 => Some(code as u8),
            _ => None,
        }
    }
}

impl SectionSink for TruthSink {
    fn write(&mut self, section: &PredictedSection) -> Result<(), SinkError> {
        let mut values = Array2::zeros(section.codes.dim());
        // The grids were compared before the first section, so only the file itself can be at fault here.
        if let Err(error) = self.truth.read_section(section.section, values.view_mut()) {
            let source = std::io::Error::other(error);
            return Err(SinkError::Io { path: PathBuf::from(self.truth.name()), source });
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (trace, (values, predicted)) in values.outer_iter().zip(section.codes.outer_iter()).enumerate() {
            let [inline, crossline] = section.section.cell(trace);
            let labelled = self.labelled.contains(&Section::inline(inline))
                || self.labelled.contains(&Section::crossline(crossline));
            for (&value, &predicted) in values.iter().zip(predicted) {
                let Some(truth) = self.code(value) else {
                    counts.strange += 1;
                    continue;
                };
                if truth != UNLABELLED && predicted != UNLABELLED {
                    let matrix = if labelled { &mut counts.labelled } else { &mut counts.away };
                    matrix.add(truth, predicted);
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError> {
        Ok(Vec::new())
    }
}
