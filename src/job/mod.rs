//! Jobs: the YAML schema, the options it resolves to, and the use cases that wire the rooms together.

mod batch;
mod batch_schema;
mod carry_out;
mod check;
mod differences;
mod disk_space;
mod document;
mod engine_choice;
mod error;
mod evaluation;
mod identity;
mod interpretation;
mod label_survey;
mod listener;
mod load;
mod located;
mod material;
mod pictures;
mod predictors;
mod report_page;
mod resolve;
mod run_error;
mod run_folder;
pub mod schema;
mod sections;
#[cfg(test)]
mod shipped;
mod snapshots;
mod source;
mod training;
mod truth;
mod words;
mod write;

pub use batch::{BatchOutcome, BatchRow, BatchStatus, run_batch};
pub use batch_schema::{BatchPlan, PlannedRun, load_batch};
pub use carry_out::{RunOptions, RunOutcome, Work, carry_out, run_record};
pub use document::{KeyPathError, OverrideError};
pub use error::{JobError, Place, Problem};
pub use label_survey::{ClassSurvey, LabelSurvey, survey_labels};
pub use listener::{JobEvent, Listener};
pub use load::{LoadedJob, load_job};
pub use material::Material;
pub use run_error::RunError;
pub use run_folder::{FigureRecord, FileRecord, InputRecord, RunFolder, RunRecord, SpeedRecord, StageRecord, Stages};
pub use training::MODEL_FILE;
pub use write::{batch_json_schema, job_json_schema, job_yaml};
