//! What a job works on: the cube, its amplitudes, the labels and how they are divided.

use super::schema::{Attribute, LabelSource, SegyInput};
use super::{JobEvent, Listener, LoadedJob, RunError};
use crate::dataset::{SeismicDataset, Split, Subset};
use crate::grid::{ClassTable, Plane};
use crate::labels::{LabelReport, Labels, PointClass, SectionImageOptions, read_points, read_section_image};
use crate::metrics::SplitSummary;
use crate::network::ModelDescription;
use crate::volume::{
    AmplitudeScaling, Channel, Measurement, SectionReader, SegyVolume, SegyVolumeOptions, Volume, VolumeError,
    check_same_grid,
};

/// Cube and labels of a job, read and checked.
pub struct Material {
    /// The cube to learn from.
    pub volume: SegyVolume,
    /// Its amplitude statistics and live traces.
    pub measurement: Measurement,
    /// Clip and scale fitted to it.
    pub scaling: AmplitudeScaling,
    /// The volumes beside it.
    pub attributes: Vec<AttributeVolume>,
    /// Whether the position on the vertical axis is a channel, too.
    pub depth: bool,
    /// The classes.
    pub classes: ClassTable,
    /// The interpretation.
    pub labels: Labels,
    /// What became of each label input.
    pub label_reports: Vec<LabelReport>,
}

/// A volume beside the cube, on its grid.
pub struct AttributeVolume {
    /// What the job calls it.
    pub name: String,
    /// Its values.
    pub volume: SegyVolume,
    /// Their statistics.
    pub measurement: Measurement,
    /// Clip and scale fitted to them.
    pub scaling: AmplitudeScaling,
}

impl Material {
    /// Opens the cube and the volumes beside it, measures them and reads the labels.
    ///
    /// # Errors
    /// When the cube or a label input cannot be read or does not fit.
    pub fn open(loaded: &LoadedJob, listener: &mut dyn Listener) -> Result<Self, RunError> {
        let job = &loaded.job;
        let classes = job.class_table()?;
        let volume = open_volume(&job.input.segy, listener)?;
        let opened = open_attributes(&volume, &job.input.attributes, listener)?;
        let mut labels = Labels::new(volume.geometry().clone());
        let mut label_reports = Vec::new();
        for source in &job.labels {
            let report = read_labels(source, &classes, &mut labels)?;
            for warning in report.warnings() {
                listener.notice(&JobEvent::Warning(&warning));
            }
            label_reports.push(report);
        }
        let (scaling, measurement) = AmplitudeScaling::fit(&volume, job.amplitude.clip.into())?;
        let scaling = if job.amplitude.as_recorded { scaling.as_recorded() } else { scaling };
        let fitted = |(attribute, (name, volume)): (&Attribute, (String, SegyVolume))| {
            let clip = attribute.clip.unwrap_or_default();
            let (scaling, measurement) = AmplitudeScaling::fit(&volume, clip.into())?;
            Ok(AttributeVolume { name, volume, measurement, scaling })
        };
        let attributes = job.input.attributes.iter().zip(opened).map(fitted).collect::<Result<_, VolumeError>>()?;
        let depth = job.input.depth;
        Ok(Self { volume, measurement, scaling, attributes, depth, classes, labels, label_reports })
    }

    /// What a network sees beside the amplitudes of the cube.
    pub fn further_channels(&self) -> Vec<Channel> {
        let attributes = self.attributes.iter().map(|attribute| {
            let AttributeVolume { name, scaling, .. } = attribute;
            Channel::Attribute { name: name.clone(), scaling: *scaling }
        });
        let depth = self.depth.then(|| Channel::depth(&self.volume.geometry().vertical));
        attributes.chain(depth).collect()
    }

