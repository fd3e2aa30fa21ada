//! What is asked of data and networks beside prediction.

mod baseline;
pub mod features;
pub mod shallow;

pub use baseline::{BaselineRow, FitProgress, Part, Trial, baseline};
