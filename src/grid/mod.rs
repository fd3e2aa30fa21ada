//! The words every room shares: axes, survey geometry, sections, classes and their colours.
//!
//! Plain values without input or output. Nothing here knows where a cube comes from or what is done with it.

mod affine;
mod axis;
mod class_table;
mod color;
mod geometry;
mod hexadecimal;
mod section;

pub use affine::Affine;
pub use axis::{Domain, LineAxis, VerticalAxis};
pub use class_table::{ClassTable, ClassTableError, FaciesClass, NO_CLASS, UNLABELLED, volume_code};
pub use color::{Color, ColorError};
pub use geometry::Geometry;
pub use hexadecimal::hexadecimal;
pub use section::{Plane, Section};
