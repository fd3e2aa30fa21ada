//! **segy-rs** reads and writes SEG-Y, the exchange format of reflection seismics: typed headers, exact samples,
//! memory-mapped and parallel.
//!
//! ```no_run
//! use segy_rs::{OpenOptions, SegyFile};
//!
//! let file = SegyFile::open("f3.sgy", &OpenOptions::default())?;
//! let survey = file.survey();
//! let mut section = vec![0.0; survey.crossline.count * file.samples()];
//! file.read_inline(0, &mut section)?;
//! # Ok::<(), segy_rs::SegyError>(())
//! ```
//!
//! New samples under the headers of another file, trace by trace in any order:
//!
//! ```no_run
//! # use segy_rs::{OpenOptions, SegyFile};
//! use segy_rs::{FileHeaders, SampleFormat, SegyWriter};
//!
//! # let input = SegyFile::open("f3.sgy", &OpenOptions::default())?;
//! let (samples, traces) = (input.samples(), input.trace_count());
//! let writer = SegyWriter::create("new.sgy", &FileHeaders::of(&input), samples, traces, SampleFormat::Float32)?;
//! let mut values = vec![0.0; samples];
//! for trace in 0..traces {
//!     input.read_trace(trace, &mut values)?;
//!     values.iter_mut().for_each(|value| *value = -*value);
//!     writer.write_trace(trace, &input.trace_header(trace)?, &values)?;
//! }
//! writer.finish()?;
//! # Ok::<(), segy_rs::SegyError>(())
//! ```
//!
//! Byte numbers of header fields count from 1 (3201 in the binary header) and traces from 0. The README lists what is
//! read, what is decided when headers contradict each other, and what is refused.
//!
//! Sources: SEG Technical Standards Committee, *SEG-Y revision 2.0* (2017) and *revision 1* (2002); Barry, Cavers and
//! Kneale, *Recommended standards for digital tape formats*, Geophysics 40 (1975).

mod codec;
mod cube;
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
mod writer;

pub use cube::{CubeSpec, MapGrid, write_cube};
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
pub use writer::{FileHeaders, SegyWriter};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
