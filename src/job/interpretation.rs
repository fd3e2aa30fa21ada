//! The use case `predict`: cubes interpreted with the trained model, as files and figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::disk_space::allocated;
use super::engine_choice::{Computing, EngineChoice};
use super::material::{open_attributes, open_volume};
use super::pictures::{Pictures, asked_pictures};
use super::predictors::{PrecisionChoice, predictors};
use super::run_folder::{FileRecord, InputRecord, RunFolder, SpeedRecord, StageRecord};
use super::schema::{Job, Prediction as Asked, PredictionOutput, PredictionPlane};
use super::sections::asked_sections;
use super::snapshots::{SnapshotSink, Snapshots};
use super::truth::{TruthCounts, TruthSink};
use super::{JobEvent, Listener, LoadedJob, Material, RunError, identity};
use crate::dataset::Padding;
use crate::export::{
    CubeDescription, Hdf5Options, Hdf5Sink, Provenance, SegyOptions, SegySink, SegyValues, SourceHeaders,
    exact_positions, position_unit,
};
use crate::grid::{Plane, Section};
use crate::metrics::ConfusionMatrix;
use crate::network::{Device, Model, MonteCarlo};
use crate::predict::{
    Engine, Outputs, PROBABILITY_FILE, PredictOptions, Prediction, SectionSink, SectionStore, SectionWindow,
};
use crate::volume::{LiveTraces, SectionReader, SegyVolume, SegyVolumeOptions, Volume, VolumeError, measure};

/// Where unfinished predictions lie in the folder of unfinished work.
pub(super) const UNFINISHED: &str = "prediction";
/// Holds the finished sections of one of them.
const SECTIONS: &str = "sections";

/// Another cube than the one learnt from.
struct OtherCube {
    volume: SegyVolume,
    live: LiveTraces,
    attributes: Vec<(String, SegyVolume)>,
}

/// A prediction that has been checked against its data and can begin.
pub(super) struct PreparedPrediction {
    place: usize,
    asked: Asked,
    /// Another cube than the one learnt from.
    other: Option<OtherCube>,
    truth: Option<SegyVolume>,
    options: PredictOptions,
    pictures: Pictures,
}

impl PreparedPrediction {
    /// Opens the cubes of all predictions of a job and looks whether everything fits.
    ///
    /// # Errors
    /// When a cube cannot be read, lacks a line that is asked for, or differs from its truth; when the network has no dense
    /// form and one is asked for.
    pub(super) fn all(
        loaded: &LoadedJob,
        material: &Material,
        computing: Computing<'_>,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Self>, RunError> {
        let predictions = loaded.job.prediction.iter().enumerate();
        predictions.map(|(place, asked)| Self::new(loaded, material, computing, place, asked, listener)).collect()
    }

