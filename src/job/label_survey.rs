//! The use case `labels`: what the labels of a job say, before anything is trained.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde::Serialize;

use super::located::located;
use super::{Listener, LoadedJob, Material, RunError};
use crate::dataset::Subset;
use crate::grid::{Color, Plane, Section};
use crate::report::{AmplitudeColors, Figure, SectionFigure};
use crate::volume::{SectionReader, Volume};

/// What the labels of a job say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelSurvey {
    /// One entry for each class, in code order.
    pub classes: Vec<ClassSurvey>,
    /// The labelled sections: `inline 339`.
    pub sections: Vec<String>,
    /// Test voxels whose patch holds a training voxel.
    pub leak: Option<u64>,
    /// The pictures that were drawn.
    pub figures: Vec<PathBuf>,
}

/// What the labels of a job say of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassSurvey {
    /// Code inside the program and in label files that count from 0.
    pub code: u8,
    /// Its name.
    pub name: String,
    /// Its colour.
    pub color: Color,
    /// Labelled voxels.
    pub labelled: u64,
    /// Those that train, validate and test, in this order; absent where the labels cannot be divided as the job says.
    pub divided: Option<[u64; 3]>,
}

/// Counts the labels of a job, divides them as it says, and draws the labelled sections into `figures`.
///
/// Labels that cannot be divided are counted nevertheless; why they cannot is the second value.
///
/// # Errors
/// When the cube or a label source cannot be read, or a picture not be written.
pub fn survey_labels(
    loaded: &LoadedJob,
    figures: Option<&Path>,
    listener: &mut dyn Listener,
) -> Result<(LabelSurvey, Result<(), RunError>), RunError> {
    let material = Material::open(loaded, listener)?;
    let geometry = material.volume.geometry();
    let counts = material.labels.class_counts(material.classes.len());
    let mut survey = LabelSurvey { classes: Vec::new(), sections: Vec::new(), leak: None, figures: Vec::new() };
    let (divided, divides) = match material.dataset(loaded, &SectionReader::new(&material.volume, material.scaling)) {
        Ok(dataset) => {
            survey.leak = Some(dataset.leak(loaded.job.patch.size));
            (Some([Subset::Train, Subset::Validation, Subset::Test].map(|subset| dataset.counts(subset))), Ok(()))
        }
        Err(error) => (None, Err(located(loaded, error))),
    };
    for (place, class) in material.classes.iter().enumerate() {
        survey.classes.push(ClassSurvey {
            code: place as u8,
            name: class.name.clone(),
            color: class.color,
            labelled: counts[place],
            divided: divided.as_ref().map(|subsets| [0, 1, 2].map(|subset: usize| subsets[subset][place])),
        });
    }
    for section in [Plane::Inline, Plane::Crossline].into_iter().flat_map(|plane| material.labels.sections(plane)) {
        let title = geometry.section_title(section);
        if let Some(folder) = figures {
            fs::create_dir_all(folder).map_err(RunError::io("make", folder))?;
            let path = folder.join(format!("{}.png", title.replace(' ', "_")));
            draw(&format!("{} — {title}", loaded.job.name), section, &material, &path)?;
            survey.figures.push(path);
        }
        survey.sections.push(title);
    }
    Ok((survey, divides))
}

fn draw(title: &str, section: Section, material: &Material, path: &Path) -> Result<(), RunError> {
    let geometry = material.volume.geometry();
    let [traces, samples] = geometry.section_shape(section.plane);
    let mut amplitude = Array2::zeros((traces, samples));
    material.volume.read_section(section, amplitude.view_mut())?;
    material.scaling.apply(amplitude.view_mut());
    let labels = material.labels.section(section);
    let figure = SectionFigure {
        title,
        trace_axis: geometry.trace_axis(section.plane),
        trace_title: section.plane.other().name(),
        vertical: &geometry.vertical,
        amplitude: amplitude.view(),
        labels: labels.as_ref().map(|labels| labels.view()),
        prediction: None,
        shades: &[],
        classes: &material.classes,
        colors: AmplitudeColors::Grey,
    };
    Ok(figure.draw(path)?)
}
