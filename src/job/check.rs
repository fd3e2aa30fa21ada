//! What must fit together in a job, as far as it can be told without data.

use std::collections::BTreeSet;

use miette::Diagnostic;

use super::interpretation::segy_volumes;
use super::schema::{
    Calibration, ClassWeights, DenseForm, Engine, FoldSplit, FoldUnit, Input, Job, LabelSource, LineRange, Lines,
    Network, Optimizer, Padding, PatchPadding, Prediction, PredictionOutput, PredictionPlane, Schedule, Split,
    Training, TrainingForm,
};
use crate::network::{Freeze, NetworkError};
use crate::predict::Uncertainty;

/// Something wrong with a job, at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) key: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Everything that does not fit together.
pub(super) fn check(job: &Job) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    input(job, &mut findings);
    classes(job, &mut findings);
    labels(job, &mut findings);
    split(job, &mut findings);
    network(job, &mut findings);
    training(job, &mut findings);
    for (place, prediction) in job.prediction.iter().enumerate() {
        interpretation(job, place, prediction, &mut findings);
    }
    volume_names(job, &mut findings);
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.0.push(Finding { key: key.into(), message: message.into(), help });
    }
}

/// Channels, and whether other cubes bring the same ones.
fn input(job: &Job, findings: &mut Findings) {
    let names =
        |input: &Input| -> Vec<String> { input.attributes.iter().map(|attribute| attribute.name.clone()).collect() };
    let learnt = names(&job.input);
    let others = job
        .prediction
        .iter()
        .enumerate()
        .filter_map(|(place, prediction)| Some((format!("prediction[{place}].input"), prediction.input.as_ref()?)));
    for (key, input) in std::iter::once(("input".to_owned(), &job.input)).chain(others) {
        let given = names(input);
        for (place, name) in given.iter().enumerate() {
            let key = format!("{key}.attributes[{place}].name");
            if given[..place].contains(name) {
                findings.add(key, format!("two attributes are called `{name}`"), "");
            } else if ["amplitude", "depth"].contains(&name.as_str()) {
                findings.add(key, format!("`{name}` is the name of another channel"), "give it another name");
            } else if !learnt.contains(name) {
                let message = format!("the network does not learn from an attribute `{name}`");
                findings.add(key, message, "take it out, or add it to the `input` of the job under the same name");
            }
        }
        for name in learnt.iter().filter(|name| !given.contains(name)) {
            let message = format!("the network learns from an attribute `{name}`, which this cube lacks");
            findings.add(&key, message, &format!("add `attributes: [{{ name: {name}, segy: {{ path: ... }} }}]`"));
        }
        if key == "input" {
            continue;
        }
        if input.depth {
            findings.add(format!("{key}.depth"), "the network itself knows whether it sees depth", "take it out");
        }
        for (place, _) in input.attributes.iter().enumerate().filter(|(_, attribute)| attribute.clip.is_some()) {
            let key = format!("{key}.attributes[{place}].clip");
            findings.add(key, "values are clipped as they were in training", "take it out");
        }
    }
}

fn classes(job: &Job, findings: &mut Findings) {
    for (code, class) in job.classes.iter().enumerate() {
        if job.classes[..code].iter().any(|other| other.name == class.name) {
            findings.add(format!("classes[{code}]"), format!("class `{}` is named twice", class.name), "");
        }
    }
    // Pictures and .ixz files hold classes that only reading them tells.
    let all_are_points = job.labels.iter().all(|source| matches!(source, LabelSource::Points(_)));
    let labelled = |name: &str| {
        job.labels.iter().any(|source| matches!(source, LabelSource::Points(points) if points.class == name))
    };
    for (code, class) in job.classes.iter().enumerate().filter(|(_, class)| all_are_points && !labelled(&class.name)) {
        findings.add(
            format!("classes[{code}]"),
            format!("class `{}` has no labels", class.name),
            "name a file of its points under `labels`, or take the class out",
        );
    }
}

