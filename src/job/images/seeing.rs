//! What a trained network made of its pictures, to look at.

use std::fs;
use std::sync::atomic::AtomicBool;

use super::explain::{PictureToExplain, Question, draw_explanations};
use super::gallery::{GalleryPicture, MOST_SHOWN, draw_gallery};
use super::learning::Task;
use super::scoring::{FIGURES, Misclassified, ScoredPicture, ScoredSet};
use crate::job::run_folder::FigureRecord;
use crate::job::{Listener, RunError};
use crate::network::PictureModel;

/// Folder of the explained pictures in that of a run.
const EXPLANATIONS: &str = "figures/explanations";

/// Draws a gallery of what was classified wrongly, and what the network looked at in `explained` pictures of `set`: the most surely
/// wrong ones first, then the first of each class; with the maps of a layer for the first of them.
///
/// # Errors
/// When memory runs out, a file cannot be written, or on interruption.
pub(super) fn show(
    task: &Task<'_>,
    model: &PictureModel,
    set: &ScoredSet,
    wrong: &[Misclassified],
    explained: usize,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Vec<FigureRecord>, RunError> {
    let Task { name, folder, .. } = *task;
    let classes = &model.description.classes;
    let figure = |name: String, caption: String| FigureRecord { name, caption, bytes: 0 };
    let mut figures = Vec::new();
    if set.pictures.iter().any(|picture| picture.path.as_os_str().is_empty()) {
        return Ok(figures);
    }
    if !wrong.is_empty() {
        let gallery = format!("{FIGURES}/misclassified.png");
        let shown = |wrong: &Misclassified| GalleryPicture {
            path: wrong.picture.path.clone(),
            captions: vec![
                format!("true: {}", classes[usize::from(wrong.picture.class)]),
                format!("{}, {:.3}", classes[wrong.predicted], wrong.confidence),
            ],
        };
        let pictures: Vec<_> = wrong.iter().take(MOST_SHOWN).map(shown).collect();
        draw_gallery(&folder.join(&gallery), &format!("{name} — {} pictures taken for others", set.name), &pictures)?;
        let of =
            if wrong.len() > MOST_SHOWN { format!("{MOST_SHOWN} of {}", wrong.len()) } else { wrong.len().to_string() };
        let caption = format!(
            "Misclassified {} pictures ({of}), the surest first: what they are, what they were taken for.",
            set.name
        );
        figures.push(figure(gallery, caption));
    }
    let mut chosen: Vec<_> = wrong.iter().map(|wrong| &wrong.picture).collect();
    let firsts = (0..classes.len()).filter_map(|class| {
        let right = |picture: &&ScoredPicture| {
            usize::from(picture.class) == class && !wrong.iter().any(|wrong| wrong.picture.path == picture.path)
        };
        set.pictures.iter().find(right)
    });
    chosen.extend(firsts);
    chosen.truncate(explained);
    let to_explain = |picture: &&ScoredPicture| PictureToExplain {
        path: picture.path.clone(),
        truth: Some(usize::from(picture.class)),
    };
    let pictures: Vec<_> = chosen.iter().map(to_explain).collect();
    let place = folder.join(EXPLANATIONS);
    if place.exists() {
        // Those of an earlier training.
        fs::remove_dir_all(&place).map_err(RunError::io("replace", &place))?;
    }
    let question = Question { maps: 1, ..Question::default() };
    let drawn = draw_explanations(model, task.recipe.device, &pictures, question, &place, listener, interrupted)?;
    for path in drawn.figures {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let caption = if file.ends_with("-maps.png") {
            "Maps of the layer behind the picture above, each in its own range.".to_owned()
        } else {
            format!(
                "{}: where the network found what speaks for the class that it predicts (Grad-CAM).",
                file.trim_end_matches(".png")
            )
        };
        figures.push(figure(format!("{EXPLANATIONS}/{file}"), caption));
    }
    Ok(figures)
}
