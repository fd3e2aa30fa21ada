//! Weights that others trained: known files, what of a file fits a network, and how it enters ours.

mod checksum;
mod download;
mod file;
mod fold;
mod known;
mod names;
mod report;

pub use checksum::Checksum;
pub use download::download;
pub use file::Pretrained;
pub use known::{KnownWeights, Size, known_weights};
pub use report::ImportReport;
