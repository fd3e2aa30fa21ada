//! The one integration binary: what a user of the program and a reader of its source can rely on.
#![cfg(test)]

mod exported_volumes;
#[cfg(unix)]
mod full_disk;
mod golden_logits;
mod program;
mod real_surveys;
mod refusals;
#[cfg(unix)]
mod resume;
mod tidy;
mod whole_run;
