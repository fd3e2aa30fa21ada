//! Which sections and slices are drawn, and the drawing.

use ndarray::Array2;

use super::run_folder::{FigureRecord, RunFolder};
use super::schema::Job;
use super::snapshots::{Snapshot, Snapshots};
use super::{JobEvent, Listener, Material, RunError};
use crate::grid::{Geometry, Plane, Section, UNLABELLED};
use crate::network::Model;
use crate::predict::Uncertainty;
use crate::report::{AmplitudeColors, Figure, SectionFigure, Shade, TimeSliceFigure};
use crate::volume::{SegyVolume, Volume};

/// Passes with dropout seldom differ by more, and less would be lost in the dark on a scale up to 1.
const MOST_SPREAD: f32 = 0.25;

/// What is drawn of one cube, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pictures {
    pub(super) sections: Vec<Section>,
    pub(super) samples: Vec<usize>,
}

/// The pictures that a job asks for and this cube can show: the named ones, or else the labelled sections, or else, on
/// another cube, the middle one of the interpreted sections.
pub(super) fn asked_pictures(
    job: &Job,
    material: &Material,
    geometry: &Geometry,
    interpreted: &[Section],
    is_other_cube: bool,
    listener: &mut dyn Listener,
) -> Pictures {
    let Some(figures) = &job.output.figures else { return Pictures::default() };
    let lines = [(Plane::Inline, &figures.inlines), (Plane::Crossline, &figures.crosslines)];
    let mut missing = Vec::new();
    let mut pictures = Pictures::default();
    for (plane, numbers) in lines {
        for &number in numbers {
            match geometry.find_section(plane, number) {
                Some(section) => pictures.sections.push(section),
                None => missing.push(format!("{} {number}", plane.name())),
            }
        }
    }
    for &position in &figures.time_slices {
        match geometry.vertical.index(position) {
            Some(sample) => pictures.samples.push(sample),
            None => missing.push(format!("{position} {}", geometry.vertical.domain.unit())),
        }
    }
    // With several cubes a line need not be on each.
    if !missing.is_empty() && !is_other_cube {
        let text = format!("cannot draw {}: not on the survey", missing.join(", "));
        listener.notice(&JobEvent::Warning(&text));
    }
    let named = !figures.inlines.is_empty() || !figures.crosslines.is_empty() || !figures.time_slices.is_empty();
    if !named {
        let learnt = material.volume.geometry();
        let labelled = [Plane::Inline, Plane::Crossline].into_iter().flat_map(|plane| material.labels.sections(plane));
        let same = labelled.filter_map(|section| geometry.find_section(section.plane, learnt.section_number(section)));
        pictures.sections = same.collect();
    }
    if pictures.sections.is_empty() && pictures.samples.is_empty() {
        pictures.sections = interpreted.get(interpreted.len() / 2).copied().into_iter().collect();
    }
    pictures.sections.sort_unstable();
    pictures.sections.dedup();
    pictures
}

