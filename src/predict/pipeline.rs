//! The stages that sections go through, each on threads of its own with bounded queues between them.
//!
//! ```text
//! readers ──> queue ──> compute workers ──> queue ──> finishers ──> reordering ──> the caller's thread
//!    └── sections that an earlier run finished ───────────────────────┘
//! ```
//!
//! A section enters only when there is room for it and gives its room back when it has been delivered, so that no more than
//! [`sections_in_flight`] are in memory, however uneven the stages are. Rooms are given back wherever a section ends, on
//! errors and interruption too, which is why no stage can wait for ever.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::busy::DeviceClock;
use super::{Interpretation, PredictError};
use crate::grid::Section;
use crate::network::{Device, Predictor, set_threads};
use crate::volume::ScaledSection;

/// Most threads that read, and most that finish: neither costs much beside the network.
const MOST_HANDS: usize = 4;

/// Most sections in memory at a time, whatever their stage, when `workers` compute: one that each computes, and as many that
/// wait for one that is slow; beside them what is being read or finished while no worker has to wait.
pub fn sections_in_flight(workers: usize) -> usize {
    2 * workers + MOST_HANDS + 2
}

/// What is done with sections.
pub(super) trait Task: Sync {
    /// What becomes of one.
    type Output: Send;

    /// A section that an earlier run finished.
    fn kept(&self, section: Section) -> Option<Self::Output>;

    /// Reads and scales a section.
    fn read(&self, section: Section) -> Result<ScaledSection, PredictError>;

    /// Applies the network.
    fn compute(
        &self,
        predictor: &Predictor,
        section: Section,
        scaled: &ScaledSection,
    ) -> Result<Interpretation, PredictError>;

    /// Makes of it what is delivered, and keeps it for a later run.
    fn finish(
        &self,
        section: Section,
        live: Vec<bool>,
        interpretation: Interpretation,
    ) -> Result<Self::Output, PredictError>;
}

/// How fast sections were computed; those of earlier runs do not count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Sections that were computed.
    pub(super) sections: usize,
    /// From the first one's reading to the end.
    pub(super) elapsed: Duration,
    /// Share of that time in which devices computed, the mean over devices.
    pub(super) busy_share: f64,
}

/// A section's place in memory, free again when dropped.
struct Room<'a> {
    give: Sender<()>,
    failed: &'a AtomicBool,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        // A stage that panics leaves a gap in the order, behind which sections would wait for ever.
        if thread::panicking() {
            self.failed.store(true, Ordering::Relaxed);
        }
        // There is space for every room, and at the end nobody waits for one.
        let _ = self.give.try_send(());
    }
}

/// A section that is ready for delivery, by its place in the order of delivery.
struct Ready<'a, T> {
    place: usize,
    output: T,
    kept: bool,
    _room: Room<'a>,
}

