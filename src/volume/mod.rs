//! Amplitude cubes: reading sections of them, what their values look like, and how those are scaled for a network.
//!
//! [`Volume`] is all that later rooms know of a cube. Back ends read SEG-Y files or memory.

mod amplitude;
mod histogram;
mod interface;
mod live_traces;
mod memory;
mod statistics;
pub mod synthetic;

pub use amplitude::{AmplitudeScaling, ClipBounds};
pub use interface::{Volume, VolumeError};
pub use live_traces::{LiveTraces, live_in_section};
pub use memory::MemoryVolume;
pub use statistics::{AmplitudeStatistics, Measurement, measure};