    fn new(
        loaded: &LoadedJob,
        material: &Material,
        computing: Computing<'_>,
        place: usize,
        asked: &Asked,
        listener: &mut dyn Listener,
    ) -> Result<Self, RunError> {
        let job = &loaded.job;
        let other = match &asked.input {
            Some(input) => {
                let volume = open_volume(&input.segy, listener)?;
                let attributes = open_attributes(&volume, &input.attributes, listener)?;
                let live = measure(&volume)?.live_traces;
                Some(OtherCube { volume, live, attributes })
            }
            None => None,
        };
        let volume = other.as_ref().map_or(&material.volume, |other| &other.volume);
        let (geometry, learnt) = (volume.geometry(), material.volume.geometry());
        if geometry.vertical.domain != learnt.vertical.domain {
            let message = format!(
                "this cube is in {}, the one learnt from in {}",
                geometry.vertical.domain.title(),
                learnt.vertical.domain.title()
            );
            return Err(loaded.refuse(&format!("prediction[{place}].input"), message, None).into());
        }
        if (geometry.vertical.step - learnt.vertical.step).abs() > 1e-6 * learnt.vertical.step {
            let unit = geometry.vertical.domain.unit();
            listener.notice(&JobEvent::Warning(&format!(
                "{} has a sample every {} {unit}, the network learnt at {} {unit}: it sees other frequencies",
                volume.name(),
                geometry.vertical.step,
                learnt.vertical.step
            )));
        }
        let (sections, window): (Vec<Section>, SectionWindow) =
            asked_sections(loaded, place, asked, geometry, job.patch.planes()[0], volume.storage_plane())?;
        let beside = Outputs {
            probability: asked.outputs.contains(&PredictionOutput::Probability),
            confidence: asked.outputs.contains(&PredictionOutput::Confidence),
            ..Outputs::default()
        };
        let uncertainties = asked.outputs.iter().filter_map(|output| output.uncertainty());
        let outputs = uncertainties.fold(beside, Outputs::with);
        let monte_carlo =
            asked.monte_carlo.map(|asked| MonteCarlo { passes: asked.passes, seed: asked.seed.unwrap_or(job.seed) });
        let truth = match &asked.truth {
            Some(truth) => {
                let opened = SegyVolume::open(&truth.path, &SegyVolumeOptions::default())?;
                let (own, right) = (geometry, opened.geometry());
                if (own.inline, own.crossline, own.vertical.count)
                    != (right.inline, right.crossline, right.vertical.count)
                {
                    let key = format!("prediction[{place}].truth.path");
                    return Err(loaded.refuse(&key, "the truth lies on another grid than the cube", None).into());
                }
                Some(opened)
            }
            None => None,
        };
        let pictures = asked_pictures(job, material, geometry, &sections, other.is_some(), listener);
        let padding: Padding = job.patch.padding.into();
        let both_planes = asked.plane == Some(PredictionPlane::Both);
        let mut options =
            PredictOptions { engine: Engine::DENSE, padding, sections, window, outputs, both_planes, monte_carlo };
        let seen = [job.input.channels(), job.network.architecture().thickness(job.patch.size)];
        let pipeline_bytes = options.pipeline_bytes(geometry, seen, material.classes.len(), computing.workers);
        let largest = options.largest_window();
        let section = options.largest_section(geometry);
        let choice = EngineChoice { loaded, place, asked, computing, window: &largest, section, pipeline_bytes };
        options.engine = choice.engine()?;
        options.check_passes()?;
        Ok(Self { place, asked: asked.clone(), other, truth, options, pictures })
    }

