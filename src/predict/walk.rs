//! The walk over the sections of a cube, along one plane or both.

use std::sync::atomic::AtomicBool;

use ndarray::{Array2, Array3, ArrayView1, s};
use rayon::prelude::*;

use super::pipeline::{self, Task};
use super::probability_file::ProbabilityFile;
use super::{
    Interpretation, Outputs, PredictError, PredictOptions, PredictedSection, PredictionProgress, PredictionSummary,
    SectionSink, SectionStore, SectionWindow, interpret_section,
};
use crate::grid::{Section, UNLABELLED};
use crate::network::Predictor;
use crate::volume::{ScaledSection, SectionReader};

/// A cube about to be interpreted.
#[derive(Clone, Copy)]
pub struct Prediction<'a> {
    /// The cube, as the network was trained to see it.
    pub reader: &'a SectionReader<'a>,
    /// What to predict, and how.
    pub options: &'a PredictOptions,
    /// Keeps finished sections.
    pub store: &'a SectionStore,
}

impl Prediction<'_> {
    /// Interprets the sections and hands them in order to `sinks`, which the caller finishes. There is one compute worker for
    /// each of `predictors`: on the CPU one a core, on a CUDA device two, of which one prepares and fetches while the kernels
    /// of the other run.
    ///
    /// Reading, computing, keeping and writing overlap; at most [`sections_in_flight`](super::sections_in_flight) are in
    /// memory. Every section finished is kept in the store; those it holds already are taken from there. Once `interrupted`
    /// is set no further section is begun. The bytes that reach the sinks depend neither on the number of workers nor on
    /// interruptions.
    ///
    /// # Errors
    /// When the volume cannot be read, memory runs out, an output cannot be written, or on interruption.
    pub fn run(
        &self,
        mut predictors: Vec<Predictor>,
        sinks: &mut [Box<dyn SectionSink + '_>],
        progress: &mut dyn FnMut(PredictionProgress),
        interrupted: &AtomicBool,
    ) -> Result<PredictionSummary, PredictError> {
        let Some(classes) = predictors.first().map(Predictor::classes) else {
            return Ok(PredictionSummary::default());
        };
        self.options.engine.check(&predictors[0])?;
        self.options.check_passes()?;
        let other = self.other_plane(classes)?;
        let (sections, voxels) = (&self.options.sections, self.options.window.voxels());
        let first = other.as_ref().map_or(0, |other| other.options.sections.len());
        let first_voxels = other.as_ref().map_or(0, |other| other.options.window.voxels());
        let mut told = PredictionProgress {
            sections: 0,
            total_sections: first + sections.len(),
            voxels: 0,
            computed_voxels: 0,
            total_voxels: first_voxels * first as u64 + voxels * sections.len() as u64,
        };
        let mut tell = |voxels: u64, kept: bool| {
            told.sections += 1;
            told.voxels += voxels;
            told.computed_voxels += if kept { 0 } else { voxels };
            progress(told);
        };
        // Counts the sections of both planes.
        let of_all = |before: usize, after: usize| {
            move |error| match error {
                PredictError::Interrupted { finished, total } => {
                    PredictError::Interrupted { finished: before + finished, total: before + total + after }
                }
                error => error,
            }
        };
        let mut summary = PredictionSummary::default();
        if let Some(other) = &other {
            let mut deliver = |(), kept| {
                tell(first_voxels, kept);
                Ok(())
            };
            let pace = pipeline::run(other, &other.options.sections, &mut predictors, &mut deliver, interrupted)
                .map_err(of_all(0, sections.len()))?;
            summary.add(pace, first_voxels);
        }
        let mut options = self.options.clone();
        if other.is_some() {
            options.outputs = Outputs { probability: true, ..Outputs::default() };
        }
        let task = OwnPlane { prediction: *self, options, other: other.as_ref().map(|other| &other.probabilities) };
        let mut deliver = |section: PredictedSection, kept| {
            sinks.par_iter_mut().try_for_each(|sink| sink.write(&section))?;
            tell(voxels, kept);
            Ok(())
        };
        let pace =
            pipeline::run(&task, sections, &mut predictors, &mut deliver, interrupted).map_err(of_all(first, 0))?;
        summary.add(pace, voxels);
        Ok(summary)
    }

    /// Sections that an earlier, interrupted run finished, of both planes where they are averaged.
    ///
    /// # Errors
    /// When what it left cannot be read.
    pub fn kept_sections(&self, classes: usize) -> Result<usize, PredictError> {
        let own = self.options.sections.iter().filter(|&&section| self.store.holds(section)).count();
        Ok(own + self.other_plane(classes)?.map_or(0, |other| other.probabilities.finished()))
    }

    /// The sections along the other plane that see the same voxels, where both are averaged.
    fn other_plane(&self, classes: usize) -> Result<Option<OtherPlane<'_>>, PredictError> {
        let PredictOptions { sections, window, both_planes, .. } = self.options;
        let (Some(first), Some(last), true) = (sections.first(), sections.last(), *both_planes) else {
            return Ok(None);
        };
        let plane = first.plane.other();
        let options = PredictOptions {
            sections: window.traces.clone().map(|index| Section { plane, index }).collect(),
            window: SectionWindow { traces: first.index..last.index + 1, samples: window.samples.clone() },
            outputs: Outputs { probability: true, ..Outputs::default() },
            both_planes: false,
            ..self.options.clone()
        };
        let [traces, samples] = options.window.shape();
        let probabilities =
            ProbabilityFile::open(self.store.folder(), window.traces.clone(), [traces, classes, samples])?;
        Ok(Some(OtherPlane { prediction: *self, options, probabilities }))
    }

    fn read(&self, section: Section) -> Result<ScaledSection, PredictError> {
        Ok(self.reader.read(section)?)
    }
}

