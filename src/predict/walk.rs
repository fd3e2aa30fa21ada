//! The walk over the sections of a cube.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use ndarray::{Array2, Array3, ArrayView1, s};

use super::{PredictError, PredictOptions, PredictedSection, SectionSink, SectionStore, section_probabilities};
use crate::grid::{Section, UNLABELLED};
use crate::network::{Predictor, set_threads};
use crate::volume::{AmplitudeScaling, Volume, live_in_section};

/// How far a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictionProgress {
    /// Sections finished.
    pub sections: usize,
    /// Sections asked for.
    pub total_sections: usize,
    /// Voxels of the finished sections.
    pub voxels: u64,
    /// Voxels asked for.
    pub total_voxels: u64,
    /// Whether the section just finished came from an earlier, interrupted run.
    pub kept: bool,
}

/// A cube about to be interpreted.
#[derive(Clone, Copy)]
pub struct Prediction<'a> {
    /// The cube.
    pub volume: &'a dyn Volume,
    /// The clip and scale it was trained with.
    pub scaling: &'a AmplitudeScaling,
    /// What to predict, and how.
    pub options: &'a PredictOptions,
    /// Keeps finished sections.
    pub store: &'a SectionStore,
}

impl Prediction<'_> {
    /// Interprets the sections with `predictor` and hands them in order to `sinks`, which the caller finishes.
    ///
    /// Every section finished is kept in the store first; those it holds already are taken from there. Once `interrupted`
    /// is set no further section is begun.
    ///
    /// # Errors
    /// When the volume cannot be read, memory runs out, an output cannot be written, or on interruption.
    pub fn run(
        &self,
        predictor: &Predictor,
        sinks: &mut [Box<dyn SectionSink + '_>],
        progress: &mut dyn FnMut(PredictionProgress),
        interrupted: &AtomicBool,
    ) -> Result<(), PredictError> {
        let options = self.options;
        options.engine.check(predictor)?;
        let total = options.sections.len();
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let workers = options.workers.clamp(1, total.max(1));
        // A worker that is ahead waits here, so that only a few sections are in memory at a time.
        let (sender, receiver) = sync_channel(workers);
        thread::scope(|scope| {
            // The receiver lives in this scope, so that a sink's error wakes the workers that wait to send.
            let receiver = receiver;
            for _ in 0..workers {
                let (prediction, predictor, sender, next, failed) =
                    (*self, predictor.share(), sender.clone(), &next, &failed);
                scope.spawn(move || {
                    set_threads(1);
                    let stopped = || interrupted.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
                    while !stopped() {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(&section) = prediction.options.sections.get(place) else { break };
                        let result = prediction.section(&predictor, section);
                        failed.fetch_or(result.is_err(), Ordering::Relaxed);
                        if sender.send((place, result)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);

            let mut waiting = BTreeMap::new();
            let mut finished = 0;
            for (place, result) in &receiver {
                waiting.insert(place, result?);
                while let Some((section, kept)) = waiting.remove(&finished) {
                    for sink in sinks.iter_mut() {
                        sink.write(&section)?;
                    }
                    finished += 1;
                    let voxels = options.window.voxels();
                    progress(PredictionProgress {
                        sections: finished,
                        total_sections: total,
                        voxels: voxels * finished as u64,
                        total_voxels: voxels * total as u64,
                        kept,
                    });
                }
            }
            if finished < total { Err(PredictError::Interrupted { finished, total }) } else { Ok(()) }
        })
    }

    /// The section from the store, or computed and kept there; and whether it was there.
    fn section(&self, predictor: &Predictor, section: Section) -> Result<(PredictedSection, bool), PredictError> {
        if let Some(kept) = self.store.load(section) {
            return Ok((kept, true));
        }
        let Self { volume, options, .. } = *self;
        let [traces, samples] = volume.geometry().section_shape(section.plane);
        let mut amplitude = Array2::zeros((traces, samples));
        volume.read_section(section, amplitude.view_mut())?;
        let live = live_in_section(volume, section, amplitude.view());
        self.scaling.apply(amplitude.view_mut());
        let live = ArrayView1::from(&live);
        let window = &options.window;
        let probabilities =
            section_probabilities(predictor, options.engine, options.padding, amplitude.view(), live, window)?;
        let predicted = classified(section, [traces, samples], options, probabilities, live);
        self.store.save(&predicted)?;
        Ok((predicted, false))
    }
}

/// Classes and chosen outputs of a whole section from the probabilities `[class, trace, sample]` of its window.
fn classified(
    section: Section,
    [traces, samples]: [usize; 2],
    options: &PredictOptions,
    probabilities: Array3<f32>,
    live: ArrayView1<'_, bool>,
) -> PredictedSection {
    let window = &options.window;
    let mut codes = Array2::from_elem((traces, samples), UNLABELLED);
    let mut confidence = options.outputs.confidence.then(|| Array2::zeros((traces, samples)));
    for trace in window.traces.clone().filter(|&trace| live[trace]) {
        for sample in window.samples.clone() {
            let column = probabilities.slice(s![.., trace - window.traces.start, sample - window.samples.start]);
            let (code, largest) = most_probable(column);
            codes[[trace, sample]] = code;
            if let Some(confidence) = &mut confidence {
                confidence[[trace, sample]] = largest;
            }
        }
    }
    let probability = options.outputs.probability.then(|| {
        if probabilities.dim() == (probabilities.dim().0, traces, samples) {
            return probabilities;
        }
        let mut whole = Array3::zeros((probabilities.dim().0, traces, samples));
        whole.slice_mut(s![.., window.traces.clone(), window.samples.clone()]).assign(&probabilities);
        whole
    });
    PredictedSection { section, codes, confidence, probability }
}

/// The first of the most probable classes.
fn most_probable(probabilities: ArrayView1<'_, f32>) -> (u8, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (code, &probability) in probabilities.iter().enumerate() {
        if probability > best.1 {
            best = (code as u8, probability);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};

    use ndarray::Array3;

    use super::super::test_network::{noise, predictor, waldeland};
    use super::super::{Engine, Outputs, SectionWindow, SinkError};
    use super::*;
    use crate::dataset::Padding;
    use crate::grid::{Domain, Geometry, LineAxis, Plane, VerticalAxis};
    use crate::volume::MemoryVolume;

    /// Keeps what it is given.
    struct Collector(Arc<Mutex<Vec<PredictedSection>>>);

    impl SectionSink for Collector {
        fn write(&mut self, section: &PredictedSection) -> Result<(), SinkError> {
            self.0.lock().unwrap().push(section.clone());
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError> {
            Ok(Vec::new())
        }
    }

    fn volume() -> MemoryVolume {
        let line = |first, count| LineAxis { first, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 40 };
        let geometry = Geometry { inline: line(100, 6), crossline: line(300, 30), vertical, xy_from_grid: None };
        let mut cube = noise(6 * 30, 40).into_shape_with_order((6, 30, 40)).unwrap();
        // One trace without signal.
        cube.slice_mut(s![2, 4, ..]).fill(0.0);
        MemoryVolume::new(geometry, cube).unwrap()
    }

    fn options(plane: Plane, workers: usize) -> PredictOptions {
        let shape = volume().geometry().section_shape(plane);
        PredictOptions {
            engine: Engine::Dense { tile: 16 },
            padding: Padding::Zero,
            sections: (0..volume().geometry().section_axis(plane).count)
                .map(|index| Section { plane, index })
                .collect(),
            window: SectionWindow::whole(shape),
            outputs: Outputs { probability: true, confidence: true },
            workers,
        }
    }

    /// Interprets, stopping after `sections` of them.
    fn run(
        options: &PredictOptions,
        store: &SectionStore,
        sections: usize,
    ) -> (Vec<PredictedSection>, Result<(), PredictError>) {
        let collected = Arc::new(Mutex::new(Vec::new()));
        let mut sinks: Vec<Box<dyn SectionSink>> = vec![Box::new(Collector(Arc::clone(&collected)))];
        let interrupted = AtomicBool::new(false);
        let mut watch = |progress: PredictionProgress| {
            interrupted.store(progress.sections >= sections, Ordering::Relaxed);
        };
        let scaling = AmplitudeScaling::new(-1.0, 1.0).unwrap();
        let (volume, predictor) = (volume(), predictor(waldeland()));
        let prediction = Prediction { volume: &volume, scaling: &scaling, options, store };
        let result = prediction.run(&predictor, &mut sinks, &mut watch, &interrupted);
        let collected = std::mem::take(&mut *collected.lock().unwrap());
        (collected, result)
    }

    fn store() -> (tempfile::TempDir, SectionStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = SectionStore::open(folder.path()).unwrap();
        (folder, store)
    }

    #[test]
    fn any_number_of_workers_and_any_interruption_gives_the_same_bits() {
        for plane in [Plane::Inline, Plane::Crossline] {
            let (_folder, fresh) = store();
            let (expected, result) = run(&options(plane, 1), &fresh, usize::MAX);
            result.unwrap();
            let places: Vec<_> = expected.iter().map(|section| section.section.index).collect();
            assert_eq!(places, (0..expected.len()).collect::<Vec<_>>());

            let (_folder, fresh) = store();
            let (parallel, result) = run(&options(plane, 2), &fresh, usize::MAX);
            result.unwrap();
            assert_eq!(parallel, expected);

            let (folder, store) = store();
            let (_, result) = run(&options(plane, 2), &store, 1);
            assert!(matches!(result, Err(PredictError::Interrupted { .. })));
            // A file torn by a crash is computed again.
            let first = folder.path().join(format!("{}-000000.section", plane.name()));
            let bytes = std::fs::read(&first).unwrap();
            std::fs::write(&first, &bytes[..bytes.len() / 2]).unwrap();
            let (continued, result) = run(&options(plane, 2), &store, usize::MAX);
            result.unwrap();
            assert_eq!(continued, expected);
        }
    }

    #[test]
    fn dead_traces_and_voxels_outside_the_window_get_no_class() {
        let mut options = options(Plane::Inline, 1);
        options.window = SectionWindow { traces: 2..9, samples: 10..40 };
        let (_folder, store) = store();
        let (sections, result) = run(&options, &store, usize::MAX);
        result.unwrap();
        for section in sections {
            let confidence = section.confidence.unwrap();
            let probability: Array3<f32> = section.probability.unwrap();
            for ((trace, sample), &code) in section.codes.indexed_iter() {
                let inside = (2..9).contains(&trace) && (10..40).contains(&sample);
                let dead = section.section.index == 2 && trace == 4;
                assert_eq!(code != UNLABELLED, inside && !dead);
                let sum = probability.slice(s![.., trace, sample]).sum();
                assert!((sum - if inside && !dead { 1.0 } else { 0.0 }).abs() < 1e-5);
                let own = if code == UNLABELLED { 0.0 } else { probability[[usize::from(code), trace, sample]] };
                assert_eq!(confidence[[trace, sample]], own);
            }
        }
    }
}
