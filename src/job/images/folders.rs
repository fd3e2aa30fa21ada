//! Where bottlenecks and models of pictures lie.

use std::path::{Path, PathBuf};

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
