//! Interpretations: picked points and painted sections, turned into sparse class sections on the survey's grid.
//!
//! [`Labels`] holds them; [`read_points`] and [`read_section_image`] add to it and account for every point and pixel in
//! a [`LabelReport`]. What is labelled already stays: a later input that contradicts it is counted and reported.

mod code;
mod error;
mod image;
mod interpretation;
mod picture;
mod placement;
mod point_line;
mod points;
mod report;
mod section_name;
pub(crate) mod test_survey;

pub use error::LabelError;
pub use image::{SectionImageOptions, read_section_image};
pub use interpretation::Labels;
pub use placement::{Conflict, Placement};
pub use points::{PointClass, read_points};
pub use report::{ClassCount, LabelReport};
pub use section_name::section_from_file_name;
