//! The binary file header and the trace header: bytes, and numbers read from and written to them.

mod binary;
mod fields;
mod trace;

pub use binary::BinaryHeader;
pub use trace::TraceHeader;
