//! Optimisers whose whole state can be written down, so that a run can continue exactly.

mod gradient_clip;
mod options;
mod update;

pub use gradient_clip::GradientClip;
pub use options::{MomentumOf, OptimizerOptions, Update};
pub(super) use update::Optimizer;