fn labels(job: &Job, findings: &mut Findings) {
    let known: Vec<_> = job.classes.iter().map(|class| class.name.as_str()).collect();
    let must_be_known = |key: String, name: &str, findings: &mut Findings| {
        if !known.contains(&name) {
            findings.add(key, format!("`{name}` is none of the classes {}", known.join(", ")), "");
        }
    };
    for (place, source) in job.labels.iter().enumerate() {
        match source {
            LabelSource::Points(points) => {
                must_be_known(format!("labels[{place}].points.class"), &points.class, findings);
            }
            LabelSource::Section(section) => {
                for name in section.colors.iter().flatten().map(|(name, _)| name) {
                    must_be_known(format!("labels[{place}].section.colors.{name}"), name, findings);
                }
                if section.inline.is_some() && section.crossline.is_some() {
                    findings.add(
                        format!("labels[{place}].section"),
                        "`inline` and `crossline` are both given",
                        "a picture shows one section: keep the one that it shows",
                    );
                }
            }
            LabelSource::Ixz(_) => {}
        }
    }
}

fn split(job: &Job, findings: &mut Findings) {
    let shares = match &job.split {
        Split::Random(random) => random.test + random.validation,
        Split::Blocks(blocks) => blocks.test + blocks.validation,
        Split::None | Split::Stripes(_) | Split::Folds(_) | Split::Sides(_) => 0.0,
    };
    if shares > 0.95 {
        findings.add("split", "`test` and `validation` leave next to nothing to train on", "together 0.95 is the most");
    }
    if let Split::Folds(folds) = &job.split {
        check_folds(folds, findings);
    }
    if let Split::Sides(sides) = &job.split {
        for name in sides.classes.keys().filter(|name| job.classes.iter().all(|class| class.name != **name)) {
            findings.add(format!("split.sides.classes.{name}"), format!("`{name}` is none of the classes"), "");
        }
    }
}

fn check_folds(folds: &FoldSplit, findings: &mut Findings) {
    if let Some(fold) = folds.fold.filter(|&fold| fold > folds.count) {
        findings.add("split.folds.fold", format!("there is no fold {fold} of {}", folds.count), "");
        return;
    }
    match &folds.of {
        FoldUnit::Stripes(stripes) => {
            // The last fold has the widest test stripe.
            if let Err(error) = stripes.options(folds.count).fold(folds.count - 1) {
                findings.add("split.folds.of.stripes", error.to_string(), "make the period longer or the gap narrower");
            }
        }
        FoldUnit::Blocks(blocks) if blocks.validation && folds.count < 3 => findings.add(
            "split.folds.of.blocks.validation",
            "of two folds one tests and the other validates, which leaves nothing to train on",
            "make it three folds or more, or take `validation` out",
        ),
        FoldUnit::Blocks(_) => {}
    }
}