/// The plane whose sections reach the sinks.
struct OwnPlane<'a> {
    prediction: Prediction<'a>,
    /// What the network is asked for.
    options: PredictOptions,
    /// Probabilities along the other plane.
    other: Option<&'a ProbabilityFile>,
}

impl Task for OwnPlane<'_> {
    type Output = PredictedSection;

    fn kept(&self, section: Section) -> Option<PredictedSection> {
        self.prediction.store.load(section)
    }

    fn read(&self, section: Section) -> Result<ScaledSection, PredictError> {
        self.prediction.read(section)
    }

    fn compute(
        &self,
        predictor: &Predictor,
        section: Section,
        scaled: &ScaledSection,
    ) -> Result<Interpretation, PredictError> {
        interpret_section(predictor, &self.options, section, &scaled.channels, ArrayView1::from(&scaled.live))
    }

    fn finish(
        &self,
        section: Section,
        live: Vec<bool>,
        mut interpretation: Interpretation,
    ) -> Result<PredictedSection, PredictError> {
        let Prediction { reader, options, store, .. } = self.prediction;
        if let Some(other) = self.other {
            let own = interpretation.probability.take().expect("it was asked for");
            let other = other.across(section.index - options.sections[0].index)?;
            let live = ArrayView1::from(&live[options.window.traces.clone()]);
            interpretation = Interpretation::from_probabilities((own + other) * 0.5, live, options.outputs);
        }
        let shape = reader.volume().geometry().section_shape(section.plane);
        let whole = whole_section(section, shape, &options.window, interpretation);
        store.save(&whole)?;
        Ok(whole)
    }
}

/// The plane that is interpreted first, where both are averaged.
struct OtherPlane<'a> {
    prediction: Prediction<'a>,
    options: PredictOptions,
    probabilities: ProbabilityFile,
}

impl Task for OtherPlane<'_> {
    type Output = ();

    fn kept(&self, section: Section) -> Option<()> {
        self.probabilities.holds(section.index).then_some(())
    }

    fn read(&self, section: Section) -> Result<ScaledSection, PredictError> {
        self.prediction.read(section)
    }

    fn compute(
        &self,
        predictor: &Predictor,
        section: Section,
        scaled: &ScaledSection,
    ) -> Result<Interpretation, PredictError> {
        interpret_section(predictor, &self.options, section, &scaled.channels, ArrayView1::from(&scaled.live))
    }

    fn finish(&self, section: Section, _live: Vec<bool>, interpretation: Interpretation) -> Result<(), PredictError> {
        let probability = interpretation.probability.expect("it was asked for");
        self.probabilities.write(section.index, probability.view())
    }
}

