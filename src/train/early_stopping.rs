//! When a run no longer improves.

use super::{EpochRecord, Monitor};

/// Stops when a watched value has not improved for `patience` epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    /// What to watch.
    pub monitor: Monitor,
    /// Epochs without improvement that are borne.
    pub patience: u64,
    /// A better value differs from the best one by more than this.
    pub min_delta: f64,
}

impl EarlyStopping {
    /// Why to stop after the last epoch of `history`, if there is a reason.
    pub fn reason(&self, history: &[EpochRecord]) -> Option<String> {
        let costs: Vec<f64> = history.iter().map(|record| self.monitor.cost(record)).collect();
        if costs.iter().all(|cost| *cost == f64::INFINITY) {
            // ROC AUC and kappa are nothing where one class alone validates: that is no lack of progress.
            return None;
        }
        let best = first_best(&costs, self.min_delta)?;
        let stalled = (costs.len() - 1 - best) as u64 >= self.patience.max(1);
        let name = self.monitor.name();
        stalled.then(|| format!("validation {name} has not improved for {} epochs", self.patience))
    }
}

/// Place of the epoch whose weights to keep: the one that `monitor` finds best, or else the loss, where that is undefined in all
/// epochs, or the last one where nothing is validated.
pub(super) fn best_epoch(history: &[EpochRecord], monitor: Monitor) -> Option<usize> {
    let costs: Vec<f64> = history.iter().map(|record| monitor.cost(record)).collect();
    match (costs.iter().all(|cost| *cost == f64::INFINITY), monitor) {
        (true, Monitor::Loss) => history.len().checked_sub(1),
        (true, _) => best_epoch(history, Monitor::Loss),
        (false, _) => first_best(&costs, 0.0),
    }
}

/// The last place that was better than the best one before it by more than `min_delta`.
fn first_best(costs: &[f64], min_delta: f64) -> Option<usize> {
    (0..costs.len()).reduce(|best, place| if costs[place] < costs[best] - min_delta { place } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[f64], scores: &[f64]) -> Vec<EpochRecord> {
        let record = |(place, (&loss, &score)): (usize, (&f64, &f64))| EpochRecord {
            epoch: place as u64 + 1,
            validation_loss: Some(loss),
            validation_accuracy: Some(0.5),
            validation_mean_iou: (score >= 0.0).then_some(score),
            validation_fwiu: Some(score),
            validation_roc_auc: Some(1.0 - score),
            validation_mae: Some(score),
            ..EpochRecord::default()
        };
        losses.iter().zip(scores).enumerate().map(record).collect()
    }

    #[test]
    fn patience_counts_epochs_since_the_best() {
        for (losses, min_delta, stops, comment) in [
            (&[][..], 0.0, false, "nothing yet"),
            (&[1.0, 0.9, 0.8], 0.0, false, "improving"),
            (&[1.0, 1.1], 0.0, false, "one bad epoch"),
            (&[1.0, 1.1, 1.2], 0.0, true, "two bad epochs"),
            (&[1.0, 1.0, 1.0], 0.0, true, "staying equal is no improvement"),
            (&[1.0, 1.1, 0.9, 1.0], 0.0, false, "improved in between"),
            (&[1.0, 0.95, 0.93], 0.1, true, "better by less than asked for"),
            (&[1.0, 0.95, 0.85], 0.1, false, "many small steps are a large one"),
        ] {
            let stopping = EarlyStopping { monitor: Monitor::Loss, patience: 2, min_delta };
            let scores = vec![0.5; losses.len()];
            assert_eq!(stopping.reason(&history(losses, &scores)).is_some(), stops, "{comment}");
        }
    }

    #[test]
    fn each_watched_value_has_its_own_direction_and_its_own_best_epoch() {
        let history = history(&[3.0, 1.0, 0.5, 0.7], &[0.2, 0.8, 0.6, -1.0]);
        let reason = |monitor| EarlyStopping { monitor, patience: 2, min_delta: 0.0 }.reason(&history);
        assert_eq!(reason(Monitor::Loss), None);
        assert_eq!(reason(Monitor::MeanIou).unwrap(), "validation mean IoU has not improved for 2 epochs");
        for (monitor, best) in [
            (Monitor::Loss, 2),
            (Monitor::MeanIou, 1),
            (Monitor::Accuracy, 0),
            // Undefined in all epochs, so the loss decides.
            (Monitor::Kappa, 2),
            (Monitor::Fwiu, 1),
            (Monitor::RocAuc, 3),
            (Monitor::Mae, 3),
        ] {
            assert_eq!(best_epoch(&history, monitor), Some(best), "{monitor:?}");
        }
        assert_eq!(best_epoch(&[], Monitor::Loss), None);
        assert_eq!(reason(Monitor::Kappa), None, "a value that is never defined stops nothing");
    }
}