fn training(job: &Job, findings: &mut Findings) {
    let Training { steps, epochs, ref phases, .. } = job.training;
    length("training", steps, epochs, !phases.is_empty(), findings);
    for (place, phase) in phases.iter().enumerate() {
        length(&format!("training.phases[{place}]"), phase.steps, phase.epochs, false, findings);
    }
    let validates = job.split.validates();
    let at_plateaus = |schedule: &Schedule| matches!(schedule, Schedule::Plateau(_));
    let mut needing = vec![
        ("training.early_stopping".to_owned(), "early stopping needs", !job.training.early_stopping.is_empty()),
        ("training.schedule.plateau".to_owned(), "a plateau needs", at_plateaus(&job.training.schedule)),
        ("training.best_by".to_owned(), "a best epoch needs", job.training.best_by.is_some()),
        (
            "training.calibration".to_owned(),
            "a temperature needs",
            job.training.calibration == Calibration::Temperature,
        ),
    ];
    needing.extend(phases.iter().enumerate().map(|(place, phase)| {
        let key = format!("training.phases[{place}].schedule.plateau");
        (key, "a plateau needs", phase.schedule.as_ref().is_some_and(at_plateaus))
    }));
    for (key, what, _) in needing.into_iter().filter(|(.., needs)| *needs && !validates) {
        let name = key.rsplit('.').find(|name| *name != "plateau").unwrap_or_default();
        let help = match job.split {
            Split::None => format!("choose a split with a validation share, or take `{name}` out"),
            _ => format!("give the split a `validation` share, or take `{name}` out"),
        };
        findings.add(key, format!("{what} voxels to validate on, and `split` keeps none"), &help);
    }
    if job.training.start_from.is_some() && job.network.weights().is_some() {
        let form = job.network.form();
        findings.add(
            "training.start_from",
            format!("`network.{form}.weights` and `start_from` are both given"),
            "take `weights` out: the earlier run holds what became of them",
        );
    }
    findings.0.extend(pace("training", &job.training.optimizer, &job.training.schedule));
    for (place, phase) in phases.iter().enumerate() {
        let optimizer = phase.optimizer.as_ref().unwrap_or(&job.training.optimizer);
        let schedule = phase.schedule.as_ref().unwrap_or(&job.training.schedule);
        if phase.optimizer.is_some() || phase.schedule.is_some() {
            findings.0.extend(pace(&format!("training.phases[{place}]"), optimizer, schedule));
        }
    }
    match &job.training.form {
        TrainingForm::Dense(form) => {
            dense(job, "training.form.dense", "use `form: {patch: {batch: 256}}`", findings);
            crops(job, form, findings);
        }
        TrainingForm::Patch(_) => patches(job, "training.form.patch", "use `form: {dense: {}}`", findings),
    }
    if let ClassWeights::Given(weights) = &job.training.class_weights
        && weights.len() != job.classes.len()
    {
        let counts = format!("{} weights are given for {} classes", weights.len(), job.classes.len());
        findings.add("training.class_weights", counts, "give one for each class, in their order");
    }
}

/// How long a stretch of training takes.
fn length(key: &str, steps: Option<u64>, epochs: Option<u64>, by_phases: bool, findings: &mut Findings) {
    match (steps, epochs) {
        (Some(_), Some(_)) => {
            findings.add(format!("{key}.epochs"), "`steps` and `epochs` are both given", "keep one of them");
        }
        (None, None) if !by_phases => findings.add(
            key,
            "neither `steps` nor `epochs` says how long training takes",
            "add, for example, `steps: 160`",
        ),
        (None, None) => {}
        (steps, _) if by_phases => findings.add(
            format!("{key}.{}", if steps.is_some() { "steps" } else { "epochs" }),
            "the `phases` say already how long training takes",
            "keep the lengths of the phases alone",
        ),
        _ => {}
    }
}

/// What is wrong with an optimiser and the schedule beside it.
pub(super) fn pace(key: &str, optimizer: &Optimizer, schedule: &Schedule) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let form = optimizer.form();
    if optimizer.decay() > 0.0 && *schedule != Schedule::Constant {
        findings.add(
            format!("{key}.optimizer.{form}.decay"),
            "`decay` and `schedule` would both change the learning rate",
            "keep one of them; `decay: D` is `schedule: { inverse_time: { decay: D } }`",
        );
    }
    if matches!(optimizer, Optimizer::Sgd(sgd) if sgd.nesterov && sgd.momentum == 0.0) {
        findings.add(
            format!("{key}.optimizer.sgd.nesterov"),
            "there is no momentum to look ahead along",
            "add `momentum: 0.9`, or take `nesterov` out",
        );
    }
    findings.0
}

fn network(job: &Job, findings: &mut Findings) {
    if let Network::Vgg16(vgg16) = &job.network
        && vgg16.padding == Padding::Valid
        && vgg16.cut.is_none()
    {
        findings.add(
            "network.vgg16",
            "`padding: valid` needs a `cut`: all thirteen convolutions see more than any patch holds",
            "add `cut: conv4_1`, or use `padding: same`",
        );
        return;
    }
    if matches!(job.network, Network::Malenov(_)) && job.patch.padding != PatchPadding::Zero {
        findings.add(
            "patch.padding",
            "cubes see zeros outside the survey, in its third direction too",
            "use `padding: zero`, or a network in two dimensions",
        );
    }
    let mut refuse = |key: String, error: NetworkError| {
        let help = error.help().map(|help| help.to_string()).unwrap_or_default();
        findings.add(key, error.to_string(), &help);
    };
    let form = job.network.form();
    match job.layers() {
        Err(error @ NetworkError::UnknownCut { .. }) => refuse(format!("network.{form}.cut"), error),
        Err(error @ NetworkError::DecoderDepth { .. }) => refuse(format!("network.{form}.decoder"), error),
        Err(error) => refuse(format!("network.{form}"), error),
        Ok(layers) => {
            if let Some(Err(error)) = job.network.freeze().map(|freeze| freeze.check(&layers.layers)) {
                refuse(format!("network.{form}.freeze"), error);
            }
            for (place, phase) in job.training.phases.iter().enumerate() {
                let freeze = phase.freeze.clone().map(Freeze::from);
                if let Some(Err(error)) = freeze.map(|freeze| freeze.check(&layers.layers)) {
                    refuse(format!("training.phases[{place}].freeze"), error);
                }
            }
        }
    }
}

