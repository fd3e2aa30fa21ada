//! How busy the devices are.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Adds up the time in which at least one worker computes on a device.
#[derive(Debug, Default)]
pub(super) struct DeviceClock(Mutex<Clock>);

#[derive(Debug, Default)]
struct Clock {
    /// Workers that compute.
    computing: usize,
    /// When the first of them began.
    since: Option<Instant>,
    busy: Duration,
}

impl DeviceClock {
    /// Runs `work` while the clock goes.
    pub(super) fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        {
            let mut clock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            clock.computing += 1;
            clock.since.get_or_insert_with(Instant::now);
        }
        let result = work();
        let mut clock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clock.computing -= 1;
        if clock.computing == 0 {
            let stretch = clock.since.take().map_or(Duration::ZERO, |since| since.elapsed());
            clock.busy += stretch;
        }
        result
    }

    /// The time so far.
    pub(super) fn busy(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_several_workers_compute_counts_once() {
        let clock = DeviceClock::default();
        let begun = Instant::now();
        let pause = Duration::from_millis(30);
        clock.during(|| {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| clock.during(|| std::thread::sleep(pause)));
                }
            });
        });
        std::thread::sleep(pause);
        let busy = clock.busy();
        assert!(busy >= pause && busy + pause <= begun.elapsed(), "{busy:?} of {:?}", begun.elapsed());
    }
}
