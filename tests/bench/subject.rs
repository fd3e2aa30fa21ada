//! What is measured: networks with random weights on a section of a synthetic survey. For the table and the check of devices.

use std::thread;
use std::time::Instant;

use facies::dataset::Padding;
use facies::grid::{ClassTable, Domain, Plane, Section};
use facies::network::{
    Architecture, Device, Head, Model, ModelDescription, NamedArray, Padding as NetworkPadding, Precision, Predictor,
    set_threads,
};
use facies::predict::{
    Engine, MemoryPlan, Outputs, PredictOptions, SectionWindow, interpret_section, section_probabilities,
};
use facies::volume::synthetic::{Facies, SyntheticCube, SyntheticOptions};
use facies::volume::{AmplitudeScaling, SectionChannels};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView3, Axis};

use crate::Failure;

/// One scaled section, all of its traces live.
pub(super) struct Line {
    pub(super) amplitude: Array2<f32>,
    live: Array1<bool>,
}

impl Line {
    /// An inline of a synthetic survey, `[trace, sample]`.
    pub(super) fn synthetic([traces, samples]: [usize; 2]) -> Result<Self, Failure> {
        let options = SyntheticOptions { inlines: 8, crosslines: traces, samples, ..SyntheticOptions::default() };
        let mut amplitude = SyntheticCube::new(options)?.inline(4).amplitudes;
        // About the 99th percentile of |amplitude|, where a job clips by default.
        scaling()?.apply(amplitude.view_mut());
        Ok(Self { amplitude, live: Array1::from_elem(traces, true) })
    }

    pub(super) fn whole(&self) -> SectionWindow {
        SectionWindow::whole([self.amplitude.nrows(), self.amplitude.ncols()])
    }
}

fn scaling() -> Result<AmplitudeScaling, Failure> {
    Ok(AmplitudeScaling::new(-5500.0, 5500.0)?)
}

/// A network, and the voxels on which its patch engine is measured.
pub(super) struct Network {
    pub(super) title: &'static str,
    pub(super) model: Model,
    /// Voxels that every worker classifies patch by patch.
    pub(super) window: SectionWindow,
}

impl Network {
    /// With random weights; `patches` is the window `[traces, samples]` of the patch engine.
    pub(super) fn random(
        title: &'static str,
        architecture: Architecture,
        patches: [usize; 2],
        line: &Line,
    ) -> Result<Self, Failure> {
        let description = ModelDescription {
            version: ModelDescription::VERSION,
            architecture,
            patch: 65,
            planes: vec![Plane::Inline],
            classes: ClassTable::from_names(Facies::ALL.map(Facies::name))?,
            amplitude: scaling()?,
            further_channels: Vec::new(),
            domain: Domain::Time,
            sample_step: 4.0,
            pretrained: None,
            seed: 1,
            temperature: None,
        };
        let model = lively(Model::new(description, None)?, line)?;
        // At the section's upper edge, so that padding is seen as well.
        let window = SectionWindow { traces: 20..20 + patches[0], samples: 0..patches[1] };
        Ok(Self { title, model, window })
    }

    /// In which precision, on which device.
    pub(super) fn predictor(&self, device: Device, precision: Precision) -> Result<Predictor, Failure> {
        Ok(self.model.predictor_in(device, precision)?)
    }

    /// The engines that can work with it, the dense one first.
    pub(super) fn engines(&self) -> Result<Vec<Engine>, Failure> {
        let has_dense = self.model.description.layers()?.receptive_field().is_some();
        Ok(if has_dense { vec![Engine::DENSE, Engine::PATCH] } else { vec![Engine::PATCH] })
    }

    /// The engine of this kind that `facies predict` takes on this machine if a job says nothing more.
    pub(super) fn engine(
        &self,
        kind: Engine,
        predictor: &Predictor,
        division: Division,
        window: &SectionWindow,
    ) -> Result<Engine, Failure> {
        let plan = MemoryPlan {
            layers: &self.model.description.layers()?,
            device: predictor.device(),
            precision: predictor.precision(),
            sampled: false,
            workers: division.workers,
            window,
            section: window.shape(),
            pipeline_bytes: 0,
            budget: MemoryPlan::default_budget(predictor.device()),
        };
        Ok(match kind {
            Engine::Dense { .. } => plan.dense()?,
            Engine::Patch { stride, .. } => plan.patches(stride)?,
        })
    }
}