/// Takes `sections` through `task`, one compute worker for each of `predictors`, and hands them on in their order;
/// `deliver` is told whether an earlier run had finished the section.
///
/// Once `interrupted` is set no further section is begun, and what workers are computing is finished and kept.
///
/// # Errors
/// The first that any stage meets.
pub(super) fn run<T: Task>(
    task: &T,
    sections: &[Section],
    predictors: &mut [Predictor],
    deliver: &mut dyn FnMut(T::Output, bool) -> Result<(), PredictError>,
    interrupted: &AtomicBool,
) -> Result<Pace, PredictError> {
    let workers = predictors.len().min(sections.len());
    let hands = workers.clamp(1, MOST_HANDS);
    let clocks = clocks(&predictors[..workers]);
    let next = AtomicUsize::new(0);
    let kept_or_finished = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let first_read = OnceLock::new();
    let stopped = || interrupted.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);

    let capacity = sections_in_flight(workers);
    let (give_room, rooms) = bounded(capacity);
    for _ in 0..capacity {
        let _ = give_room.try_send(());
    }
    let (read_sender, read) = bounded::<(usize, ScaledSection, Room<'_>)>(hands);
    let (computed_sender, computed) = bounded::<(usize, Vec<bool>, Interpretation, Room<'_>)>(hands);
    // Never full, since everything in it has a room.
    let (ready_sender, ready) = bounded::<Result<Ready<'_, T::Output>, PredictError>>(capacity);
    // Nobody takes errors after the first.
    let fail = |error, ready_sender: &Sender<_>| {
        failed.store(true, Ordering::Relaxed);
        let _ = ready_sender.send(Err(error));
    };

    let (next, kept_or_finished, failed) = (&next, &kept_or_finished, &failed);
    let (first_read, stopped, fail) = (&first_read, &stopped, &fail);
    let delivered = thread::scope(|scope| {
        // All ends live in this scope, so that whoever waits for a stage that has ended wakes.
        let ready = ready;
        for _ in 0..hands {
            let (rooms, give_room) = (rooms.clone(), give_room.clone());
            let (read_sender, ready_sender) = (read_sender.clone(), ready_sender.clone());
            scope.spawn(move || {
                while rooms.recv().is_ok() {
                    let room = Room { give: give_room.clone(), failed };
                    if stopped() {
                        break;
                    }
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&section) = sections.get(place) else { break };
                    if let Some(output) = task.kept(section) {
                        kept_or_finished.fetch_add(1, Ordering::Relaxed);
                        let _ = ready_sender.send(Ok(Ready { place, output, kept: true, _room: room }));
                        continue;
                    }
                    first_read.get_or_init(Instant::now);
                    match task.read(section) {
                        Ok(scaled) => {
                            // Its takers have stopped where this fails; the next round will, too.
                            let _ = read_sender.send((place, scaled, room));
                        }
                        Err(error) => fail(error, &ready_sender),
                    }
                }
            });
        }
        for (predictor, clock) in predictors.iter_mut().zip(&clocks.of_worker) {
            let clock = &clocks.all[*clock];
            let (read, computed_sender, ready_sender) = (read.clone(), computed_sender.clone(), ready_sender.clone());
            scope.spawn(move || {
                set_threads(1);
                for (place, scaled, room) in read {
                    if stopped() {
                        break;
                    }
                    let result = clock.during(|| task.compute(predictor, sections[place], &scaled));
                    let ScaledSection { channels, live } = scaled;
                    drop(channels);
                    match result {
                        Ok(interpretation) => {
                            let _ = computed_sender.send((place, live, interpretation, room));
                        }
                        Err(error) => fail(error, &ready_sender),
                    }
                }
            });
        }
        for _ in 0..hands {
            let (computed, ready_sender) = (computed.clone(), ready_sender.clone());
            scope.spawn(move || {
                // Also what nobody waits for any more is kept for a later run.
                for (place, live, interpretation, room) in computed {
                    match task.finish(sections[place], live, interpretation) {
                        Ok(output) => {
                            kept_or_finished.fetch_add(1, Ordering::Relaxed);
                            let _ = ready_sender.send(Ok(Ready { place, output, kept: false, _room: room }));
                        }
                        Err(error) => fail(error, &ready_sender),
                    }
                }
            });
        }
        drop((rooms, read_sender, read, computed_sender, computed, ready_sender));
        let delivered = in_order(&ready, deliver);
        // Wakes readers that wait for room.
        failed.fetch_or(delivered.is_err(), Ordering::Relaxed);
        drop((ready, give_room));
        delivered
    })?;
    if delivered.sections < sections.len() {
        let finished = kept_or_finished.load(Ordering::Relaxed);
        return Err(PredictError::Interrupted { finished, total: sections.len() });
    }
    let elapsed = first_read.get().map_or(Duration::ZERO, Instant::elapsed);
    let computed = delivered.sections - delivered.kept;
    Ok(Pace { sections: computed, elapsed, busy_share: clocks.busy_share(elapsed) })
}

/// What has been handed on.
#[derive(Clone, Copy, Default)]
struct Delivered {
    sections: usize,
    kept: usize,
}