    fn volume<'a>(&'a self, material: &'a Material) -> (&'a SegyVolume, &'a LiveTraces) {
        match &self.other {
            Some(OtherCube { volume, live, .. }) => (volume, live),
            None => (&material.volume, &material.measurement.live_traces),
        }
    }

    /// Reads the sections of its cube as the model sees them.
    fn reader<'a>(&'a self, material: &'a Material, model: &Model) -> Result<SectionReader<'a>, VolumeError> {
        let Some(OtherCube { volume, attributes, .. }) = &self.other else {
            return material.reader(&model.description);
        };
        let named = |(name, volume): &'a (String, SegyVolume)| (name.as_str(), volume as &dyn Volume);
        model.description.reader(volume, &attributes.iter().map(named).collect::<Vec<_>>())
    }

    /// Bytes that it will write at least: what SEG-Y volumes and the file between two planes take, without what an interrupted
    /// run has of the latter. HDF5 files and kept sections are compressed, nobody knows how well.
    pub(super) fn surely_needed(&self, loaded: &LoadedJob, material: &Material, folder: &RunFolder) -> u64 {
        let file = self.volume(material).0.file();
        let segy = 3600 + file.trace_count() * (240 + 4 * file.samples() as u64);
        let volumes = segy_volumes(&loaded.job, &self.asked).len() as u64;
        let between = self.options.probability_file_bytes(material.classes.len());
        let there = allocated(&self.partial(folder).join(SECTIONS).join(PROBABILITY_FILE));
        volumes * segy + between.saturating_sub(there)
    }

    /// Its folder of unfinished work.
    fn partial(&self, folder: &RunFolder) -> PathBuf {
        folder.partial().join(UNFINISHED).join(self.place.to_string())
    }

    /// Interprets the cube, continuing where an interrupted run stopped, and writes volumes and figures.
    ///
    /// # Errors
    /// When prediction fails or is interrupted, or a file cannot be written.
    pub(super) fn run(
        &self,
        run: &PredictionRun<'_>,
        listener: &mut dyn Listener,
        record: &mut StageRecord,
    ) -> Result<(), RunError> {
        let PredictionRun { loaded, material, model, devices, workers, folder, inputs, model_sha256, interrupted } =
            *run;
        let (volume, live) = self.volume(material);
        let sections = self.options.sections.len();
        let plane = self.options.sections[0].plane;
        let lines = match self.options.both_planes {
            true => format!(
                "{} {}s and {sections} {}s",
                self.options.window.traces.len(),
                plane.other().name(),
                plane.name()
            ),
            false => format!("{sections} {}s", plane.name()),
        };
        listener.notice(&JobEvent::Stage(&format!("interpreting {lines} of {}", volume.name())));

        let partial = self.partial(folder);
        let identity = identity::of_sections(&loaded.job, inputs, self.place, model_sha256, devices[0].kind());
        let (sections_folder, engine) = fresh_or_same(&partial, &identity, self.options.engine)?;
        let options = PredictOptions { engine, ..self.options.clone() };
        let store = SectionStore::open(&sections_folder)?;
        let reader = self.reader(material, model)?;
        let prediction = Prediction { reader: &reader, options: &options, store: &store };
        let kept = prediction.kept_sections(model.description.classes.len())?;
        if kept > 0 {
            listener.notice(&JobEvent::Note(&format!("{kept} sections are there from an interrupted run")));
        }

        let Pictures { sections, samples } = &self.pictures;
        let snapshots = Snapshots::new(volume.geometry(), sections, samples, self.options.outputs);
        let snapshots = Arc::new(Mutex::new(snapshots));
        let mut sinks: Vec<Box<dyn SectionSink + '_>> = vec![Box::new(SnapshotSink(Arc::clone(&snapshots)))];
        let counts = self.truth_sink(run, &mut sinks)?;

        let choice = PrecisionChoice { model, device: devices[0], reader: &reader, options: &options };
        let (precision, history) = choice.precision(self.asked.precision, listener)?;
        let mut written = self.file_sinks(run, volume, live, &partial, history, &mut sinks)?;
        let mut progress = |progress| listener.notice(&JobEvent::Prediction(&progress));
        let predictors = predictors(model, devices, workers, precision, options.monte_carlo.is_some())?;
        let summary = prediction.run(predictors, &mut sinks, &mut progress, interrupted)?;
        listener.notice(&JobEvent::Predicted(&summary));
        record.speeds.extend(SpeedRecord::of(&summary));
        for sink in sinks {
            sink.finish()?;
        }
        record.files.append(&mut written);
        if let Some(counts) = counts {
            let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.strange > 0 {
                let compared = counts.away.total() + counts.labelled.total();
                listener.notice(&JobEvent::Warning(&format!(
                    "{} values of the truth volume are no class code of this job and were left out, {compared} were compared: \
                     see `truth.path` and `truth.base`",
                    counts.strange
                )));
            }
            for (what, matrix) in
                [("away from the labelled lines", &counts.away), ("on the labelled lines", &counts.labelled)]
            {
                if let Some(scores) = matrix.scores(&material.classes) {
                    let text = format!(
                        "accuracy {:.3}, mean IoU {:.3} ({} voxels)",
                        scores.accuracy, scores.mean_iou, scores.support
                    );
                    record.results.push((format!("agreement with the truth {what}"), text));
                }
            }
        }
        let snapshots = snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let prefix = self.asked.name.as_ref().map(|name| format!("{name}-")).unwrap_or_default();
        let figures = self.pictures.draw(&loaded.job.name, &prefix, material, model, volume, &snapshots, folder)?;
        record.figures.extend(figures);
        Ok(())
    }

    fn truth_sink(
        &self,
        run: &PredictionRun<'_>,
        sinks: &mut Vec<Box<dyn SectionSink + '_>>,
    ) -> Result<Option<Arc<Mutex<TruthCounts>>>, RunError> {
        let (Some(_), Some(truth)) = (&self.truth, &self.asked.truth) else { return Ok(None) };
        let classes = run.material.classes.len();
        let empty = || ConfusionMatrix::new(classes);
        let counts = Arc::new(Mutex::new(TruthCounts { away: empty(), labelled: empty(), strange: 0 }));
        let labels = &run.material.labels;
        let planes = [Plane::Inline, Plane::Crossline];
        let labelled = if self.other.is_none() {
            planes.iter().flat_map(|&plane| labels.sections(plane)).collect()
        } else {
            Vec::new()
        };
        sinks.push(Box::new(TruthSink {
            truth: SegyVolume::open(&truth.path, &SegyVolumeOptions::default())?,
            base: truth.base,
            classes,
            labelled,
            counts: Arc::clone(&counts),
        }));
        Ok(Some(counts))
    }

    /// The volumes that the job asks for.
    fn file_sinks<'s>(
        &self,
        run: &PredictionRun<'_>,
        volume: &'s SegyVolume,
        live: &LiveTraces,
        partial: &Path,
        history: String,
        sinks: &mut Vec<Box<dyn SectionSink + 's>>,
    ) -> Result<Vec<FileRecord>, RunError> {
        let job = &run.loaded.job;
        let input_key = match self.other {
            Some(_) => format!("prediction[{}].input.segy.path", self.place),
            None => "input.segy.path".to_owned(),
        };
        let input = run.inputs.iter().find(|input| input.key == input_key);
        let file = volume.file();
        let cube = CubeDescription {
            geometry: volume.geometry().clone(),
            plane: self.options.sections[0].plane,
            classes: run.material.classes.clone(),
            live_traces: live.clone(),
            provenance: Provenance {
                title: format!("{}: seismic facies", job.name),
                history,
                source_file: file
                    .path()
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                source_sha256: input.map(|input| input.sha256.clone()),
                model_id: Some(job.name.clone()),
                model_sha256: Some(run.model_sha256.to_owned()),
                source_headers: Some(SourceHeaders::of(file)),
                ..Provenance::default()
            },
        };
        let mut written = Vec::new();
        if job.output.hdf5.is_some() {
            let name = file_name(&self.asked, "facies", "h5");
            let options = Hdf5Options {
                outputs: self.options.outputs,
                positions: exact_positions(file, volume.geometry()),
                position_unit: position_unit(file).to_owned(),
            };
            sinks.push(Box::new(Hdf5Sink::create(&run.folder.file(&name), partial, &cube, &options)?));
            written.push(FileRecord {
                name,
                description: "all volumes of the interpretation with named axes".into(),
                bytes: 0,
            });
        }
        for (name, values, description) in segy_volumes(job, &self.asked) {
            let options = SegyOptions { values, ..SegyOptions::default() };
            sinks.push(Box::new(SegySink::create(&run.folder.file(&name), partial, &cube, Some(file), &options)?));
            let description = format!("{description} with the traces and headers of the input");
            written.push(FileRecord { name, description, bytes: 0 });
        }
        Ok(written)
    }
}

