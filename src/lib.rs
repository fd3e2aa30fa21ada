//! One labelled seismic section in, an interpreted cube out.
//!
//! The rooms stand in the order in which data flows; each may name only those above it.

pub mod grid;
pub mod volume;
pub mod labels;
pub mod dataset;
pub mod metrics;
pub mod network;
pub mod train;
pub mod predict;
pub mod analysis;
pub mod export;
pub mod report;
pub mod job;
pub mod cli;
