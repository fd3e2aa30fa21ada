//! The use case `images explain`: what a model looked at in photographs that are named, or sought out in folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::explain::{Explained, PictureToExplain, Question, draw_explanations};
use super::folders::{load_model, pictures_in};
use super::gallery::{GalleryPicture, draw_gallery};
use crate::dataset::pictures::PictureFile;
use crate::job::{JobEvent, Listener, RunError};
use crate::network::{Device, PictureModel, set_threads};
use crate::predict::pictures::classify_pictures;
use crate::report::most_probable;

/// Which model is asked, and about what.
#[derive(Clone, Debug)]
pub struct ExplainPicturesOptions {
    /// The model file.
    pub model: PathBuf,
    /// How many of the pictures that it is most sure of and wrong about; all pictures, if this and `uncertain` are 0.
    pub wrong: usize,
    /// How many of the pictures that it is least sure of.
    pub uncertain: usize,
    /// The class to explain; the predicted one if none is named.
    pub class: Option<String>,
    /// The layer whose map is taken; the last convolution that tells places apart if none is named.
    pub layer: Option<String>,
    /// Whether the maps of the layer are drawn, too.
    pub maps: bool,
    /// Where the figures go.
    pub folder: PathBuf,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// Draws where in pictures a model found what speaks for their classes, and returns the figures. Of folders, the pictures in
/// them are taken; what a picture shows, the name of its folder says, where a class of the model is called so. Of pictures
/// that are sought out there is a gallery, too.
///
/// # Errors
/// When the model or a folder cannot be read, no picture can, there is no class or layer as named, pictures are sought and no
/// class of any is known, a file cannot be written, or on interruption.
pub fn explain_pictures(
    options: &ExplainPicturesOptions,
    paths: &[PathBuf],
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Vec<PathBuf>, RunError> {
    set_threads(options.threads);
    let model = load_model(&options.model)?;
    let classes = &model.description.classes;
    let class = match &options.class {
        None => None,
        Some(name) => Some(
            classes
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| RunError::UnknownClass { name: name.clone(), known: classes.join(", ") })?,
        ),
    };
    let mut pictures = Vec::new();
    for path in paths {
        let found = if path.is_dir() {
            pictures_in(path)?.into_iter().map(|(path, _)| path).collect()
        } else {
            vec![path.clone()]
        };
        if found.is_empty() {
            return Err(RunError::NoPictures { path: path.clone() });
        }
        pictures.extend(found.into_iter().map(|path| PictureToExplain { truth: truth_of(&path, classes), path }));
    }
    let mut files = Vec::new();
    if options.wrong + options.uncertain > 0 {
        fs::create_dir_all(&options.folder).map_err(RunError::io("make", &options.folder))?;
        (pictures, files) = sought(options, &model, pictures, listener, interrupted)?;
    }
    let question = Question { layer: options.layer.as_deref(), class, maps: if options.maps { usize::MAX } else { 0 } };
    let Explained { figures, unreadable } =
        draw_explanations(&model, options.device, &pictures, question, &options.folder, listener, interrupted)?;
    match unreadable.into_iter().next() {
        Some(unreadable) if figures.is_empty() => Err(unreadable.into()),
        _ => Ok([files, figures].concat()),
    }
}

/// The class that the folder of a picture is called after.
fn truth_of(path: &Path, classes: &[String]) -> Option<usize> {
    let folder = std::path::absolute(path).ok()?;
    let folder = folder.parent()?.file_name()?;
    classes.iter().position(|class| folder == class.as_str())
}

/// The pictures that are asked for, with galleries of them.
fn sought(
    options: &ExplainPicturesOptions,
    model: &PictureModel,
    pictures: Vec<PictureToExplain>,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<(Vec<PictureToExplain>, Vec<PathBuf>), RunError> {
    let classes = &model.description.classes;
    if options.wrong > 0 && pictures.iter().all(|picture| picture.truth.is_none()) {
        return Err(RunError::NoTruth { known: classes.join(", ") });
    }
    listener.notice(&JobEvent::Stage(&format!("classifying {} pictures", pictures.len())));
    let files: Vec<_> = pictures.iter().map(|picture| PictureFile { path: picture.path.clone(), class: 0 }).collect();
    let mut tell = |progress| listener.notice(&JobEvent::Pictures(&progress));
    let predictor = model.predictor(options.device)?;
    let classified = classify_pictures(&predictor, model.description.pictures, &files, interrupted, &mut tell)?;
    for (_, unreadable) in &classified.unreadable {
        listener.notice(&JobEvent::Warning(&unreadable.to_string()));
    }
    if let (true, Some((_, unreadable))) = (classified.places.is_empty(), classified.unreadable.into_iter().next()) {
        return Err(unreadable.into());
    }
    let judged: Vec<Judged> = classified
        .places
        .iter()
        .zip(classified.probabilities.rows())
        .map(|(&place, row)| Judged::new(place, pictures[place].truth, &row.to_vec()))
        .collect();
    let (mut chosen, mut galleries) = (Vec::new(), Vec::new());
    let wanted = [
        (most_wrong(&judged, options.wrong), "wrong", "the surest of the wrong"),
        (least_sure(&judged, options.uncertain), "uncertain", "the least sure"),
    ];
    for ((found, name, title), asked) in wanted.into_iter().zip([options.wrong, options.uncertain]) {
        if found.is_empty() && asked > 0 {
            let known = judged.iter().filter(|judged| judged.truth.is_some()).count();
            listener.notice(&JobEvent::Note(&format!("none of {known} pictures is classified wrongly")));
        }
        if !found.is_empty() {
            let shown: Vec<_> = found.iter().map(|judged| judged.shown(&pictures, classes)).collect();
            let path = options.folder.join(format!("{name}.png"));
            draw_gallery(&path, title, &shown)?;
            galleries.push(path);
        }
        for judged in found {
            if !chosen.contains(&judged.place) {
                chosen.push(judged.place);
            }
        }
    }
    Ok((chosen.into_iter().map(|place| pictures[place].clone()).collect(), galleries))
}

/// What the model says of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Judged {
    place: usize,
    truth: Option<usize>,
    predicted: usize,
    confidence: f32,
    /// How much more probable the most probable class is than the next.
    margin: f32,
}

impl Judged {
    fn new(place: usize, truth: Option<usize>, probabilities: &[f32]) -> Self {
        let (predicted, confidence) = most_probable(probabilities);
        let others = probabilities.iter().enumerate().filter(|(class, _)| *class != predicted);
        let next = others.map(|(_, &share)| share).fold(0.0, f32::max);
        Self { place, truth, predicted, confidence, margin: confidence - next }
    }

