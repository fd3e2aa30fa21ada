//! The engines beside each other, beside PyTorch and beside what the processor can do.

use facies::network::{Architecture, Device, Layer, Padding, Precision};
use facies::predict::{Engine, SectionWindow};
use ndarray::s;

use super::eager::{self, Eager, Layout};
use super::formulations;
use super::subject::{
    Division, Line, Network, changed_classes, largest_difference, probabilities, vgg16, voxels_per_second,
};
use crate::clock::{Measurement, in_turn};
use crate::row::{Better, Figure, Findings, Row};
use crate::{Context, Failure};

/// Times that the dense engine was promised to be faster than the patch engine.
const DENSE_PROMISE: f64 = 100.0;
/// Dense beside PyTorch's dense form in its default layout and in the other one.
const EAGER_DENSE_PROMISE: [f64; 2] = [1.3, 1.0];
/// Patches beside PyTorch's best batch, and beside one patch in a call.
const EAGER_PATCH_PROMISE: [f64; 2] = [1.0, 5.0];
/// Share of the convolution peak that is useful arithmetic.
const PEAK_PROMISE: f64 = 0.75;
/// Largest difference of a probability that our engines may have, and that we and PyTorch may: other kernels sum in another
/// order, and among hundreds of thousands of voxels of random weights some lie on the edge of their last digits.
const LIMIT: f64 = 1e-5;
const PEER_LIMIT: f64 = 1e-4;

/// Whose answers ours are compared with.
const PYTORCH: &str = "PyTorch's";

/// Everything that one network is measured with.
struct Bench<'a> {
    context: &'a Context<'a>,
    line: &'a Line,
    eager: Option<&'a Eager>,
    network: &'a Network,
    /// Its place among the networks that PyTorch knows.
    place: usize,
    batch: usize,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Dense(Precision),
    Patches,
    EagerDense(Layout, Precision),
    EagerPatches,
    EagerOnePatch,
    Peak(Layout, Precision),
}

/// What was measured, by case.
struct Figures(Vec<(Case, Figure)>);

pub(crate) fn measure(context: &Context<'_>) -> Result<Findings, Failure> {
    let line = Line::synthetic(context.size([464, 480], [96, 104]))?;
    let random = |title, architecture, patches| Network::random(title, architecture, patches, &line);
    let cut = random("VGG16 to conv4_1", vgg16(Some("conv4_1")), context.size([16, 32], [4, 4]))?;
    let waldeland = Architecture::Waldeland { padding: Padding::Valid };
    let waldeland = random("Waldeland valid", waldeland, context.size([20, 480], [8, 60]))?;
    let published = random("published VGG16", vgg16(None), context.size([16, 16], [4, 4]))?;
    let mut findings = Findings::default();
    let [traces, samples] = line.whole().shape();
    let program = Division::of_the_program(Device::cpu(), context.threads);
    let networks = [&cut, &waldeland, &published];
    let eager = Eager::start(context, &line, &networks, &mut findings.notes)?;
    let peer = eager.as_ref().map_or("no PyTorch".to_owned(), |eager| format!("{} in eager mode", eager.name()));
    findings.notes.push(format!(
        "a synthetic inline of {traces} x {samples} voxels; networks with random weights, the same on both sides; {} threads on \
         both sides, ours as the program divides them: {}, a section each",
        context.threads,
        program.title(),
    ));
    findings.notes.push(format!(
        "peer: {peer}; it is timed from padded tensors or patches that lie ready to class and confidence, ours from amplitudes; \
         patches are tried in batches of {}, the best one is given",
        eager::BATCHES.map(|batch| batch.to_string()).join(", ")
    ));
    for (place, network) in networks.into_iter().enumerate() {
        let batch = match &eager {
            Some(eager) => eager.best_batch(place, &network.window)?,
            None => 1,
        };
        let bench = Bench { context, line: &line, eager: eager.as_ref(), network, place, batch };
        bench.measure(&mut findings)?;
    }
    findings.rows.extend(formulations::measure(context, &line, &[&cut, &waldeland])?);
    Ok(findings)
}