/// `facies-NAME.h5` for a named prediction, `facies.h5` for one without.
fn file_name(asked: &Asked, what: &str, extension: &str) -> String {
    match &asked.name {
        Some(name) => format!("{what}-{name}.{extension}"),
        None => format!("{what}.{extension}"),
    }
}

/// Name, content and description of the SEG-Y volumes of one prediction that a job asks for.
pub(super) fn segy_volumes(job: &Job, asked: &Asked) -> Vec<(String, SegyValues, String)> {
    let mut volumes = Vec::new();
    for volume in job.output.segy.iter().flat_map(|segy| &segy.volumes) {
        match volume {
            PredictionOutput::Class => {
                let description = "class volume (code + 1, 0 = no class)".to_owned();
                volumes.push((file_name(asked, "facies", "sgy"), SegyValues::Class, description));
            }
            PredictionOutput::Entropy
            | PredictionOutput::Margin
            | PredictionOutput::Deviation
            | PredictionOutput::MutualInformation => {
                if let Some(which) = volume.uncertainty() {
                    let name = file_name(asked, which.name(), "sgy");
                    volumes.push((name, SegyValues::Uncertainty(which), which.title().to_owned()));
                }
            }
            PredictionOutput::Confidence => {
                let description = "probability of the chosen class".to_owned();
                volumes.push((file_name(asked, "confidence", "sgy"), SegyValues::Confidence, description));
            }
            PredictionOutput::Probability => {
                for (code, class) in job.classes.iter().enumerate() {
                    let name = file_name(asked, &format!("probability-{}", file_words(&class.name)), "sgy");
                    let description = format!("probability of {}", class.name);
                    volumes.push((name, SegyValues::Probability(code as u8), description));
                }
            }
        }
    }
    volumes
}

