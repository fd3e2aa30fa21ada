//! Jobs: the YAML schema, the options it resolves to, and the use cases that wire the rooms together.

mod batch_schema;
mod check;
mod document;
mod error;
mod load;
mod resolve;
pub mod schema;
#[cfg(test)]
mod shipped;
mod source;
mod words;
mod write;

pub use batch_schema::{BatchPlan, PlannedRun, load_batch};
pub use document::{KeyPathError, OverrideError};
pub use error::{JobError, Place, Problem};
pub use load::{LoadedJob, load_job};
pub use write::{batch_json_schema, job_json_schema, job_yaml};
