//! SEG-Y.
/// x
#[derive(Debug, thiserror::Error)]
pub enum SegyError {}
/// x
pub struct SegyFile;
