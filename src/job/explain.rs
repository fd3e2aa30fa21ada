//! The use case `explain`: what the trained network of a run looked at.

use std::fs;
use std::path::PathBuf;

use ndarray::{Array3, ArrayView2, Axis};

use super::differences::Changes;
use super::explanation_words::{asked, captions};
use super::feature_maps::{maps_figure, shares};
use super::identity::{self, hash_inputs};
use super::patch_of_voxel::{part_round, patch_of_voxel, seen_of_voxel};
use super::run_folder::RunFolder;
use super::schema::{Job, TrainingForm};
use super::training::{MODEL_FILE, scoring_engine};
use super::{JobEvent, Listener, LoadedJob, Material, RunError, job_yaml};
use crate::dataset::{Padding, SeismicDataset, Subset};
use crate::grid::{Geometry, Plane, Section};
use crate::network::{Device, DeviceChoice, Explainer, Model, Predictor, Segmentation, set_threads};
use crate::predict::{JudgedVoxel, ScoreOptions, Search, search_voxels};
use crate::report::{Figure, Tile, TileContent, TilesFigure};
use crate::volume::{SectionChannels, Volume};

/// Folder of the pictures in a run folder.
const PICTURES: &str = "explanations";

/// What is to be explained.
#[derive(Clone, Debug)]
pub struct ExplainOptions {
    /// Folder that holds the run folders.
    pub output: PathBuf,
    /// Where to compute; the first of several.
    pub device: DeviceChoice,
    /// CPU threads.
    pub threads: usize,
    /// Inline, crossline, and time in ms or depth in m.
    pub at: Vec<(i32, i32, f64)>,
    /// How many of the test voxels that the network is most sure of and wrong about.
    pub wrong: usize,
    /// How many of the test voxels that it is least sure of.
    pub uncertain: usize,
    /// The class to explain; the predicted one if none is named.
    pub class: Option<String>,
    /// The layer whose map is taken; the last convolution that tells places apart if none is named.
    pub layer: Option<String>,
    /// Whether the maps of the layer are drawn, too.
    pub features: bool,
}

/// Draws where in their patches the network of a trained run found what speaks for the class of chosen voxels, and returns the
/// pictures. A network that segments is shown all that the voxel's scores depend on, and the picture a part as large as the
/// crops that it learnt from.
///
/// # Errors
/// When there is no model, voxel, class or layer as named, or a file cannot be written.
pub fn explain(
    loaded: &LoadedJob,
    options: &ExplainOptions,
    listener: &mut dyn Listener,
) -> Result<Vec<PathBuf>, RunError> {
    let job = &loaded.job;
    // Before any other call into libtorch.
    let device = options.device.open()?[0];
    set_threads(options.threads);
    let folder = RunFolder::find(&options.output, &job.name)?;
    if !folder.file(MODEL_FILE).exists() {
        return Err(RunError::NoModel { path: folder.path().to_owned() });
    }
    check_trained(loaded, &folder, device)?;
    let model = Model::load(&folder.file(MODEL_FILE))?;
    let material = Material::open(loaded, listener)?;
    let class = match &options.class {
        None => None,
        Some(name) => Some(usize::from(material.classes.code(name).ok_or_else(|| RunError::UnknownClass {
            name: name.clone(),
            known: material.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>().join(", "),
        })?)),
    };
    let reader = material.reader(&model.description)?;
    let segmentation = model.description.layers()?.segmentation();
    let side = shown_side(job, segmentation);
    let mut voxels = named_voxels(&options.at, material.volume.geometry(), job.patch.planes()[0])?;
    let searches = [(Search::ConfidentlyWrong, options.wrong), (Search::Uncertain, options.uncertain)];
    if searches.iter().any(|(_, most)| *most > 0) {
        let (predictor, dataset) = (model.predictor(device)?, material.dataset(loaded, &reader)?);
        for (search, most) in searches.into_iter().filter(|(_, most)| *most > 0) {
            voxels.extend(sought_voxels(job, &dataset, &predictor, search, [most, side / 2], listener)?);
        }
    }
    fs::create_dir_all(folder.file(PICTURES)).map_err(RunError::io("make", folder.file(PICTURES)))?;
    let drawing =
        Drawing { options, material: &material, explainer: model.explainer(device)?, segmentation, class, side };
    let mut pictures = Vec::new();
    for voxel in voxels {
        let channels = reader.read(voxel.section)?.channels;
        pictures.extend(drawing.pictures(&voxel, &channels, job.patch.padding.into(), &folder)?);
    }
    Ok(pictures)
}

/// A voxel to explain, by its place in what the network reads.
struct Voxel {
    section: Section,
    trace: usize,
    sample: usize,
    /// Class code that the labels give it, where it was sought among them.
    truth: Option<u8>,
}

/// The voxels at inline, crossline, and time or depth.
fn named_voxels(at: &[(i32, i32, f64)], geometry: &Geometry, plane: Plane) -> Result<Vec<Voxel>, RunError> {
    let voxel = |&(inline, crossline, position): &(i32, i32, f64)| {
        let place = geometry.inline.index(inline).zip(geometry.crossline.index(crossline));
        let Some(((inline, crossline), sample)) = place.zip(geometry.vertical.index(position)) else {
            return Err(RunError::NoSuchVoxel { inline, crossline, position, unit: geometry.vertical.domain.unit() });
        };
        let (section, trace) = match plane {
            Plane::Inline => (Section::inline(inline), crossline),
            Plane::Crossline => (Section::crossline(crossline), inline),
        };
        Ok(Voxel { section, trace, sample, truth: None })
    };
    at.iter().map(voxel).collect()
}

