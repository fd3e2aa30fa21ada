//! The training loop and its policies: forms, phases, schedules, epochs, early stopping, checkpoints.
//!
//! Works on network's [`Learner`](crate::network::Learner) and reports to an [`Observer`]; scoring is left to a
//! [`Validator`] that the caller brings.

mod checkpoint;
mod early_stopping;
mod error;
mod features;
mod form;
mod monitor;
mod observer;
mod options;
mod prefetch;
mod schedule;
mod session;
#[cfg(test)]
mod test_recipes;
#[cfg(test)]
mod test_run;
mod validation;

pub use checkpoint::Checkpoint;
pub use early_stopping::EarlyStopping;
pub use error::TrainError;
pub use form::Form;
pub use monitor::Monitor;
pub use observer::{EpochRecord, KeptFeatures, Observer, TrainingEvent};
pub use options::{FeatureCache, Keep, Phase, TrainingOptions};
pub use schedule::{Anneal, OneCycle, Plateau, Schedule};
pub use session::{TrainedWeights, train};
pub use validation::{Validation, Validator};
