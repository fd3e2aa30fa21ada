//! Batches that are made while the device works on earlier ones.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{ScopedJoinHandle, scope};

/// Results in order, made ahead on another thread.
pub(super) struct Ahead<'scope, T> {
    queue: Option<Receiver<T>>,
    worker: Option<ScopedJoinHandle<'scope, ()>>,
}

/// Lets `make` produce an item for every one of `steps` on a thread of its own, `ahead` of `work` by so many items at most,
/// which takes them in order. Without any `ahead`, items are made when they are asked for.
///
/// The thread ends with `work`, however that ends, after the item that it is at.
pub(crate) fn run_ahead<T: Send, R>(
    steps: Range<u64>,
    ahead: usize,
    make: impl Fn(u64) -> T + Sync,
    work: impl FnOnce(&mut dyn FnMut(u64) -> T) -> R,
) -> R {
    let Some(room) = ahead.checked_sub(1) else { return work(&mut |step| make(step)) };
    scope(|scope| {
        let (send, receive) = sync_channel(room);
        let make = &make;
        let worker = scope.spawn(move || {
            for step in steps {
                // Nobody listens any more when the work has ended.
                if send.send(make(step)).is_err() {
                    return;
                }
            }
        });
        let mut items = Ahead { queue: Some(receive), worker: Some(worker) };
        work(&mut |step| items.next().unwrap_or_else(|| make(step)))
    })
}

impl<T> Ahead<'_, T> {
    /// The next item; `None` after the last one. A panic of the thread goes on here.
    fn next(&mut self) -> Option<T> {
        let item = self.queue.as_ref()?.recv().ok();
        if item.is_none() {
            self.queue = None;
            if let Some(Err(panic)) = self.worker.take().map(ScopedJoinHandle::join) {
                resume_unwind(panic);
            }
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn items_come_in_order_and_no_more_than_asked_for_are_made_ahead() {
        for ahead in [0, 1, 2, 5] {
            let made = AtomicU64::new(0);
            let make = |step| {
                made.fetch_add(1, Ordering::SeqCst);
                step * step
            };
            let taken = run_ahead(3..20, ahead, make, |next| {
                let taken: Vec<u64> = (3..9).map(&mut *next).collect();
                std::thread::sleep(Duration::from_millis(20));
                assert!(made.load(Ordering::SeqCst) <= 6 + ahead as u64);
                taken
            });
            assert_eq!(taken, [9, 16, 25, 36, 49, 64], "{ahead}");
            // The thread is gone, with one more item in its hands at most.
            assert!(made.load(Ordering::SeqCst) <= 7 + ahead as u64);
        }
    }

    #[test]
    fn a_panic_of_the_thread_reaches_the_work_with_its_words() {
        let make = |step| if step == 2 { panic!("no batch {step}") } else { step };
        let caught = catch_unwind(AssertUnwindSafe(|| run_ahead(0..9, 2, make, |next| (0..9).map(next).sum::<u64>())));
        assert_eq!(caught.unwrap_err().downcast_ref::<String>().map(String::as_str), Some("no batch 2"));
    }
}
