//! **segy-rs** reads and writes SEG-Y, the exchange format of reflection seismics: typed headers, exact samples,
//! memory-mapped and parallel.
//!
//! ```no_run
//! use segy_rs::{OpenOptions, SegyFile};
//!
//! let file = SegyFile::open("f3.sgy", &OpenOptions::default())?;
//! let survey = file.survey();
//! println!("{} inlines from {}", survey.inline.count, survey.inline.first);
//! let mut section = vec![0.0; survey.crossline.count * file.samples()];
//! file.read_inline(0, &mut section)?;
//! # Ok::<(), segy_rs::SegyError>(())
//! ```

mod codec;
mod detect;
mod endian;
mod error;
mod format;
mod header;
mod ibm;
mod index;
mod layout;
mod options;
mod positional;
mod reader;
mod recognise;
mod source;
mod survey;
mod text;
mod timing;
mod warning;

pub use detect::{Candidate, Finding};
pub use endian::Endian;
pub use error::SegyError;
pub use format::SampleFormat;
pub use header::{BinaryHeader, TraceHeader};
pub use ibm::{f32_to_ibm, ibm_to_f32};
pub use index::{DEAD_TRACE, TraceIndex, scaled};
pub use options::{Access, Duplicates, OpenOptions, Truncated};
pub use reader::SegyFile;
pub use survey::{HeaderBytes, LineNumbers, Sorting, Survey};
pub use text::{TEXT_BYTES, TextEncoding, TextHeader};
pub use warning::Warning;
