//! Interpretations: picked points and painted sections, turned into sparse class sections on the survey's grid.
//!
//! [`Labels`] holds them; Readers add to it and account for every point and pixel in a
//! [`LabelReport`]. What is already labelled stays: a later input that contradicts it is counted and reported.

mod error;
mod interpretation;
mod placement;
mod report;
mod section_name;

pub use error::LabelError;
pub use interpretation::Labels;
pub use placement::{Conflict, Placement};
pub use report::{ClassCount, LabelReport};
pub use section_name::section_from_file_name;

#[cfg(test)]
mod test_survey;