/// The first labelled voxels that `search` finds, of the share that tells most; at most so many, and at least so far apart.
fn sought_voxels(
    job: &Job,
    dataset: &SeismicDataset,
    predictor: &Predictor,
    search: Search,
    [most, apart]: [usize; 2],
    listener: &mut dyn Listener,
) -> Result<Vec<Voxel>, RunError> {
    let subset = [Subset::Test, Subset::Validation, Subset::Train];
    let subset = subset.into_iter().find(|&subset| dataset.total(subset) > 0).unwrap_or(Subset::Train);
    let score = ScoreOptions {
        engine: scoring_engine(predictor, dataset),
        padding: job.patch.padding.into(),
        most_voxels: Some(job.evaluation.patches),
        interrupted: None,
    };
    listener.notice(&JobEvent::Stage(&format!("searching the {} voxels", subset.name())));
    let found = search_voxels(dataset, predictor, &score, subset, search, [most, apart])?;
    if found.len() < most {
        let text = format!("{} of {most} voxels are shown: there are no more that lie {apart} apart", found.len());
        listener.notice(&JobEvent::Note(&text));
    }
    let voxel = |voxel: &JudgedVoxel| Voxel {
        section: voxel.section,
        trace: voxel.trace,
        sample: voxel.sample,
        truth: Some(voxel.truth),
    };
    Ok(found.iter().map(voxel).collect())
}

/// Who is asked what, and how it is shown.
struct Drawing<'a> {
    options: &'a ExplainOptions,
    material: &'a Material,
    explainer: Explainer,
    segmentation: Option<Segmentation>,
    class: Option<usize>,
    /// Of what is shown.
    side: usize,
}

impl Drawing<'_> {
    fn pictures(
        &self,
        voxel: &Voxel,
        channels: &SectionChannels,
        padding: Padding,
        folder: &RunFolder,
    ) -> Result<Vec<PathBuf>, RunError> {
        let &Self { options, material, ref explainer, segmentation, class, side } = self;
        let &Voxel { section, trace, sample, truth } = voxel;
        let shown = patch_of_voxel(channels, [trace, sample], side, padding);
        let (seen, explanation, heat) = match segmentation {
            None => {
                let explanation = explainer.grad_cam(shown.view(), class, options.layer.as_deref())?;
                let heat = explanation.heat.clone();
                (shown.clone(), explanation, heat)
            }
            Some(segmentation) => {
                let (seen, place) = seen_of_voxel(channels, [trace, sample], segmentation, padding);
                let explanation = explainer.grad_cam_at(seen.view(), place, class, options.layer.as_deref())?;
                let heat = part_round(&explanation.heat, place, side);
                (seen, explanation, heat)
            }
        };
        let [inline, crossline] = section.cell(trace);
        let geometry = material.volume.geometry();
        let (inline, crossline) = (geometry.inline.number(inline), geometry.crossline.number(crossline));
        let (position, unit) = (geometry.vertical.position(sample), geometry.vertical.domain.unit());
        let title = format!("inline {inline}, crossline {crossline}, {position} {unit}");
        let asked = asked(options.class.as_deref(), options.layer.as_deref());
        let file = format!("{PICTURES}/inline-{inline}-crossline-{crossline}-{position}{unit}{asked}");
        let name = |code: usize| material.classes.get(code as u8).map_or("", |class| class.name.as_str());
        let labelled = truth.map(|truth| format!("labelled {}", name(usize::from(truth)))).unwrap_or_default();
        let amplitude = amplitude_of(&shown);
        let heat = shares(heat.view());
        let tiles = [
            Tile {
                captions: vec![format!("{side} samples and traces"), labelled],
                content: TileContent::Amplitude(amplitude),
                heat: None,
                marked: true,
            },
            Tile {
                captions: captions(&explanation, name(explanation.class)).into(),
                content: TileContent::Amplitude(amplitude),
                heat: Some(heat.view()),
                marked: false,
            },
        ];
        let bar = Some("share of the strongest");
        let figure = TilesFigure { title: &title, tiles: &tiles, columns: 2, side: 360, share: bar };
        folder.write(&format!("{file}.png"), &figure.png()?)?;
        let mut pictures = vec![folder.file(&format!("{file}.png"))];
        if options.features {
            let maps = folder.file(&format!("{file}-maps.png"));
            maps_figure(explainer, seen.view(), &title, options.layer.as_deref(), &maps)?;
            pictures.push(maps);
        }
        Ok(pictures)
    }
}

/// Refuses a job that is not the one that the folder's model was trained by: its division would call voxels test voxels that the
/// model learnt from.
fn check_trained(loaded: &LoadedJob, folder: &RunFolder, device: Device) -> Result<(), RunError> {
    let (job, inputs) = (&loaded.job, hash_inputs(loaded)?);
    let record = folder.record()?;
    let training = record.as_ref().and_then(|record| record.stages.training.as_ref());
    if training.is_none_or(|stage| stage.identity == identity::of_training(job, &inputs)) {
        return Ok(());
    }
    let changes = Changes::new(folder, job_yaml(job).ok().as_deref(), record.as_ref(), &inputs, &[device]);
    let (path, differences) = (folder.path().to_owned(), changes.of_training());
    Err(RunError::OtherRun { path, stage: "training", differences })
}

/// Side of what is shown of a voxel: its patch, or the crop that a network that segments learns from.
fn shown_side(job: &Job, segmentation: Option<Segmentation>) -> usize {
    match &job.training.form {
        TrainingForm::Dense(dense) if segmentation.is_some() => dense.crops(&job.network).crop,
        _ => job.patch.size,
    }
}

/// The first channel of a patch, its voxel's own section where it sees several.
pub(super) fn amplitude_of(patch: &Array3<f32>) -> ArrayView2<'_, f32> {
    patch.index_axis(Axis(0), 0)
}
