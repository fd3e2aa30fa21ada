//! What only the data can tell is wrong with a job, told at the job's line.

use miette::Diagnostic;

use super::{LoadedJob, RunError};
use crate::dataset::DatasetError;

/// The error of a job that its data refuse, with line and column where one key is to blame; other errors as they are.
pub(super) fn located(loaded: &LoadedJob, error: RunError) -> RunError {
    let RunError::Dataset(reason) = &error else { return error };
    let key = match reason {
        DatasetError::ClassWithoutLabels { class } | DatasetError::ClassWithoutTraining { class, .. } => {
            let code = loaded.job.classes.iter().position(|entry| entry.name == *class);
            code.map_or("classes".to_owned(), |code| format!("classes[{code}]"))
        }
        DatasetError::NoSections { .. } => "patch".to_owned(),
        DatasetError::EmptySubset { .. } | DatasetError::Split { .. } => "split".to_owned(),
        DatasetError::NoCrop { .. } => "training.form.dense".to_owned(),
        DatasetError::Option { .. } => "training".to_owned(),
        _ => return error,
    };
    loaded.refuse(&key, reason.to_string(), reason.help().map(|help| help.to_string())).into()
}