/// The model with weights that let differences of the input through to the class scores, which get mean 0 and deviation 2
/// on `line`, as after training. Fresh weights say nearly the same everywhere: such answers are easy to agree on, and
/// their differences are all rounding.
fn lively(model: Model, line: &Line) -> Result<Model, Failure> {
    const EVERY: usize = 29;
    let mut weights = model.weights()?;
    for NamedArray { name, shape, values } in &mut weights {
        if let [_, inputs @ ..] = shape.as_slice()
            && !inputs.is_empty()
        {
            // He et al. (2015): the deviation that rectified layers hand on unchanged.
            let wanted = 2.0 / inputs.iter().product::<usize>() as f32;
            let variance = values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
            values.iter_mut().for_each(|value| *value *= (wanted / variance).sqrt());
        } else if name.ends_with(".bias") {
            values.fill(0.0);
        }
    }
    let model = Model::with_weights(model.description, &weights)?;
    let side = model.description.patch;
    let corners: Vec<[usize; 2]> = (0..line.amplitude.nrows() - side)
        .step_by(EVERY)
        .flat_map(|trace| (0..line.amplitude.ncols() - side).step_by(EVERY).map(move |sample| [trace, sample]))
        .collect();
    let patches = Array3::from_shape_fn((corners.len(), side, side), |(patch, row, column)| {
        let [trace, sample] = corners[patch];
        line.amplitude[[trace + column, sample + row]]
    });
    let scores = model.predictor(Device::cpu())?.patch_scores(patches.view().insert_axis(Axis(1)))?;
    let means = scores.mean_axis(Axis(0)).ok_or("a section smaller than a patch")?;
    let gain = 2.0 / (&scores - &means).std(0.0);
    for array in &mut weights {
        match array.name.as_str() {
            "head.scores.weight" | "scores.weight" => array.values.iter_mut().for_each(|value| *value *= gain),
            "head.scores.bias" | "scores.bias" => {
                array.values.iter_mut().zip(&means).for_each(|(value, mean)| *value = (*value - mean) * gain);
            }
            _ => {}
        }
    }
    Ok(Model::with_weights(model.description, &weights)?)
}

/// VGG16 with a head of 256, cut after conv4_1 with valid padding, or whole as it was published.
pub(super) fn vgg16(cut: Option<&str>) -> Architecture {
    let published = cut.is_none();
    let padding = if published { NetworkPadding::Same } else { NetworkPadding::Valid };
    let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: published };
    Architecture::Vgg16 { cut: cut.map(str::to_owned), padding, head }
}

/// How the processor's threads are used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Division {
    /// Sections worked on at a time.
    pub(super) workers: usize,
    /// Threads of each.
    pub(super) threads: usize,
}

impl Division {
    /// As `facies predict` does it: a worker a thread, and two for a CUDA device.
    pub(super) fn of_the_program(device: Device, threads: usize) -> Self {
        Self { workers: if device.is_cuda() { 2 } else { threads }, threads: 1 }
    }
}

/// Voxels/s when every worker interprets the same window of the same section once, class and confidence.
pub(super) fn voxels_per_second(
    predictor: &Predictor,
    engine: Engine,
    division: Division,
    line: &Line,
    window: &SectionWindow,
) -> Result<f64, Failure> {
    let options = PredictOptions {
        engine,
        padding: Padding::Zero,
        sections: Vec::new(),
        window: window.clone(),
        outputs: Outputs { confidence: true, ..Outputs::default() },
        both_planes: false,
        monte_carlo: None,
    };
    let section = SectionChannels::from(line.amplitude.clone());
    let interpret = |predictor: &Predictor| -> Result<(), Failure> {
        set_threads(division.threads);
        let result = interpret_section(predictor, &options, Section::inline(0), &section, line.live.view())?;
        std::hint::black_box(&result);
        Ok(())
    };
    let start = Instant::now();
    if division.workers == 1 {
        interpret(predictor)?;
    } else {
        thread::scope(|scope| {
            let interpret = &interpret;
            let start = |_| {
                let predictor = predictor.share();
                scope.spawn(move || interpret(&predictor))
            };
            let workers: Vec<_> = (0..division.workers).map(start).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
        })?;
    }
    Ok((window.voxels() * division.workers as u64) as f64 / start.elapsed().as_secs_f64())
}

/// Probabilities `[class, trace, sample]` of a window.
pub(super) fn probabilities(
    predictor: &Predictor,
    engine: Engine,
    threads: usize,
    line: &Line,
    window: &SectionWindow,
) -> Result<Array3<f32>, Failure> {
    set_threads(threads);
    let (section, live) = (line.amplitude.clone().into(), line.live.view());
    Ok(section_probabilities(predictor, engine, Padding::Zero, &section, live, window)?)
}

/// Of two sets of probabilities `[class, trace, sample]`.
pub(super) fn largest_difference(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> f64 {
    a.iter().zip(b.iter()).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

/// Of 10,000 voxels those with another class.
pub(super) fn changed_classes(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> f64 {
    let class = |values: ArrayView1<'_, f32>| {
        (0..values.len()).fold(0, |best, code| if values[code] > values[best] { code } else { best })
    };
    let pairs = a.lanes(Axis(0)).into_iter().zip(b.lanes(Axis(0)));
    let voxels = a.len() / a.len_of(Axis(0));
    pairs.filter(|(a, b)| class(*a) != class(*b)).count() as f64 / voxels as f64 * 1e4
}
