//! Jobs: the YAML schema, the options it resolves to, and the use cases that wire the rooms together.

mod check;
mod document;
mod error;
mod load;
mod resolve;
pub mod schema;
mod words;
mod write;

pub use document::{KeyPathError, OverrideError};
pub use error::{JobError, Place, Problem};
pub use load::{LoadedJob, load_job};
pub use write::{job_yaml, json_schema};