    fn shown(&self, pictures: &[PictureToExplain], classes: &[String]) -> GalleryPicture {
        let truth = self.truth.map(|class| format!("true: {}", classes[class])).unwrap_or_default();
        let predicted = format!("{}: {:.3}", classes[self.predicted], self.confidence);
        GalleryPicture { path: pictures[self.place].path.clone(), captions: vec![truth, predicted] }
    }
}

/// The wrong ones with the highest probability of their wrong class; of equals, the first.
fn most_wrong(judged: &[Judged], most: usize) -> Vec<Judged> {
    let is_wrong = |judged: &&Judged| judged.truth.is_some_and(|truth| truth != judged.predicted);
    let mut wrong: Vec<_> = judged.iter().filter(is_wrong).copied().collect();
    wrong.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    wrong.truncate(most);
    wrong
}

/// Those with the smallest margin, right or wrong; of equals, the first.
fn least_sure(judged: &[Judged], most: usize) -> Vec<Judged> {
    let mut sorted = judged.to_vec();
    sorted.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    sorted.truncate(most);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_of_the_wrong_and_the_smallest_margins_come_first() {
        let judged: Vec<Judged> = [
            (Some(0), [0.2, 0.7, 0.1]),
            (Some(1), [0.1, 0.8, 0.1]),
            (None, [0.4, 0.3, 0.3]),
            (Some(2), [0.9, 0.05, 0.05]),
            (Some(2), [0.7, 0.2, 0.1]),
            (Some(2), [0.5, 0.5, 0.0]),
        ]
        .iter()
        .enumerate()
        .map(|(place, (truth, probabilities))| Judged::new(place, *truth, probabilities))
        .collect();
        let places = |found: Vec<Judged>| found.iter().map(|judged| judged.place).collect::<Vec<_>>();
        assert_eq!(places(most_wrong(&judged, 3)), [3, 0, 4]);
        assert_eq!(places(most_wrong(&judged, 9)), [3, 0, 4, 5]);
        assert_eq!(places(least_sure(&judged, 4)), [5, 2, 0, 4]);
        assert!(most_wrong(&judged, 0).is_empty() && least_sure(&judged, 0).is_empty());
    }

    #[test]
    fn the_folder_of_a_picture_tells_its_class_where_it_is_one() {
        let classes = ["clay".to_owned(), "sand".to_owned()];
        for (path, truth) in [("test/sand/1.png", Some(1)), ("./clay/2.jpg", Some(0)), ("clay.png", None), ("/", None)]
        {
            assert_eq!(truth_of(Path::new(path), &classes), truth, "{path}");
        }
    }
}