impl Pictures {
    /// Draws them all.
    ///
    /// # Errors
    /// When the cube cannot be read or a figure not be written.
    #[expect(clippy::too_many_arguments, reason = "each is one of the things a picture shows")]
    pub(super) fn draw(
        &self,
        job: &str,
        prefix: &str,
        material: &Material,
        model: &Model,
        volume: &SegyVolume,
        snapshots: &Snapshots,
        folder: &RunFolder,
    ) -> Result<Vec<FigureRecord>, RunError> {
        let geometry = volume.geometry();
        let mut figures = Vec::new();
        for (section, snapshot) in &snapshots.sections {
            let title = geometry.section_title(*section);
            let name = format!("figures/{prefix}{}.png", title.replace(' ', "-"));
            let (png, has_labels) =
                section_png(&format!("{job} — {title}"), *section, material, model, volume, snapshot)?;
            folder.write(&name, &png)?;
            let labels = if has_labels { "labels, " } else { "" };
            if !snapshot.is_interpreted() {
                let caption = format!(
                    "{title} of {}: amplitude{}; it was not interpreted.",
                    file_name(volume),
                    if has_labels { " and labels" } else { "" }
                );
                figures.push(FigureRecord { name, caption, bytes: 0 });
                continue;
            }
            let names: String = shades(snapshot).iter().map(|shade| format!(", {}", shade.name)).collect();
            let caption = format!("{title} of {}: amplitude, {labels}interpretation{names}.", file_name(volume));
            figures.push(FigureRecord { name, caption, bytes: 0 });
        }
        for (sample, snapshot) in &snapshots.time_slices {
            let (position, unit) = (geometry.vertical.position(*sample), geometry.vertical.domain.unit());
            let name = format!("figures/{prefix}slice-{position}{unit}.png");
            let [inlines, crosslines, _] = geometry.shape();
            let mut amplitude = Array2::zeros((inlines, crosslines));
            volume.read_time_slice(*sample, amplitude.view_mut())?;
            model.description.amplitude.apply(amplitude.view_mut());
            let figure = TimeSliceFigure {
                title: &format!("{job} — {position} {unit}"),
                geometry,
                amplitude: Some(amplitude.view()),
                prediction: snapshot.codes.view(),
                shades: &shades(snapshot),
                classes: &material.classes,
                colors: AmplitudeColors::Grey,
            };
            folder.write(&name, &figure.png()?)?;
            let caption = format!("Slice at {position} {unit} of {}, seen from above.", file_name(volume));
            figures.push(FigureRecord { name, caption, bytes: 0 });
        }
        Ok(figures)
    }
}

/// How sure an interpretation is, as far as the job asks for it.
fn shades(snapshot: &Snapshot) -> Vec<Shade<'_>> {
    let confidence = snapshot.confidence.iter().map(|values| ("confidence", 1.0, values));
    let uncertainty = snapshot.uncertainty.iter().map(|(which, values)| match which {
        Uncertainty::Entropy | Uncertainty::Margin => (which.label(), 1.0, values),
        Uncertainty::Deviation | Uncertainty::MutualInformation => (which.label(), MOST_SPREAD, values),
    });
    confidence.chain(uncertainty).map(|(name, most, values)| Shade { name, most, values: values.view() }).collect()
}

fn section_png(
    title: &str,
    section: Section,
    material: &Material,
    model: &Model,
    volume: &SegyVolume,
    snapshot: &Snapshot,
) -> Result<(Vec<u8>, bool), RunError> {
    let geometry = volume.geometry();
    let [traces, samples] = geometry.section_shape(section.plane);
    let mut amplitude = Array2::zeros((traces, samples));
    volume.read_section(section, amplitude.view_mut())?;
    model.description.amplitude.apply(amplitude.view_mut());
    let labels = labels_on(section, material, geometry);
    let shades = shades(snapshot);
    let figure = SectionFigure {
        title,
        trace_axis: geometry.trace_axis(section.plane),
        trace_title: section.plane.other().name(),
        vertical: &geometry.vertical,
        amplitude: amplitude.view(),
        labels: labels.as_ref().map(|labels| labels.view()),
        prediction: snapshot.is_interpreted().then_some(snapshot.codes.view()),
        shades: if snapshot.is_interpreted() { &shades } else { &[] },
        classes: &material.classes,
        colors: AmplitudeColors::Grey,
    };
    Ok((figure.png()?, labels.is_some()))
}

/// The labels of a section, found by line number and time, so that they also show on another cube of the same survey.
fn labels_on(section: Section, material: &Material, geometry: &Geometry) -> Option<Array2<u8>> {
    let learnt = material.volume.geometry();
    let twin = learnt.find_section(section.plane, geometry.section_number(section))?;
    let codes = material.labels.section(twin)?;
    let (across, across_learnt) = (geometry.trace_axis(section.plane), learnt.trace_axis(section.plane));
    let [traces, samples] = geometry.section_shape(section.plane);
    let shown = Array2::from_shape_fn((traces, samples), |(trace, sample)| {
        let trace = across_learnt.index(across.number(trace));
        let sample = learnt.vertical.index(geometry.vertical.position(sample));
        trace.zip(sample).map_or(UNLABELLED, |(trace, sample)| codes[[trace, sample]])
    });
    shown.iter().any(|&code| code != UNLABELLED).then_some(shown)
}

fn file_name(volume: &SegyVolume) -> String {
    volume.file().path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
