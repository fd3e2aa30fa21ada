//! How fast a network learns as it goes on: the learning rate as a function of step and validation history.

mod one_cycle;
mod plateau;
#[expect(clippy::module_inception, reason = "the schedule itself, beside those of its kinds that need a file")]
mod schedule;

pub use one_cycle::{Anneal, OneCycle};
pub use plateau::Plateau;
pub use schedule::Schedule;
pub(super) use schedule::{Place, Rate};