    /// Reads sections as the model sees them.
    ///
    /// # Errors
    /// When the model wants other channels.
    pub fn reader(&self, description: &ModelDescription) -> Result<SectionReader<'_>, VolumeError> {
        description.reader(&self.volume, &self.named_volumes())
    }

    /// Reads sections with all channels that the job names, for whatever looks at them.
    ///
    /// # Errors
    /// When an attribute has other axes than the cube.
    pub fn reader_of_all(&self) -> Result<SectionReader<'_>, VolumeError> {
        SectionReader::new(&self.volume, self.scaling).with_channels(&self.further_channels(), &self.named_volumes())
    }

    fn named_volumes(&self) -> Vec<(&str, &dyn Volume)> {
        self.attributes.iter().map(|attribute| (attribute.name.as_str(), &attribute.volume as &dyn Volume)).collect()
    }

    /// The labelled sections as `reader` gives them, divided as the job says.
    ///
    /// # Errors
    /// When a class has nothing to learn from or a subset is empty.
    pub fn dataset(&self, loaded: &LoadedJob, reader: &SectionReader<'_>) -> Result<SeismicDataset, RunError> {
        let job = &loaded.job;
        let split = job.split_options(self.volume.geometry())?;
        Ok(SeismicDataset::build(reader, &self.labels, &self.classes, job.patch.planes(), &split)?)
    }
}

/// Opens a cube and passes on its warnings.
///
/// # Errors
/// When it cannot be read.
pub(super) fn open_volume(segy: &SegyInput, listener: &mut dyn Listener) -> Result<SegyVolume, RunError> {
    let options = SegyVolumeOptions { file: segy.open_options(), domain: segy.domain() };
    let volume = SegyVolume::open(&segy.path, &options)?;
    for warning in volume.warnings() {
        listener.notice(&JobEvent::Warning(&format!("{}: {warning}", segy.path.display())));
    }
    Ok(volume)
}

/// Opens the volumes beside `cube` by name.
///
/// # Errors
/// When one cannot be read or has other lines or samples.
pub(super) fn open_attributes(
    cube: &SegyVolume,
    attributes: &[Attribute],
    listener: &mut dyn Listener,
) -> Result<Vec<(String, SegyVolume)>, RunError> {
    let open = |attribute: &Attribute| {
        let volume = open_volume(&attribute.segy, listener)?;
        check_same_grid(cube, &volume)?;
        Ok((attribute.name.clone(), volume))
    };
    attributes.iter().map(open).collect()
}

fn read_labels(source: &LabelSource, classes: &ClassTable, labels: &mut Labels) -> Result<LabelReport, RunError> {
    let code = |name: &String| classes.code(name);
    Ok(match source {
        LabelSource::Points(points) => {
            let class = code(&points.class).map_or(PointClass::LastColumn { base: 0 }, PointClass::All);
            read_points(&points.path, class, classes, labels)?
        }
        LabelSource::Ixz(ixz) => read_points(&ixz.path, PointClass::LastColumn { base: ixz.base }, classes, labels)?,
        LabelSource::Section(section) => {
            let inline = section.inline.map(|number| (Plane::Inline, number));
            let crossline = section.crossline.map(|number| (Plane::Crossline, number));
            let colors = section.colors.iter().flatten();
            let options = SectionImageOptions {
                section: inline.or(crossline),
                base: section.base,
                colors: colors.filter_map(|(name, color)| Some((*color, code(name)?))).collect(),
            };
            read_section_image(&section.path, &options, classes, labels)?
        }
    })
}

/// How the labelled voxels were divided, and how many test voxels see training voxels: in their patch, or in the `context` of a
/// network that segments.
pub(super) fn split_summary(
    dataset: &SeismicDataset,
    split: &Split,
    patch: usize,
    context: Option<usize>,
) -> SplitSummary {
    SplitSummary {
        kind: split.kind().to_owned(),
        leak: dataset.leak(context.unwrap_or(patch)),
        context: context.map(|side| side as u64),
        test_voxels: dataset.total(Subset::Test),
        gap: match split {
            Split::Stripes(stripes) => Some(stripes.gap as u64),
            Split::Blocks(blocks) => Some(blocks.gap as u64),
            Split::BlockFolds(folds) => Some(folds.gap as u64),
            Split::Sides(sides) => Some(sides.gap as u64),
            Split::None | Split::Random(_) => None,
        },
    }
}
