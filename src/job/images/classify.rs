//! The use case `images classify`: what a model says of pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::folders::{load_model, model_name, pictures_in};
use crate::dataset::pictures::{PictureFile, UnreadablePicture, read_picture};
use crate::grid::ClassTable;
use crate::job::{JobEvent, Listener, RunError};
use crate::metrics::{ScoreSums, Scores};
use crate::network::{Device, set_threads};
use crate::predict::pictures::classify_pictures;
use crate::report::{
    ClassifiedPictureFigure, ConfusionFigure, Figure, Judged, PictureRow, PictureTable, write_confusion,
    write_unreadable,
};

/// Which model, and how its answers are written.
#[derive(Clone, Debug)]
pub struct ClassifyOptions {
    /// The model file.
    pub model: PathBuf,
    /// Between class and file in the table.
    pub separator: char,
    /// Whether true class, predicted class and confidence stand in the table, too.
    pub extended: bool,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// What came of a folder.
#[derive(Debug)]
pub struct ClassifyOutcome {
    /// Pictures in the table.
    pub pictures: usize,
    /// Pictures that cannot be read.
    pub unreadable: usize,
    /// Scores, where sub-folders have the names of classes.
    pub scores: Option<Scores>,
    /// Files that were written, the table first.
    pub files: Vec<PathBuf>,
}

/// Classes of one picture with their probabilities, the most probable first; with a picture of it all at `figure`.
///
/// # Errors
/// When model or picture cannot be read, or the figure cannot be written.
pub fn classify_picture(
    options: &ClassifyOptions,
    picture: &Path,
    figure: Option<&Path>,
) -> Result<Vec<(String, f32)>, RunError> {
    set_threads(options.threads);
    let model = load_model(&options.model)?;
    let read = read_picture(picture)?;
    let file = PictureFile { path: picture.to_owned(), class: 0 };
    let predictor = model.predictor(options.device)?;
    let classified =
        classify_pictures(&predictor, model.description.pictures, &[file], &AtomicBool::new(false), &mut |_| {})?;
    if let Some((_, unreadable)) = classified.unreadable.into_iter().next() {
        return Err(unreadable.into());
    }
    let names = model.description.classes.iter().cloned();
    let mut classes: Vec<_> = names.zip(classified.probabilities.row(0).iter().copied()).collect();
    classes.sort_by(|a, b| b.1.total_cmp(&a.1));
    if let Some(path) = figure {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(RunError::io("make", parent))?;
        }
        let title = picture.file_name().unwrap_or(picture.as_os_str()).to_string_lossy();
        let shown: Vec<_> = classes.iter().take(12).map(|(name, share)| (name.as_str(), *share)).collect();
        ClassifiedPictureFigure { title: &title, pixels: read.pixels.view(), classes: &shown }.draw(path)?;
    }
    Ok(classes)
}

/// Classifies all pictures of a folder and its sub-folders, and writes `MODEL.csv` into it; beside it `MODEL.errors.csv`, where
/// pictures cannot be read, and the confusion matrix, where sub-folders have the names of classes.
///
/// # Errors
/// When the model or a folder cannot be read, there is no picture, a file cannot be written, or on interruption.
pub fn classify_folder(
    options: &ClassifyOptions,
    folder: &Path,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<ClassifyOutcome, RunError> {
    set_threads(options.threads);
    let model = load_model(&options.model)?;
    let name = model_name(&options.model);
    let classes = &model.description.classes;
    let found = pictures_in(folder)?;
    if found.is_empty() {
        return Err(RunError::NoPictures { path: folder.to_owned() });
    }
    let class_of = |path: &[String]| match path {
        [class, _] => classes.iter().position(|known| known == class),
        _ => None,
    };
    let rows: Vec<_> = found.iter().map(|(_, path)| PictureRow { truth: class_of(path), path: path.clone() }).collect();
    let files: Vec<_> = found.into_iter().map(|(path, _)| PictureFile { path, class: 0 }).collect();
    listener.notice(&JobEvent::Stage(&format!("classifying {} pictures", files.len())));
    let mut tell = |progress| listener.notice(&JobEvent::Pictures(&progress));
    let predictor = model.predictor(options.device)?;
    let classified = classify_pictures(&predictor, model.description.pictures, &files, interrupted, &mut tell)?;
    let shown: Vec<_> = classified.places.iter().map(|&place| rows[place].clone()).collect();
    if classified.places.is_empty() {
        let (_, first) = classified.unreadable.into_iter().next().expect("there are pictures, and none was read");
        return Err(first.into());
    }
    let table = PictureTable {
        classes,
        rows: &shown,
        probabilities: classified.probabilities.view(),
        separator: options.separator,
        extended: options.extended,
    };
    let mut written = vec![folder.join(format!("{name}.csv"))];
    table.write(&written[0])?;
    let errors = folder.join(format!("{name}.errors.csv"));
    if classified.unreadable.is_empty() {
        // One of an earlier run would speak of pictures that have been mended since.
        remove_stale(&errors)?;
    } else {
        let separator = options.separator.to_string();
        let told = |(place, unreadable): &(usize, UnreadablePicture)| {
            (rows[*place].path.join(&separator), unreadable.fault.to_string())
        };
        write_unreadable(&errors, &classified.unreadable.iter().map(told).collect::<Vec<_>>())?;
        written.push(errors);
    }
    let scores = scores(classes, &shown, &table, folder, &name, &mut written)?;
    let unknown = shown.iter().filter(|row| row.truth.is_none() && row.path.len() > 1).count();
    if scores.is_some() && unknown > 0 {
        let text =
            format!("{unknown} pictures lie in folders that are no class of the model, and take no part in the scores");
        listener.notice(&JobEvent::Warning(&text));
    }
    let (pictures, unreadable) = (shown.len(), classified.unreadable.len());
    Ok(ClassifyOutcome { pictures, unreadable, scores, files: written })
}

/// Removes what an earlier run left and this one does not make again.
pub(super) fn remove_stale(path: &Path) -> Result<(), RunError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(RunError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Scores over the pictures whose class is known, with the confusion matrix as table and figure.
fn scores(
    classes: &[String],
    rows: &[PictureRow],
    table: &PictureTable<'_>,
    folder: &Path,
    name: &str,
    written: &mut Vec<PathBuf>,
) -> Result<Option<Scores>, RunError> {
    let names = ClassTable::from_names(classes.iter().map(String::as_str))?;
    let mut sums = ScoreSums::new(classes.len());
    for (row, probabilities) in rows.iter().zip(table.probabilities.rows()) {
        if let Some(truth) = row.truth {
            sums.add(truth as u8, &probabilities.to_vec());
        }
    }
    let [matrix, figure] = ["confusion.csv", "confusion.png"].map(|end| folder.join(format!("{name}.{end}")));
    let Some(scores) = sums.scores(&names) else {
        remove_stale(&matrix)?;
        remove_stale(&figure)?;
        return Ok(None);
    };
    write_confusion(&matrix, &names, sums.confusion())?;
    let folder_name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    let title = format!("{name} — {folder_name}");
    ConfusionFigure { title: &title, classes: &names, matrix: sums.confusion(), judged: Judged::Pictures }
        .draw(&figure)?;
    written.extend([matrix, figure]);
    Ok(Some(scores))
}
