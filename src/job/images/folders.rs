//! Where bottlenecks and models of pictures lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::job::RunError;
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