impl Bench<'_> {
    fn measure(&self, findings: &mut Findings) -> Result<(), Failure> {
        let has_dense = self.network.engines()?.contains(&Engine::DENSE);
        let is_vgg16 = matches!(self.network.model.description.architecture, Architecture::Vgg16 { .. });
        let precisions: Vec<Precision> = [Precision::Float32, Precision::Bfloat16]
            .into_iter()
            .filter(|precision| precision.check(Device::cpu()).is_ok())
            .collect();
        let mut cases = vec![Case::Patches, Case::EagerPatches, Case::EagerOnePatch];
        for &precision in precisions.iter().filter(|_| has_dense) {
            cases.push(Case::Dense(precision));
            cases.extend(Layout::BOTH.map(|layout| Case::EagerDense(layout, precision)));
            if is_vgg16 {
                cases.extend(Layout::BOTH.map(|layout| Case::Peak(layout, precision)));
            }
        }
        let figures = self.figures(&cases)?;
        if has_dense {
            let promise = Some(DENSE_PROMISE);
            let row = self.row(&figures, Case::Dense(Precision::Float32), Case::Patches, promise);
            findings.rows.push(row);
            for &precision in &precisions {
                let promised = is_vgg16 && precision == Precision::Float32;
                for (layout, promise) in Layout::BOTH.into_iter().zip(EAGER_DENSE_PROMISE) {
                    let theirs = Case::EagerDense(layout, precision);
                    findings.rows.push(self.row(&figures, Case::Dense(precision), theirs, promised.then_some(promise)));
                }
                if is_vgg16 {
                    findings.rows.push(self.beside_the_peak(&figures, precision, promised)?);
                }
            }
        }
        for (theirs, promise) in [Case::EagerPatches, Case::EagerOnePatch].into_iter().zip(EAGER_PATCH_PROMISE) {
            let promise = (is_vgg16 && !has_dense).then_some(promise);
            findings.rows.push(self.row(&figures, Case::Patches, theirs, promise));
        }
        findings.rows.extend(self.answers(has_dense, &precisions)?);
        Ok(())
    }

    fn figures(&self, cases: &[Case]) -> Result<Figures, Failure> {
        let mut measurements: Vec<Measurement<'_>> = Vec::new();
        for &case in cases {
            let (eager, place, batch, window) = (self.eager, self.place, self.batch, &self.network.window);
            measurements.push(match case {
                Case::Dense(precision) => self.ours(precision, Engine::DENSE, self.line.whole())?,
                Case::Patches => self.ours(Precision::Float32, Engine::PATCH, window.clone())?,
                Case::EagerDense(layout, precision) => asked(eager, move |eager| eager.dense(place, layout, precision)),
                Case::EagerPatches => asked(eager, move |eager| eager.patches(place, batch, window)),
                Case::EagerOnePatch => asked(eager, move |eager| eager.patches(place, 1, window)),
                Case::Peak(layout, precision) => asked(eager, move |eager| eager.peak(layout, precision)),
            });
        }
        let figures = in_turn(self.context.size(2, 1), Better::More, &mut measurements)?;
        Ok(Figures(cases.iter().copied().zip(figures).collect()))
    }

    /// The engine of this kind as the program runs it.
    fn ours(&self, precision: Precision, engine: Engine, window: SectionWindow) -> Result<Measurement<'_>, Failure> {
        let division = Division::of_the_program(Device::cpu(), self.context.threads);
        let predictor = self.network.predictor(Device::cpu(), precision)?;
        let engine = self.network.engine(engine, &predictor, division, &window)?;
        Ok(Box::new(move |_| voxels_per_second(&predictor, engine, division, self.line, &window)))
    }

    fn row(&self, figures: &Figures, ours: Case, theirs: Case, at_least: Option<f64>) -> Row {
        let is_ours = matches!(theirs, Case::Patches);
        Row {
            subject: format!("{}: {}", self.network.title, self.title(ours)),
            ours: figures.get(ours),
            peer: self.title(theirs),
            theirs: (is_ours || self.eager.is_some()).then(|| figures.get(theirs)),
            unit: "voxels/s",
            better: Better::More,
            at_least,
        }
    }

    /// Arithmetic that the answer needs, beside the fastest convolution of this run.
    fn beside_the_peak(&self, figures: &Figures, precision: Precision, promised: bool) -> Result<Row, Failure> {
        let flop = useful_flop(self.network)?;
        let [contiguous, channels_last] =
            Layout::BOTH.map(|layout| (layout, figures.get(Case::Peak(layout, precision))));
        let (layout, peak) = if contiguous.1.best > channels_last.1.best { contiguous } else { channels_last };
        Ok(Row {
            subject: format!("{}: dense {precision}, useful arithmetic", self.network.title),
            ours: figures.get(Case::Dense(precision)).map(|rate| rate * flop / 1e9),
            peer: format!("{precision} convolution 256 to 256, 3 x 3, on 128 x 128, PyTorch {}", layout.title()),
            theirs: self.eager.map(|_| peak.map(|rate| rate / 1e9)),
            unit: "GFLOP/s",
            better: Better::More,
            at_least: promised.then_some(PEAK_PROMISE),
        })
    }

    /// How far the answers of all ways to compute one network lie apart.
    fn answers(&self, has_dense: bool, precisions: &[Precision]) -> Result<Vec<Row>, Failure> {
        let (threads, window, whole) = (self.context.threads, &self.network.window, self.line.whole());
        let single = self.network.predictor(Device::cpu(), Precision::Float32)?;
        let patches = probabilities(&single, Engine::PATCH, threads, self.line, window)?;
        let mut rows = Vec::new();
        if let Some(eager) = self.eager {
            let theirs = eager.patch_probabilities(self.place, window)?;
            rows.push(self.difference("patches", PYTORCH, largest_difference(patches.view(), theirs.view())));
        }
        if !has_dense {
            return Ok(rows);
        }
        let dense = probabilities(&single, Engine::DENSE, threads, self.line, &whole)?;
        let part = dense.slice(s![.., window.traces.clone(), window.samples.clone()]);
        rows.push(self.difference("dense", "patches", largest_difference(part, patches.view())));
        let theirs = self.eager.map(|eager| eager.dense_probabilities(self.place, Precision::Float32)).transpose()?;
        if let Some(theirs) = &theirs {
            rows.push(self.difference("dense", PYTORCH, largest_difference(dense.view(), theirs.view())));
        }
        if precisions.contains(&Precision::Bfloat16) {
            let low = self.network.predictor(Device::cpu(), Precision::Bfloat16)?;
            let low = probabilities(&low, Engine::DENSE, threads, self.line, &whole)?;
            let theirs = match (self.eager, &theirs) {
                (Some(eager), Some(theirs)) => {
                    let low = eager.dense_probabilities(self.place, Precision::Bfloat16)?;
                    Some(changed_classes(theirs.view(), low.view()))
                }
                _ => None,
            };
            rows.push(Row {
                subject: format!("{}: dense bf16, classes that f32 gives otherwise", self.network.title),
                ours: once(changed_classes(dense.view(), low.view())),
                peer: "PyTorch dense".to_owned(),
                theirs: theirs.map(once),
                unit: "in 10,000",
                better: Better::Less,
                at_least: None,
            });
        }
        Ok(rows)
    }

    fn difference(&self, ours: &str, other: &str, largest: f64) -> Row {
        let limit = if other == PYTORCH { PEER_LIMIT } else { LIMIT };
        Row {
            subject: format!("{}: largest difference of a probability, {ours} and {other}", self.network.title),
            ours: once(largest),
            peer: "limit".to_owned(),
            theirs: Some(once(limit)),
            unit: "",
            better: Better::Less,
            at_least: Some(1.0),
        }
    }

    fn title(&self, case: Case) -> String {
        match case {
            Case::Dense(precision) => format!("dense {precision}"),
            Case::Patches => "our patches f32".to_owned(),
            Case::EagerDense(layout, precision) => format!("PyTorch dense à trous {precision}, {}", layout.title()),
            Case::EagerPatches => format!("PyTorch patches f32, channels-last, {} in a call", self.batch),
            Case::EagerOnePatch => "PyTorch patches f32, channels-last, one in a call".to_owned(),
            Case::Peak(layout, precision) => format!("PyTorch convolution {precision}, {}", layout.title()),
        }
    }
}

impl Figures {
    fn get(&self, case: Case) -> Figure {
        let found = self.0.iter().find(|(measured, _)| *measured == case);
        found.map_or(once(f64::NAN), |(_, figure)| *figure)
    }
}

/// Asks the peer, where there is one.
fn asked<'a>(eager: Option<&'a Eager>, question: impl Fn(&Eager) -> Result<f64, Failure> + 'a) -> Measurement<'a> {
    Box::new(move |_| eager.map_or(Ok(f64::NAN), &question))
}

fn once(value: f64) -> Figure {
    Figure { best: value, median: value, runs: 1 }
}

/// Multiplications and additions a voxel in the dense form without its head, halos not counted.
fn useful_flop(network: &Network) -> Result<f64, Failure> {
    let mut layers = network.model.description.layers()?;
    layers.layers.retain(|layer| matches!(layer, Layer::Convolution(_)));
    Ok(layers.dense_flop_per_voxel() as f64)
}