fn interpretation(job: &Job, place: usize, prediction: &Prediction, findings: &mut Findings) {
    let at = |key: &str| format!("prediction[{place}].{key}");
    match prediction.engine {
        Engine::Dense => dense(job, &at("engine"), "use `engine: patch`", findings),
        Engine::Patch => patches(job, &at("engine"), "use `engine: dense`", findings),
    }
    lines(prediction, &at, findings);
    let volumes = job.output.segy.iter().flat_map(|segy| &segy.volumes);
    for &volume in volumes.filter(|&&volume| volume != PredictionOutput::Class) {
        if !prediction.outputs.contains(&volume) {
            let name = volume.name();
            let message = format!("`output.segy.volumes` asks for `{name}`, which is not computed");
            findings.add(at("outputs"), message, &format!("add `{name}` to `outputs`"));
        }
    }
    passes(job, prediction, &at, findings);
    let before = &job.prediction[..place];
    match &prediction.name {
        None if place > 0 => findings.add(
            format!("prediction[{place}]"),
            "only the first interpretation can do without a name",
            "add `name: ...`; its files are called after it",
        ),
        Some(name) if before.iter().any(|other| other.name.as_ref() == Some(name)) => {
            findings.add(at("name"), format!("two interpretations are called `{name}`"), "");
        }
        _ => {}
    }
}

/// What passes with dropout ask for, and what asks for them.
fn passes(job: &Job, prediction: &Prediction, at: &impl Fn(&str) -> String, findings: &mut Findings) {
    let needs = |output: &&PredictionOutput| output.uncertainty().is_some_and(Uncertainty::needs_passes);
    let needing = prediction.outputs.iter().find(needs);
    if prediction.monte_carlo.is_none() {
        if let Some(output) = needing {
            let message = format!("`{}` tells how far passes with dropout differ, and there are none", output.name());
            findings.add(at("outputs"), message, "add `monte_carlo: { passes: 20 }`, or ask for `entropy` or `margin`");
        }
        return;
    }
    if let (Some(output), Some(PredictionPlane::Both)) = (needing, prediction.plane) {
        let message = format!("`{}` is that of one plane, and `plane: both` averages two", output.name());
        findings.add(at("outputs"), message, "ask for `entropy` or `margin`, or interpret along one plane");
    }
    if prediction.stride > 1 {
        let message = "a coarse preview interpolates probabilities, not how far passes with dropout differ";
        findings.add(at("monte_carlo"), message, "leave `stride` or `monte_carlo` out");
    }
    let error = match job.layers() {
        Ok(layers) if !layers.drops() => Some(NetworkError::NoDropout),
        // What is wrong with the layers is told where the network stands.
        _ => None,
    };
    if let Some(error) = error {
        let help = error.help().map(|help| help.to_string()).unwrap_or_default();
        findings.add(at("monte_carlo"), error.to_string(), &help);
    }
}

