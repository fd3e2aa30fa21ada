//! Jobs back to YAML, and their layout as a JSON schema.

use schemars::Schema;

use super::JobError;
use super::batch_schema::Batch;
use super::schema::Job;
use super::schema::images::ImagesJob;

/// The job as YAML, with every default written out and every path absolute: what a run used, and can use again.
///
/// # Errors
/// When a path is not UTF-8.
pub fn job_yaml(job: &Job) -> Result<String, JobError> {
    serde_saphyr::to_string(job).map_err(|error| JobError::Write { reason: error.to_string() })
}

/// The same of a job of pictures.
///
/// # Errors
/// When a path is not UTF-8.
pub(super) fn images_yaml(job: &ImagesJob) -> Result<String, JobError> {
    serde_saphyr::to_string(job).map_err(|error| JobError::Write { reason: error.to_string() })
}

/// The layout of a job as a JSON schema, for editors.
pub fn job_json_schema() -> String {
    pretty(&schemars::schema_for!(Job))
}

/// The layout of a job of pictures as a JSON schema, for editors.
pub fn images_json_schema() -> String {
    pretty(&schemars::schema_for!(ImagesJob))
}

/// The layout of a batch as a JSON schema, for editors.
pub fn batch_json_schema() -> String {
    pretty(&schemars::schema_for!(Batch))
}

fn pretty(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a schema is JSON");
    text.push('\n');
    text
}
