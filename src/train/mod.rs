//! The training loop and its policies.

mod observer;

pub use observer::{EpochRecord, Observer, TrainingEvent};
