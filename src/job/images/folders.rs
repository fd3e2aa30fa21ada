//! Where bottlenecks and models of pictures lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dataset::pictures::{PictureFolderError, find_pictures};
use crate::job::{MODEL_FILE, RunError};
use crate::network::PictureModel;
use crate::predict::pictures::Bottlenecks;

/// The bottlenecks `name` under the folder of runs.
pub fn bottleneck_path(runs: &Path, name: &str) -> PathBuf {
    runs.join("bottlenecks").join(format!("{name}.safetensors"))
}

/// The model that `name` means: a file, or a name under the folder of runs.
pub fn model_path(runs: &Path, name: &str) -> PathBuf {
    let path = PathBuf::from(name);
    if path.extension().is_some_and(|extension| extension == "safetensors") || path.is_file() {
        path
    } else {
        trained_model_path(runs, name)
    }
}

/// Where the model `name` goes when it is trained.
pub fn trained_model_path(runs: &Path, name: &str) -> PathBuf {
    runs.join("models").join(format!("{name}.safetensors"))
}

/// The bottlenecks in `path`.
///
/// # Errors
/// When there are none, with the names of those that lie beside it; or when they cannot be read.
pub(super) fn load_bottlenecks(path: &Path) -> Result<Bottlenecks, RunError> {
    check_there(path, "make them with `facies images features`")?;
    Ok(Bottlenecks::load(path)?)
}

/// The model in `path`.
///
/// # Errors
/// When there is none, with the names of those that lie beside it; or when it cannot be read.
pub(super) fn load_model(path: &Path) -> Result<PictureModel, RunError> {
    check_there(path, "train it with `facies images train`, or name the file of one")?;
    Ok(PictureModel::load(path)?)
}

fn check_there(path: &Path, remedy: &'static str) -> Result<(), RunError> {
    if path.exists() {
        return Ok(());
    }
    let beside = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let is_file = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "safetensors");
    let found = beside.map(|entry| entry.path()).filter(is_file);
    let mut known: Vec<String> = found.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    known.sort_unstable();
    known.truncate(MOST_TOLD);
    Err(RunError::NoSuchName { path: path.to_owned(), known, remedy })
}

/// Most names that are told.
const MOST_TOLD: usize = 12;

/// All pictures in a folder and below it, without the figures that stand beside a table of this program.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn pictures_in(folder: &Path) -> Result<Vec<(PathBuf, Vec<String>)>, PictureFolderError> {
    let mut found = find_pictures(folder)?;
    found.retain(|(path, names)| names.len() > 1 || !is_figure(path));
    Ok(found)
}

/// What a model is called: its file, or its run where it is the model of one.
pub fn model_name(path: &Path) -> String {
    let of_run = || path.parent().filter(|_| path.ends_with(MODEL_FILE)).and_then(Path::file_name);
    let name = of_run().or(path.file_stem()).unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// `MODEL.confusion.png` beside `MODEL.csv`.
pub(super) fn is_figure(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.strip_suffix(".confusion.png").is_some_and(|model| Path::new(&format!("{model}.csv")).exists())
}
