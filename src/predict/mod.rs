//! Interpreting sections with a trained model and handing them on.
//!
//! An [`Engine`] turns one scaled section into class probabilities; [`Prediction`] takes the sections of a cube through reading,
//! computing and finishing, all at the same time, keeps every finished one in a [`SectionStore`] so that an interrupted run
//! continues, and feeds the sinks.

mod budget;
mod calibrate;
mod choose_precision;
mod busy;
mod dense;
mod engine;
mod error;
mod interpretation;
mod mistakes;
mod options;
mod patch;
pub mod pictures;
mod pipeline;
mod probability_file;
mod progress;
mod score;
mod segments;
mod sink;
mod store;
mod uncertainty;
mod walk;
mod window;

pub use budget::MemoryPlan;
pub use calibrate::fit_temperature;
pub use choose_precision::{PrecisionTrial, choose_precision};
pub use engine::{Engine, interpret_section, section_probabilities};
pub use error::PredictError;
pub use interpretation::Interpretation;
pub use mistakes::{JudgedVoxel, Search, search_voxels};
pub use options::{Outputs, PredictOptions};
pub use pipeline::sections_in_flight;
pub use probability_file::PROBABILITY_FILE;
pub use progress::{PredictionProgress, PredictionSummary};
pub use score::{ScoreOptions, SubsetValidator, score};
pub use sink::{PredictedSection, SectionSink, SinkError};
pub use store::SectionStore;
pub use uncertainty::Uncertainty;
pub use walk::Prediction;
pub use window::SectionWindow;

#[cfg(test)]
mod test_network;
