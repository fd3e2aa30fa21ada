//! Interpreted cubes as SEG-Y files that overlay their input: the same traces in the same order, headers kept.

mod headers;
mod sink;
mod text;
mod traces;

pub use sink::{SegyOptions, SegySink, SegyValues};