/// The section of `shape` with an interpretation in its window, and "no class" elsewhere.
fn whole_section(
    section: Section,
    shape: [usize; 2],
    window: &SectionWindow,
    interpretation: Interpretation,
) -> PredictedSection {
    let Interpretation { codes, confidence, probability, uncertainty } = interpretation;
    let SectionWindow { traces, samples } = window;
    if *window == SectionWindow::whole(shape) {
        return PredictedSection { section, codes, confidence, probability, uncertainty };
    }
    let inside = s![traces.clone(), samples.clone()];
    let mut whole = PredictedSection {
        section,
        codes: Array2::from_elem(shape, UNLABELLED),
        confidence: confidence.as_ref().map(|_| Array2::zeros(shape)),
        probability: probability.as_ref().map(|values| Array3::zeros((values.dim().0, shape[0], shape[1]))),
        uncertainty: uncertainty.iter().map(|(which, _)| (*which, Array2::zeros(shape))).collect(),
    };
    whole.codes.slice_mut(inside).assign(&codes);
    if let (Some(whole), Some(values)) = (&mut whole.confidence, confidence) {
        whole.slice_mut(inside).assign(&values);
    }
    for ((_, whole), (_, values)) in whole.uncertainty.iter_mut().zip(uncertainty) {
        whole.slice_mut(inside).assign(&values);
    }
    if let (Some(whole), Some(values)) = (&mut whole.probability, probability) {
        whole.slice_mut(s![.., traces.clone(), samples.clone()]).assign(&values);
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::Ordering;
    use std::sync::{Arc, Mutex};

    use ndarray::Array3;

    use super::super::test_network::{
        loud_sampling_predictor, model, noise, predictor, sampling_predictor, unet, vgg16, waldeland,
    };
    use super::super::{Engine, Outputs, SectionWindow, SinkError, Uncertainty};
    use super::*;
    use crate::dataset::Padding;
    use crate::grid::{Domain, Geometry, LineAxis, Plane, VerticalAxis};
    use crate::network::{self, Architecture, Device, Head, MonteCarlo, NetworkError, Precision};
    use crate::volume::{AmplitudeScaling, MemoryVolume, Volume};

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

    fn options(plane: Plane) -> PredictOptions {
        let shape = volume().geometry().section_shape(plane);
        PredictOptions {
            engine: Engine::Dense { tile: 16 },
            padding: Padding::Zero,
            sections: (0..volume().geometry().section_axis(plane).count)
                .map(|index| Section { plane, index })
                .collect(),
            window: SectionWindow::whole(shape),
            outputs: Outputs { probability: true, confidence: true, ..Outputs::default() },
            both_planes: false,
            monte_carlo: None,
        }
    }

    /// Interprets with so many workers, stopping after `sections` sections.
    fn run(
        options: &PredictOptions,
        workers: usize,
        store: &SectionStore,
        sections: usize,
    ) -> (Vec<PredictedSection>, Result<PredictionSummary, PredictError>) {
        run_with(&predictor(waldeland()), options, workers, store, sections)
    }

    fn run_with(
        predictor: &Predictor,
        options: &PredictOptions,
        workers: usize,
        store: &SectionStore,
        sections: usize,
    ) -> (Vec<PredictedSection>, Result<PredictionSummary, PredictError>) {
        let collected = Arc::new(Mutex::new(Vec::new()));
        let mut sinks: Vec<Box<dyn SectionSink>> = vec![Box::new(Collector(Arc::clone(&collected)))];
        let interrupted = AtomicBool::new(false);
        let mut watch = |progress: PredictionProgress| {
            interrupted.store(progress.sections >= sections, Ordering::Relaxed);
        };
        let scaling = AmplitudeScaling::new(-1.0, 1.0).unwrap();
        let volume = volume();
        let reader = SectionReader::new(&volume, scaling);
        let prediction = Prediction { reader: &reader, options, store };
        let predictors = (0..workers).map(|_| predictor.share()).collect();
        let result = prediction.run(predictors, &mut sinks, &mut watch, &interrupted);
        let collected = std::mem::take(&mut *collected.lock().unwrap());
        (collected, result)
    }

    /// Cut off, unless all sections were under way already: how many are is for the machine to say.
    fn assert_cut_off(result: &Result<PredictionSummary, PredictError>) {
        let fits = match result {
            Ok(_) => true,
            Err(PredictError::Interrupted { finished, total }) => finished < total,
            Err(_) => false,
        };
        assert!(fits, "{result:?}");
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
            let (expected, result) = run(&options(plane), 1, &fresh, usize::MAX);
            result.unwrap();
            let places: Vec<_> = expected.iter().map(|section| section.section.index).collect();
            assert_eq!(places, (0..expected.len()).collect::<Vec<_>>());

            let (_folder, fresh) = store();
            let (parallel, result) = run(&options(plane), 2, &fresh, usize::MAX);
            result.unwrap();
            assert_eq!(parallel, expected);

            let (folder, store) = store();
            let (_, result) = run(&options(plane), 2, &store, 1);
            assert_cut_off(&result);
            // A file torn by a crash is computed again.
            let first = folder.path().join(format!("{}-000000.section", plane.name()));
            let bytes = std::fs::read(&first).unwrap();
            std::fs::write(&first, &bytes[..bytes.len() / 2]).unwrap();
            let (continued, result) = run(&options(plane), 2, &store, usize::MAX);
            result.unwrap();
            assert_eq!(continued, expected);
        }
    }

    #[test]
    fn passes_with_dropout_give_the_same_bits_whatever_the_workers_interruptions_and_batches() {
        for (engine, predictor) in [
            (Engine::Dense { tile: 16 }, sampling_predictor(waldeland())),
            (Engine::Patch { batch: 32, stride: 1 }, sampling_predictor(waldeland())),
            (Engine::Dense { tile: 24 }, sampling_predictor(vgg16("conv2_1"))),
            (Engine::Dense { tile: 16 }, loud_sampling_predictor(unet())),
        ] {
            let options = PredictOptions {
                engine,
                window: SectionWindow { traces: 3..19, samples: 10..23 },
                outputs: Outputs { uncertainty: [true; Uncertainty::ALL.len()], ..options(Plane::Inline).outputs },
                monte_carlo: Some(MonteCarlo { passes: 3, seed: 8 }),
                ..options(Plane::Inline)
            };
            let interpret = |options: &PredictOptions, workers, stops: &[usize]| {
                let (_folder, store) = store();
                for &stop in stops {
                    let (_, result) = run_with(&predictor, options, workers, &store, stop);
                    assert_cut_off(&result);
                }
                let (sections, result) = run_with(&predictor, options, workers, &store, usize::MAX);
                result.unwrap();
                sections
            };
            let expected = interpret(&options, 1, &[]);
            assert_eq!(interpret(&options, 2, &[1]), expected);
            let deviation = expected[1].uncertainty(Uncertainty::Deviation).unwrap();
            let mean = deviation.mean().unwrap();
            assert!(mean > 1e-6 && deviation[[2, 12]] == 0.0, "{mean}");

            // Other tiles, batches and windows: the same lots, and last digits of their own.
            let window = SectionWindow { traces: 5..12, samples: 12..20 };
            let other = PredictOptions { engine: engine.with_size(8), window: window.clone(), ..options.clone() };
            for (section, expected) in interpret(&other, 1, &[]).iter().zip(&expected) {
                for ((which, values), (_, expected)) in section.uncertainty.iter().zip(&expected.uncertainty) {
                    let inside = s![window.traces.clone(), window.samples.clone()];
                    let difference = &values.slice(inside) - &expected.slice(inside);
                    let largest = difference.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
                    assert!(largest < 2e-6, "{which:?}: {largest} with {engine:?}");
                }
            }
            let other_seed = PredictOptions { monte_carlo: Some(MonteCarlo { passes: 3, seed: 9 }), ..options.clone() };
            assert_ne!(interpret(&other_seed, 1, &[]), expected);
        }
    }

    #[test]
    fn what_passes_with_dropout_cannot_give_is_refused() {
        let asked = |which, passes: Option<usize>, both_planes, engine| PredictOptions {
            outputs: Outputs::default().with(which),
            monte_carlo: passes.map(|passes| MonteCarlo { passes, seed: 1 }),
            both_planes,
            engine,
            ..options(Plane::Inline)
        };
        let preview = Engine::Patch { batch: 8, stride: 2 };
        for (options, fits) in [
            (asked(Uncertainty::Entropy, None, true, preview), true),
            (asked(Uncertainty::Deviation, None, false, Engine::DENSE), false),
            (asked(Uncertainty::Deviation, Some(2), false, Engine::DENSE), true),
            (asked(Uncertainty::MutualInformation, Some(1), false, Engine::DENSE), false),
            (asked(Uncertainty::MutualInformation, Some(9), true, Engine::DENSE), false),
            (asked(Uncertainty::Margin, Some(9), true, Engine::DENSE), true),
            (asked(Uncertainty::Margin, Some(9), false, preview), false),
        ] {
            assert_eq!(options.check_passes().is_ok(), fits, "{options:?}");
        }
        let head = Head { hidden: vec![4], dropout: 0.0, batch_norm: false, batch_norm_scores: false };
        let without = Architecture::Vgg16 { cut: Some("conv2_1".into()), padding: network::Padding::Valid, head };
        let refused = model(without).sampling_predictor_in(Device::cpu(), Precision::Float32).unwrap_err();
        assert!(matches!(refused, NetworkError::NoDropout));
        // A network whose dropout was folded away must not give deviations of 0.
        let (_folder, store) = store();
        let options = asked(Uncertainty::Deviation, Some(2), false, Engine::Dense { tile: 16 });
        let (_, result) = run(&options, 1, &store, usize::MAX);
        assert!(matches!(result, Err(PredictError::Network(NetworkError::NoDropout))), "{result:?}");
    }

    #[test]
    fn dead_traces_and_voxels_outside_the_window_get_no_class() {
        let mut options = options(Plane::Inline);
        options.window = SectionWindow { traces: 2..9, samples: 10..40 };
        let (_folder, store) = store();
        let (sections, result) = run(&options, 1, &store, usize::MAX);
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

    #[test]
    fn both_planes_are_averaged_whatever_the_workers_and_interruptions() {
        let all = Outputs { probability: true, confidence: true, ..Outputs::default() };
        let block = |plane: Plane| {
            let [traces, index] = if plane == Plane::Inline { [5..17, 1..5] } else { [1..5, 5..17] };
            let sections = index.map(|index| Section { plane, index }).collect();
            PredictOptions {
                sections,
                window: SectionWindow { traces, samples: 3..33 },
                outputs: all,
                ..options(plane)
            }
        };
        // Probability and class `[inline, crossline, sample]` of what a run collected.
        let cube = |sections: &[PredictedSection]| {
            let mut probability = ndarray::Array4::<f32>::zeros((5, 6, 30, 40));
            let mut codes = Array3::from_elem((6, 30, 40), UNLABELLED);
            let mut confidence = Array3::<f32>::zeros((6, 30, 40));
            for section in sections {
                for trace in 0..section.codes.nrows() {
                    let [i, j] = section.section.cell(trace);
                    codes.slice_mut(s![i, j, ..]).assign(&section.codes.row(trace));
                    confidence.slice_mut(s![i, j, ..]).assign(&section.confidence.as_ref().unwrap().row(trace));
                    let values = section.probability.as_ref().unwrap().slice(s![.., trace, ..]).to_owned();
                    probability.slice_mut(s![.., i, j, ..]).assign(&values);
                }
            }
            (probability, codes, confidence)
        };
        let alone = [Plane::Inline, Plane::Crossline].map(|plane| {
            let (_folder, store) = store();
            let (sections, result) = run(&block(plane), 1, &store, usize::MAX);
            result.unwrap();
            cube(&sections).0
        });
        let expected = (&alone[0] + &alone[1]) * 0.5;
        for plane in [Plane::Inline, Plane::Crossline] {
            let options = PredictOptions { both_planes: true, ..block(plane) };
            assert_eq!(options.probability_file_bytes(5), 4 * 12 * 5 * 30 * 4);
            for (workers, stops) in [(1, vec![]), (2, vec![1, 6])] {
                let (_folder, store) = store();
                for stop in stops {
                    let (_, result) = run(&options, workers, &store, stop);
                    assert_cut_off(&result);
                }
                let (sections, result) = run(&options, workers, &store, usize::MAX);
                assert!(result.unwrap().voxels <= 2 * 4 * 12 * 30);
                let (probability, codes, confidence) = cube(&sections);
                assert_eq!(probability, expected);
                for ((i, j, k), &code) in codes.indexed_iter() {
                    let inside = (1..5).contains(&i) && (5..17).contains(&j) && (3..33).contains(&k);
                    assert_eq!(code != UNLABELLED, inside, "[{i}, {j}, {k}]");
                    let own = if inside { expected[[usize::from(code), i, j, k]] } else { 0.0 };
                    assert_eq!(confidence[[i, j, k]], own);
                    assert!((0..5).all(|class| expected[[class, i, j, k]] <= own));
                }
            }
        }
    }
}