/// Which lines and planes go together.
fn lines(prediction: &Prediction, at: &impl Fn(&str) -> String, findings: &mut Findings) {
    let given = [("inlines", &prediction.inlines), ("crosslines", &prediction.crosslines)];
    match prediction.plane {
        None if prediction.inlines.is_some() && prediction.crosslines.is_some() => findings.add(
            at("crosslines"),
            "`inlines` and `crosslines` are both given",
            "keep one of them, make two interpretations: `prediction: [{...}, {name: ..., ...}]`, or see every voxel along \
             both: `plane: both`",
        ),
        Some(PredictionPlane::Inline) if prediction.crosslines.is_some() => findings.add(
            at("crosslines"),
            "`crosslines` are given, but `plane: inline` interprets inlines",
            "to interpret a part of each inline, use `window: { traces: [first, last] }`",
        ),
        Some(PredictionPlane::Crossline) if prediction.inlines.is_some() => findings.add(
            at("inlines"),
            "`inlines` are given, but `plane: crossline` interprets crosslines",
            "to interpret a part of each crossline, use `window: { traces: [first, last] }`",
        ),
        Some(PredictionPlane::Both) => {
            for (key, lines) in given {
                if matches!(lines, Some(Lines::List(_)) | Some(Lines::Range(LineRange { step: 2.., .. }))) {
                    findings.add(
                        at(key),
                        "`plane: both` interprets every voxel of a block, not single lines of it",
                        "give `all`, or a range without `step`",
                    );
                }
            }
            if prediction.window.is_some_and(|window| window.traces.is_some()) {
                findings.add(
                    at("window.traces"),
                    "with `plane: both` there are traces of inlines and of crosslines",
                    "give the block by `inlines` and `crosslines`",
                );
            }
        }
        _ => {}
    }
}

/// Class names become file names, in which some letters are replaced and some systems tell no capitals from small ones.
fn volume_names(job: &Job, findings: &mut Findings) {
    let mut known = BTreeSet::new();
    for (name, ..) in job.prediction.iter().flat_map(|prediction| segy_volumes(job, prediction)) {
        if !known.insert(name.to_lowercase()) {
            let message = format!("two volumes would be called {name}");
            findings.add("output.segy.volumes", message, "give classes names that differ in letters or digits");
        }
    }
}

/// What the patch form asks for.
fn patches(job: &Job, key: &str, instead: &str, findings: &mut Findings) {
    if matches!(job.network, Network::Unet(_)) {
        let message =
            "a U-Net gives every voxel of a crop or section its class at a time, it does not look at single patches";
        findings.add(key, message, instead);
    }
}

/// Crops that a U-Net can halve often enough.
fn crops(job: &Job, form: &DenseForm, findings: &mut Findings) {
    let Some(multiple) =
        job.layers().ok().and_then(|layers| layers.segmentation()).map(|segmentation| segmentation.multiple)
    else {
        return;
    };
    let crop = form.crops(&job.network).crop;
    if !crop.is_multiple_of(multiple) || crop < 2 * multiple {
        let nearest = (crop / multiple).max(2) * multiple;
        findings.add(
            if form.crop.is_some() { "training.form.dense.crop" } else { "training.form.dense" },
            format!("this U-Net halves its maps down to 1:{multiple}, so the side of a crop is a multiple of {multiple}, and at least {}", 2 * multiple),
            &format!("use `crop: {nearest}` or `crop: {}`", nearest + multiple),
        );
    }
}

/// What the dense form asks for.
fn dense(job: &Job, key: &str, instead: &str, findings: &mut Findings) {
    let segments = matches!(job.network, Network::Unet(_));
    if job.network.padding() == Padding::Same && !segments {
        let why = match job.network.published() {
            None if matches!(job.network, Network::Malenov(_)) => "zeros enter at the edges of every cube that it sees",
            None => "with `padding: same`, zeros enter at the edges of every patch",
            Some(_) => "as published, it puts zeros round every patch",
        };
        findings.add(
            key,
            format!("the network has no dense form: {why}, so whole sections would give another result"),
            &format!("{instead}, or a network with `padding: valid`"),
        );
    }
    if job.patch.padding != PatchPadding::Zero {
        findings.add(
            key,
            "the dense form fills the outside of the survey with zeros, `patch.padding` asks for something else",
            &if segments {
                "leave `patch.padding` out".to_owned()
            } else {
                format!("use `padding: zero` for patches, or {instead}")
            },
        );
    }
}