/// Hands sections on in their order until no more come.
fn in_order<T>(
    ready: &Receiver<Result<Ready<'_, T>, PredictError>>,
    deliver: &mut dyn FnMut(T, bool) -> Result<(), PredictError>,
) -> Result<Delivered, PredictError> {
    let mut waiting = BTreeMap::new();
    let mut delivered = Delivered::default();
    for message in ready {
        let message = message?;
        waiting.insert(message.place, message);
        while let Some(Ready { output, kept, _room, .. }) = waiting.remove(&delivered.sections) {
            deliver(output, kept)?;
            delivered.sections += 1;
            delivered.kept += usize::from(kept);
        }
    }
    Ok(delivered)
}

/// One clock for each device. Workers on the CPU have a core, and so a clock, each.
struct Clocks {
    all: Vec<DeviceClock>,
    /// Which clock each worker uses.
    of_worker: Vec<usize>,
}

fn clocks(predictors: &[Predictor]) -> Clocks {
    let mut devices: Vec<Device> = Vec::new();
    let mut of_worker = Vec::new();
    for predictor in predictors {
        let device = predictor.device();
        let known = devices.iter().position(|&known| known == device && device.is_cuda());
        of_worker.push(known.unwrap_or(devices.len()));
        if known.is_none() {
            devices.push(device);
        }
    }
    Clocks { all: devices.iter().map(|_| DeviceClock::default()).collect(), of_worker }
}

