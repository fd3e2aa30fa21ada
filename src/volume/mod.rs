//! Amplitude cubes: reading sections of them, what their values look like, and how those are scaled for a network.
//!
//! [`Volume`] is all that later rooms know of a cube. Back ends read SEG-Y files or memory.

mod amplitude;
mod interface;

pub use amplitude::{AmplitudeScaling, ClipBounds};
pub use interface::{Volume, VolumeError};
