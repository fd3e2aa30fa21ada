//! What a model looked at in photographs: a figure of each.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::gallery::squared;
use crate::dataset::pictures::{Picture, Shown, UnreadablePicture, read_picture};
use crate::job::explanation_words::{asked, captions};
use crate::job::feature_maps::{maps_figure, shares};
use crate::job::{JobEvent, Listener, RunError};
use crate::network::{Device, Explainer, PictureModel};
use crate::predict::pictures::PictureProgress;
use crate::report::{Figure, Tile, TileContent, TilesFigure, most_probable};

/// Side of a picture in a figure.
const SIDE: usize = 360;
/// Longest name of a figure without what makes it unique, in bytes.
const LONGEST_NAME: usize = 180;

/// A picture that is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::job) struct PictureToExplain {
    /// Its file.
    pub(in crate::job) path: PathBuf,
    /// The class that it shows, where that is known.
    pub(in crate::job) truth: Option<usize>,
}

/// What is asked of every picture.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::job) struct Question<'a> {
    /// The layer whose map is taken; the last convolution that tells places apart if none is named.
    pub(in crate::job) layer: Option<&'a str>,
    /// The class to explain; the predicted one if none is given.
    pub(in crate::job) class: Option<usize>,
    /// For how many of the pictures, the first of them, the maps of the layer are drawn, too.
    pub(in crate::job) maps: usize,
}

/// What came of pictures that were to be explained.
#[derive(Debug, Default)]
pub(in crate::job) struct Explained {
    /// The figures, in the order of the pictures.
    pub(in crate::job) figures: Vec<PathBuf>,
    /// Pictures that cannot be read, of which the listener was warned.
    pub(in crate::job) unreadable: Vec<UnreadablePicture>,
}

/// Draws into `folder`, for every picture, the picture beside the same with what speaks for a class over it, and where they are
/// asked for the maps of the layer.
///
/// # Errors
/// When there is no class or layer as asked for, memory runs out, a file cannot be written, or on interruption.
pub(in crate::job) fn draw_explanations(
    model: &PictureModel,
    device: Device,
    pictures: &[PictureToExplain],
    question: Question<'_>,
    folder: &Path,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Explained, RunError> {
    let (mut explained, mut names, of) = (Explained::default(), BTreeSet::new(), pictures.len());
    if of == 0 {
        return Ok(explained);
    }
    let drawing = Drawing { explainer: model.explainer(device)?, model, question, folder };
    fs::create_dir_all(folder).map_err(RunError::io("make", folder))?;
    listener.notice(&JobEvent::Stage(&format!("explaining {of} {}", if of == 1 { "picture" } else { "pictures" })));
    for (done, picture) in pictures.iter().enumerate() {
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        match read_picture(&picture.path) {
            Ok(read) => explained.figures.extend(drawing.figures(
                picture,
                &read,
                &unique(picture, &mut names),
                done < question.maps,
            )?),
            Err(unreadable) => {
                listener.notice(&JobEvent::Warning(&unreadable.to_string()));
                explained.unreadable.push(unreadable);
            }
        }
        listener.notice(&JobEvent::Pictures(&PictureProgress { done: done + 1, of }));
    }
    Ok(explained)
}

/// Who is asked what, and where the figures go.
struct Drawing<'a> {
    explainer: Explainer,
    model: &'a PictureModel,
    question: Question<'a>,
    folder: &'a Path,
}

impl Drawing<'_> {
    fn figures(
        &self,
        picture: &PictureToExplain,
        read: &Picture,
        name: &str,
        draws_maps: bool,
    ) -> Result<Vec<PathBuf>, RunError> {
        let (description, Question { layer, class, .. }) = (&self.model.description, self.question);
        let input = description.pictures;
        let mut seen = squared(read, input.side, input.fit)?;
        input.normalization.apply(seen.view_mut());
        let explanation = self.explainer.grad_cam(seen.view(), class, layer)?;
        let shown = squared(read, SIDE, input.fit)?;
        let heat = shares(explanation.heat.view());
        let name_of = |class: usize| description.classes.get(class).map_or("", String::as_str);
        let (predicted, confidence) = most_probable(&explanation.probabilities);
        let truth = picture.truth.map(|class| format!("true: {}", name_of(class))).unwrap_or_default();
        let said = [truth, format!("predicted: {}, {confidence:.3}", name_of(predicted))];
        let tile = |lines: [String; 2], heat| Tile {
            captions: lines.into(),
            content: TileContent::Photograph(shown.view()),
            heat,
            marked: false,
        };
        let tiles = [tile(said, None), tile(captions(&explanation, name_of(explanation.class)), Some(heat.view()))];
        let title = picture.path.file_name().unwrap_or(picture.path.as_os_str());
        let title = Shown(Path::new(title)).to_string();
        let bar = Some("share of the strongest");
        let asked = asked(class.map(name_of), layer);
        let mut files = vec![self.folder.join(format!("{name}{asked}.png"))];
        TilesFigure { title: &title, tiles: &tiles, columns: 2, side: SIDE, share: bar }.draw(&files[0])?;
        if draws_maps {
            let path = self.folder.join(format!("{name}{asked}-maps.png"));
            maps_figure(&self.explainer, seen.view(), &title, layer, &path)?;
            files.push(path);
        }
        Ok(files)
    }
}

/// A name for the figures of a picture, that none before it has: of its folder, where that tells the class, and of its file.
fn unique(picture: &PictureToExplain, names: &mut BTreeSet<String>) -> String {
    let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let mut name = text(picture.path.file_stem());
    if picture.truth.is_some() {
        name = format!("{}-{name}", text(picture.path.parent().and_then(Path::file_name)));
    }
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    let mut candidate = name.clone();
    let mut number = 1;
    // Some file systems take letters for the same whatever their case; `-maps` may be another picture's figure.
    while [&candidate[..], &format!("{candidate}-maps")].iter().any(|name| names.contains(&name.to_lowercase())) {
        number += 1;
        candidate = format!("{name}-{number}");
    }
    names.extend([candidate.to_lowercase(), format!("{candidate}-maps").to_lowercase()]);
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_pictures_have_figures_of_one_name() {
        let (mut names, long) = (BTreeSet::new(), "ü".repeat(200));
        for (path, truth, expected) in [
            ("set/clay/1.png", Some(0), "clay-1"),
            ("set/clay/1.jpg", Some(0), "clay-1-2"),
            ("set/CLAY/1.jpg", Some(0), "CLAY-1-3"),
            ("set/clay/1.png", None, "1"),
            ("other/1-maps.png", None, "1-maps-2"),
            ("clay-1.png", None, "clay-1-4"),
            (&long, None, &long[..LONGEST_NAME]),
        ] {
            let picture = PictureToExplain { path: path.into(), truth };
            assert_eq!(unique(&picture, &mut names), expected);
        }
    }
}
