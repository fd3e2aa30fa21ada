//! Training as TensorBoard shows it: scalars in an event file.

mod event;
mod event_log;
mod record;

pub use event::Event;
pub use event_log::{EVENT_FILE, EventLog, read_events};