/// A class name as part of a file name.
fn file_words(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// What all predictions of one command share.
#[derive(Clone, Copy)]
pub(super) struct PredictionRun<'a> {
    pub(super) loaded: &'a LoadedJob,
    pub(super) material: &'a Material,
    pub(super) model: &'a Model,
    /// All of one kind.
    pub(super) devices: &'a [Device],
    /// Sections computed at a time on each of them.
    pub(super) workers: usize,
    pub(super) folder: &'a RunFolder,
    pub(super) inputs: &'a [InputRecord],
    pub(super) model_sha256: &'a str,
    pub(super) interrupted: &'a AtomicBool,
}

/// The folder of unfinished work, emptied where it was left by other settings or data, and the engine to go on with.
///
/// Tiles follow the free memory, so that a continued run might choose others; their last digits differ, and those of the
/// sections that are there decide. Larger ones than `engine`'s would not fit any more: then the work begins anew.
fn fresh_or_same(folder: &Path, identity: &str, engine: Engine) -> Result<(PathBuf, Engine), RunError> {
    let note = folder.join("identity");
    let kept = fs::read_to_string(&note).ok().and_then(|text| {
        let (kept, size) = text.split_once('\n')?;
        let size = size.trim().parse().ok().filter(|&size| kept == identity && size <= engine.size())?;
        Some(engine.with_size(size))
    });
    if kept.is_none() && folder.exists() {
        fs::remove_dir_all(folder).map_err(RunError::io("remove", folder))?;
    }
    let sections = folder.join(SECTIONS);
    fs::create_dir_all(&sections).map_err(RunError::io("make", &sections))?;
    let engine = kept.unwrap_or(engine);
    fs::write(&note, format!("{identity}\n{}\n", engine.size())).map_err(RunError::io("write", &note))?;
    Ok((sections, engine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continued_run_keeps_its_tiles_unless_they_no_longer_fit() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("0");
        let tile = |tile| Engine::Dense { tile };
        let begin = |identity: &str, engine| {
            let (sections, engine) = fresh_or_same(&folder, identity, engine).unwrap();
            let kept = sections.join("a").exists();
            fs::write(sections.join("a"), "a section").unwrap();
            (kept, engine)
        };
        assert_eq!(begin("one", tile(256)), (false, tile(256)));
        assert_eq!(begin("one", tile(512)), (true, tile(256)));
        assert_eq!(begin("one", tile(128)), (false, tile(128)));
        assert_eq!(begin("two", tile(128)), (false, tile(128)));
    }
}
