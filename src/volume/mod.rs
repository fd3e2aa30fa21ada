//! Amplitude cubes: reading sections of them, what their values look like, and how those are scaled for a network.
//!
//! [`Volume`] is all that later rooms know of a cube. Back ends read SEG-Y files or memory.

mod amplitude;
mod channel;
mod coordinates;
mod histogram;
mod inspection;
mod interface;
mod live_traces;
mod memory;
mod section_reader;
mod segy;
mod statistics;
pub mod synthetic;

pub use amplitude::{AmplitudeScaling, ClipBounds};
pub use channel::{Channel, SectionChannels};
pub use coordinates::CoordinateFit;
pub use inspection::{FieldInspection, Inspection, LineInspection};
pub use interface::{Volume, VolumeError};
pub use live_traces::{LiveTraces, live_in_section};
pub use memory::MemoryVolume;
pub use section_reader::{ScaledSection, SectionReader, check_same_grid};
pub use segy::{SegyVolume, SegyVolumeOptions};
pub use statistics::{AmplitudeStatistics, Measurement, measure};
