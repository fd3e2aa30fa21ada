//! A picture of what augmentation does to the first training examples.

use ndarray::{Axis, Slice, s};

use super::RunError;
use super::run_folder::{FigureRecord, RunFolder};
use crate::dataset::{Augmentation, CropOptions, CropSampler, PatchOptions, PatchSampler, SeismicDataset};
use crate::grid::ClassTable;
use crate::report::{AugmentationExamples, AugmentationFigure, Figure};
use crate::train::Form;

/// Examples in the picture.
const MOST_EXAMPLES: usize = 6;

/// Draws the first examples of the first step as they are and as they are shown, if more than mirroring changes them.
///
/// # Errors
/// When the figure cannot be written.
pub(super) fn draw_augmentation(
    job: &str,
    dataset: &SeismicDataset,
    form: &Form,
    classes: &ClassTable,
    folder: &RunFolder,
) -> Result<Option<FigureRecord>, RunError> {
    let title = format!("{job} — augmentation");
    let png = match form {
        Form::Dense(options) => {
            let options = CropOptions { crops_per_step: options.crops_per_step.min(MOST_EXAMPLES), ..options.clone() };
            let plain = CropOptions { augmentation: Augmentation::default(), ..options.clone() };
            let sampler = CropSampler::new(dataset, options)?;
            if sampler.images().is_some() {
                return Ok(None);
            }
            let [before, after] = [CropSampler::new(dataset, plain)?.batch(0), sampler.batch(0)];
            let [before, after] = [&before, &after].map(|batch| AugmentationExamples {
                amplitude: batch.values.index_axis(Axis(1), 0),
                codes: Some(batch.codes.view()),
            });
            AugmentationFigure { title: &title, before, after, classes }.png()?
        }
        Form::Patch(options) => {
            let plain = PatchOptions { augmentation: Augmentation::default(), ..options.clone() };
            let sampler = PatchSampler::new(dataset, options.clone())?;
            if sampler.distinct().is_some() {
                return Ok(None);
            }
            let few = Slice::from(..options.batch.min(MOST_EXAMPLES));
            let [before, after] = [PatchSampler::new(dataset, plain)?.batch(0), sampler.batch(0)];
            let [before, after] = [&before, &after]
                .map(|batch| AugmentationExamples { amplitude: batch.values.slice(s![few, 0, .., ..]), codes: None });
            AugmentationFigure { title: &title, before, after, classes }.png()?
        }
        Form::Pictures(..) | Form::Features(_) => return Ok(None),
    };
    let name = "figures/augmentation.png";
    folder.write(name, &png)?;
    let caption = "The first training examples as they lie on the section, and what augmentation makes of them.";
    Ok(Some(FigureRecord { name: name.into(), caption: caption.into(), bytes: 0 }))
}
