//! When a run no longer improves.

use serde::{Deserialize, Serialize};

use super::EpochRecord;

/// A validation value to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// Cross entropy; smaller is better.
    Loss,
    /// Share of voxels classified rightly; larger is better.
    Accuracy,
}

/// Stops when any watched value has not improved for `patience` epochs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// What to watch; each is counted on its own.
    pub monitors: Vec<Monitor>,
    /// Epochs without improvement that are borne.
    pub patience: u64,
}

impl Monitor {
    /// The watched value of an epoch, turned so that smaller is better.
    fn cost(self, record: &EpochRecord) -> Option<f64> {
        match self {
            Self::Loss => record.validation_loss,
            Self::Accuracy => record.validation_accuracy.map(|accuracy| -accuracy),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
        }
    }
}

impl EarlyStopping {
    /// Why to stop after the last epoch of `history`, if there is a reason.
    pub fn reason(&self, history: &[EpochRecord]) -> Option<String> {
        let stalled = |&&monitor: &&Monitor| {
            let costs: Vec<f64> = history.iter().filter_map(|record| monitor.cost(record)).collect();
            first_best(&costs).is_some_and(|best| (costs.len() - 1 - best) as u64 > self.patience.saturating_sub(1))
        };
        let monitor = self.monitors.iter().find(stalled)?;
        Some(format!("validation {} has not improved for {} epochs", monitor.name(), self.patience))
    }
}

/// Place of the epoch whose weights to keep: the one with the lowest validation loss, or the last without validation.
pub(super) fn best_epoch(history: &[EpochRecord]) -> Option<usize> {
    let losses: Option<Vec<f64>> = history.iter().map(|record| record.validation_loss).collect();
    losses.and_then(|losses| first_best(&losses)).or(history.len().checked_sub(1))
}

fn first_best(costs: &[f64]) -> Option<usize> {
    (0..costs.len()).reduce(|best, place| if costs[place] < costs[best] { place } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[f64], accuracies: &[f64]) -> Vec<EpochRecord> {
        let record = |(place, (&loss, &accuracy)): (usize, (&f64, &f64))| EpochRecord {
            epoch: place as u64 + 1,
            step: 0,
            learning_rate: 0.0,
            train_loss: 0.0,
            train_accuracy: 0.0,
            validation_loss: Some(loss),
            validation_accuracy: Some(accuracy),
        };
        losses.iter().zip(accuracies).enumerate().map(record).collect()
    }

    #[test]
    fn patience_counts_epochs_since_the_best() {
        let stopping = EarlyStopping { monitors: vec![Monitor::Loss], patience: 2 };
        for (losses, stops, comment) in [
            (&[][..], false, "nothing yet"),
            (&[1.0, 0.9, 0.8], false, "improving"),
            (&[1.0, 1.1], false, "one bad epoch"),
            (&[1.0, 1.1, 1.2], true, "two bad epochs"),
            (&[1.0, 1.0, 1.0], true, "staying equal is no improvement"),
            (&[1.0, 1.1, 0.9, 1.0], false, "improved in between"),
        ] {
            let accuracies = vec![0.5; losses.len()];
            assert_eq!(stopping.reason(&history(losses, &accuracies)).is_some(), stops, "{comment}");
        }
    }

    #[test]
    fn any_watched_value_stops_the_run_and_loss_picks_the_epoch() {
        let stopping = EarlyStopping { monitors: vec![Monitor::Loss, Monitor::Accuracy], patience: 1 };
        let history = history(&[3.0, 1.0, 0.5], &[0.2, 0.6, 0.6]);
        assert!(stopping.reason(&history).unwrap().contains("accuracy"));
        assert_eq!(best_epoch(&history), Some(2));
        assert_eq!(best_epoch(&[]), None);
    }
}
