//! Who watches a training.

use super::{JobEvent, Listener};
use crate::report::{EventLog, HistoryCsv};
use crate::train::{Observer, TrainingEvent};

/// The history on disk, and whoever listens to the job.
pub(super) struct Watchers<'a> {
    pub(super) history: HistoryCsv,
    pub(super) event_log: Option<EventLog>,
    pub(super) listener: &'a mut dyn Listener,
}

impl Observer for Watchers<'_> {
    fn observe(&mut self, event: &TrainingEvent<'_>) -> std::io::Result<()> {
        self.history.observe(event)?;
        if let Some(event_log) = &mut self.event_log {
            event_log.observe(event)?;
        }
        self.listener.notice(&JobEvent::Training(event));
        Ok(())
    }
}