impl Clocks {
    fn busy_share(&self, elapsed: Duration) -> f64 {
        let busy: f64 = self.all.iter().map(|clock| clock.busy().as_secs_f64()).sum();
        busy / (self.all.len() as f64 * elapsed.as_secs_f64()).max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use ndarray::Array2;

    use super::super::test_network::{predictor, waldeland};
    use super::*;
    use crate::network::NetworkError;

    const SECTIONS: usize = 60;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Stage {
        Kept,
        Read,
        Compute,
        Finish,
        Deliver,
    }

    type Trouble = fn() -> Result<(), PredictError>;

    /// Does nothing, unevenly, and counts; has trouble in one stage of section 31.
    struct Counting {
        trouble: Option<(Stage, Trouble)>,
        /// Every how many-th section an earlier run finished.
        kept_every: usize,
        /// Sections in memory, and the most there were.
        in_memory: [AtomicUsize; 2],
        computed: AtomicUsize,
        finished: AtomicUsize,
    }

    impl Counting {
        fn new(trouble: Option<(Stage, Trouble)>, kept_every: usize) -> Self {
            let zero = || AtomicUsize::new(0);
            Self { trouble, kept_every, in_memory: [zero(), zero()], computed: zero(), finished: zero() }
        }

        fn at(&self, stage: Stage, index: usize) -> Result<(), PredictError> {
            thread::sleep(Duration::from_micros(((index * 37 + stage as usize * 11) % 19) as u64 * 40));
            match self.trouble {
                Some((troubled, make)) if troubled == stage && index == 31 => make(),
                _ => Ok(()),
            }
        }

        fn enters(&self) {
            let now = self.in_memory[0].fetch_add(1, Ordering::SeqCst) + 1;
            self.in_memory[1].fetch_max(now, Ordering::SeqCst);
        }

        /// Takes all sections through; gives back those delivered.
        fn run(&self, workers: usize, stop_after: usize) -> (Vec<usize>, Result<Pace, PredictError>) {
            let sections: Vec<_> = (0..SECTIONS).map(Section::inline).collect();
            let network = predictor(waldeland());
            let mut predictors: Vec<_> = (0..workers).map(|_| network.share()).collect();
            let interrupted = AtomicBool::new(false);
            let mut delivered = Vec::new();
            let mut deliver = |index: usize, kept| {
                assert_eq!(kept, index.is_multiple_of(self.kept_every));
                self.at(Stage::Deliver, index)?;
                self.in_memory[0].fetch_sub(1, Ordering::SeqCst);
                delivered.push(index);
                interrupted.store(delivered.len() >= stop_after, Ordering::Relaxed);
                Ok(())
            };
            let result = run(self, &sections, &mut predictors, &mut deliver, &interrupted);
            (delivered, result)
        }
    }

    impl Task for Counting {
        type Output = usize;

        fn kept(&self, section: Section) -> Option<usize> {
            self.at(Stage::Kept, section.index).ok()?;
            let kept = section.index.is_multiple_of(self.kept_every).then_some(section.index);
            kept.inspect(|_| self.enters())
        }

        fn read(&self, section: Section) -> Result<ScaledSection, PredictError> {
            self.enters();
            self.at(Stage::Read, section.index)?;
            let channels = Array2::from_elem((1, 1), section.index as f32).into();
            Ok(ScaledSection { channels, live: vec![true] })
        }

        fn compute(
            &self,
            _: &Predictor,
            section: Section,
            scaled: &ScaledSection,
        ) -> Result<Interpretation, PredictError> {
            let amplitude = scaled.channels.iter().next().map(|channel| channel[[0, 0]]);
            assert_eq!(amplitude, Some(section.index as f32));
            self.at(Stage::Compute, section.index)?;
            self.computed.fetch_add(1, Ordering::SeqCst);
            Ok(Interpretation {
                codes: Array2::zeros((1, 1)),
                confidence: None,
                probability: None,
                uncertainty: Vec::new(),
            })
        }

        fn finish(&self, section: Section, _: Vec<bool>, _: Interpretation) -> Result<usize, PredictError> {
            self.at(Stage::Finish, section.index)?;
            self.finished.fetch_add(1, Ordering::SeqCst);
            Ok(section.index)
        }
    }

    #[test]
    fn sections_arrive_in_order_and_no_more_than_promised_are_in_memory() {
        for (workers, kept_every) in [(1, 7), (3, 2), (8, 1000), (100, 5)] {
            let task = Counting::new(None, kept_every);
            let (delivered, result) = task.run(workers, usize::MAX);
            assert_eq!(delivered, (0..SECTIONS).collect::<Vec<_>>());
            assert_eq!(result.unwrap().sections, SECTIONS - SECTIONS.div_ceil(kept_every));
            let most = task.in_memory[1].load(Ordering::SeqCst);
            assert!(most <= sections_in_flight(workers), "{most} with {workers} workers");
        }
    }

    #[test]
    fn a_failure_in_any_stage_stops_all_and_loses_nothing_that_was_computed() {
        let fail = || Err(NetworkError::NoDenseForm.into());
        for stage in [Stage::Read, Stage::Compute, Stage::Finish, Stage::Deliver] {
            for workers in [1, 4] {
                let task = Counting::new(Some((stage, fail)), 1000);
                let (delivered, result) = task.run(workers, usize::MAX);
                assert!(matches!(result, Err(PredictError::Network(_))), "{stage:?}: {result:?}");
                assert_eq!(delivered, (0..delivered.len()).collect::<Vec<_>>());
                assert!(delivered.len() <= 31);
                let lost = usize::from(stage == Stage::Finish);
                assert_eq!(task.finished.into_inner() + lost, task.computed.into_inner(), "{stage:?}");
            }
        }
    }

    #[test]
    fn a_panic_in_any_stage_reaches_the_caller() {
        for stage in [Stage::Kept, Stage::Read, Stage::Compute, Stage::Finish, Stage::Deliver] {
            for workers in [1, 4] {
                let task = Counting::new(Some((stage, || panic!("on purpose"))), 1000);
                assert!(catch_unwind(AssertUnwindSafe(|| task.run(workers, usize::MAX))).is_err(), "{stage:?}");
            }
        }
    }

    #[test]
    fn an_interruption_keeps_what_is_computed_and_says_how_much() {
        for (workers, stop_after) in [(1, 1), (4, 5), (4, 40)] {
            let task = Counting::new(None, 1000);
            let (delivered, result) = task.run(workers, stop_after);
            let Err(PredictError::Interrupted { finished, total: SECTIONS }) = result else { panic!("{result:?}") };
            assert!((stop_after..SECTIONS).contains(&delivered.len()) && delivered.len() <= finished);
            let (computed, kept) = (task.computed.into_inner(), 1);
            assert_eq!((task.finished.into_inner(), finished), (computed, computed + kept));
        }
    }
}
