//! The event file of a training.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Event;
use super::record::{contents, framed};
use crate::report::write_atomically;
use crate::train::{EpochRecord, Observer, TrainingEvent};

/// Name of the event file; TensorBoard looks for `tfevents` in it.
pub const EVENT_FILE: &str = "events.out.tfevents.facies";
/// The layout, as the first event of a file names it.
const VERSION: &str = "brain.Event:2";

/// Writes loss, accuracy, learning rate and validation scores to an event file while a network is trained.
///
/// A run that continues from a checkpoint first takes out what came after that, so that every step stands in the file once. The
/// only file of a training that holds times: they are those of the events.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    every: u64,
    file: Option<File>,
}

impl EventLog {
    /// Writes to `path` once training starts: every epoch, and every so many steps.
    pub fn new(path: impl Into<PathBuf>, every: u64) -> Self {
        Self { path: path.into(), every: every.max(1), file: None }
    }

    fn begin(&mut self, step: u64) -> io::Result<()> {
        let earlier = match fs::read(&self.path) {
            Ok(bytes) if step > 0 => bytes,
            Ok(_) => Vec::new(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let is_kept = |content: &&[u8]| Event::decoded(content).is_some_and(|event| event.step <= step);
        let kept: Vec<&[u8]> = contents(&earlier).into_iter().filter(is_kept).collect();
        let mut bytes: Vec<u8> = kept.iter().flat_map(|content| framed(content)).collect();
        if kept.is_empty() {
            let version = Event { wall_time: now(), file_version: Some(VERSION.into()), ..Event::default() };
            bytes = framed(&version.encoded());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_atomically(&self.path, &bytes)?;
        self.file = Some(OpenOptions::new().append(true).open(&self.path)?);
        Ok(())
    }

    fn write(&mut self, step: u64, scalars: Vec<(String, f32)>) -> io::Result<()> {
        let event = Event { wall_time: now(), step, file_version: None, scalars };
        match &mut self.file {
            // One call a record: what a killed process leaves is whole but for the last one.
            Some(file) => file.write_all(&framed(&event.encoded())),
            None => Ok(()),
        }
    }
}

impl Observer for EventLog {
    fn observe(&mut self, event: &TrainingEvent<'_>) -> io::Result<()> {
        match *event {
            TrainingEvent::Started { step, .. } => self.begin(step),
            TrainingEvent::Step { step, loss, accuracy, learning_rate, .. } if step.is_multiple_of(self.every) => {
                let values = [("loss/step", loss), ("accuracy/step", accuracy), ("learning_rate", learning_rate)];
                self.write(step, values.map(|(name, value)| (name.to_owned(), value as f32)).to_vec())
            }
            TrainingEvent::Epoch { record, .. } => self.write(record.step, scalars(record)),
            TrainingEvent::Finished { .. } => self.file.as_ref().map_or(Ok(()), File::sync_all),
            _ => Ok(()),
        }
    }
}

/// The values of an epoch by name.
fn scalars(record: &EpochRecord) -> Vec<(String, f32)> {
    let values = [
        ("loss/train", Some(record.train_loss)),
        ("accuracy/train", Some(record.train_accuracy)),
        ("loss/validation", record.validation_loss),
        ("accuracy/validation", record.validation_accuracy),
        ("balanced_accuracy/validation", record.validation_balanced_accuracy),
        ("macro_f1/validation", record.validation_macro_f1),
        ("mean_iou/validation", record.validation_mean_iou),
        ("kappa/validation", record.validation_kappa),
        ("fwiu/validation", record.validation_fwiu),
        ("roc_auc/validation", record.validation_roc_auc),
        ("mae/validation", record.validation_mae),
        ("learning_rate/epoch", Some(record.learning_rate)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value? as f32))).collect()
}

/// The events of a file, up to the first that is not whole.
///
/// # Errors
/// When the file cannot be read.
pub fn read_events(path: &Path) -> io::Result<Vec<Event>> {
    let bytes = fs::read(path)?;
    Ok(contents(&bytes).into_iter().map_while(Event::decoded).collect())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What a run tells from `first` to `last`, with an epoch of four steps.
    fn observe(log: &mut EventLog, first: u64, last: u64) {
        log.observe(&TrainingEvent::Started { step: first, steps: 12, history: &[] }).unwrap();
        for step in first + 1..=last {
            log.observe(&TrainingEvent::Step {
                step,
                steps: 12,
                loss: 1.0 / step as f64,
                learning_rate: 1e-3,
                accuracy: 0.5,
                voxels: 9,
                elapsed: Duration::ZERO,
            })
            .unwrap();
            if step.is_multiple_of(4) {
                let record = EpochRecord { step, validation_kappa: Some(0.25), ..EpochRecord::default() };
                log.observe(&TrainingEvent::Epoch { record: &record, best: true }).unwrap();
            }
        }
    }

    fn steps_and_values(path: &Path) -> Vec<(u64, Vec<(String, f32)>)> {
        read_events(path).unwrap().into_iter().map(|event| (event.step, event.scalars)).collect()
    }

    #[test]
    fn a_continued_run_has_every_step_once() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name).join(EVENT_FILE));
        observe(&mut EventLog::new(&whole, 2), 0, 12);
        // Killed in the middle of a record after step 7, the checkpoint being of step 4.
        observe(&mut EventLog::new(&broken, 2), 0, 7);
        let mut bytes = fs::read(&broken).unwrap();
        bytes.extend(&framed(b"torn")[..9]);
        fs::write(&broken, bytes).unwrap();
        observe(&mut EventLog::new(&broken, 2), 4, 12);
        let events = steps_and_values(&broken);
        assert_eq!(events, steps_and_values(&whole));
        assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), [0, 2, 4, 4, 6, 8, 8, 10, 12, 12]);
        assert_eq!(events[1].1[0], ("loss/step".into(), 0.5));
        assert!(events[3].1.contains(&("kappa/validation".into(), 0.25)));
        let count = |events: &[(u64, Vec<(String, f32)>)]| events.iter().flat_map(|event| event.1.clone()).count();
        // Twelve steps, every other one told, and three epochs: three values of each step, four of each epoch.
        assert!(
            count(&events) == 6 * 3 + 3 * 4
                && !events.iter().any(|event| event.1.iter().any(|v| v.0 == "loss/validation"))
        );

        // A run that begins anew does not go on with what lies there.
        observe(&mut EventLog::new(&broken, 2), 0, 2);
        assert_eq!(steps_and_values(&broken).len(), 2);
    }
}
