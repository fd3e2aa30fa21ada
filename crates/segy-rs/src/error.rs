//! What can go wrong with a SEG-Y file, where, and what to do about it.

use std::path::{Path, PathBuf};

use crate::detect::Candidate;

/// Why a SEG-Y file could not be opened, read or written. Messages name the file, the byte or trace, and the remedy.
///
/// Byte positions in messages count from 1, as in the SEG-Y standard; file offsets count from 0. Traces count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegyError {
    /// The system refused an operation.
    #[error("cannot {action} {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A directory, pipe, socket or device.
    #[error("{path} is {kind}, not a regular file; give the path of a SEG-Y file")]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The content is recognisably something else.
    #[error("{path} is {what}, not SEG-Y; {remedy}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Too short for the headers of any SEG-Y file.
    #[error(
        "{path} has {bytes} bytes, but the headers of a SEG-Y file alone take 3600; it is cut off or not SEG-Y: \
         fetch the file again, or give another one"
    )]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The sample format code is unknown or unsupported.
    #[error(
        "bytes 3225-3226 of {path} declare sample format {code}, which {problem}; \
         if the file is SEG-Y and the code is wrong, open it with the format given"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The code, read in the file's byte order.
        code: i16,
        /// Why the code is of no use.
        problem: &'static str,
    },
    /// Bytes in an order that is neither big nor little endian.
    #[error(
        "bytes 3297-3300 of {path} say that neighbouring bytes are swapped in pairs, which is not supported; \
         swap every two bytes of the file (`dd conv=swab`) and open the result"
    )]
    PairwiseSwapped {
        /// The file.
        path: PathBuf,
    },
    /// Neither header says how many samples a trace holds.
    #[error(
        "{path} says nowhere how many samples a trace holds (bytes 3221-3222 and trace bytes 115-116 are 0); \
         open it with the number of samples given"
    )]
    NoSamples {
        /// The file.
        path: PathBuf,
    },
    /// Headers and no trace.
    #[error("{path} ends after its headers, at byte offset {offset}, and holds no trace; it is cut off")]
    NoTraces {
        /// The file.
        path: PathBuf,
        /// Where the first trace should begin.
        offset: u64,
    },
    /// The header counts fit the file's length neither way.
    #[error(
        "traces of {binary} samples (bytes 3221-3222) or {trace} samples (trace bytes 115-116) both fail to fill \
         the {bytes} bytes that follow the headers of {path}; open it with the number of samples given"
    )]
    SampleCount {
        /// The file.
        path: PathBuf,
        /// Samples a trace as the binary header counts them.
        binary: u64,
        /// Samples a trace as the first trace header counts them.
        trace: u64,
        /// Bytes that follow the headers.
        bytes: u64,
    },
    /// The last trace is incomplete.
    #[error(
        "{path} ends inside trace {trace}: at byte offset {offset} a trace of {expected} bytes begins and only \
         {present} bytes follow; fetch the file again, or open it with `truncated` set to keep the whole traces"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The incomplete trace.
        trace: u64,
        /// Where it begins.
        offset: u64,
        /// Bytes of a whole trace, header included.
        expected: u64,
        /// Bytes that are there.
        present: u64,
    },
    /// Traces of different lengths.
    #[error(
        "the traces of {path} differ in length: trace 0 holds {first} samples and trace {trace} holds {other}; \
         write it with a fixed trace length first"
    )]
    VariableLength {
        /// The file.
        path: PathBuf,
        /// Samples of trace 0.
        first: u64,
        /// The first trace that differs.
        trace: u64,
        /// Its samples.
        other: u64,
    },
    /// More traces than a 32-bit number counts.
    #[error("{path} holds {traces} traces; at most {} are supported", u32::MAX - 1)]
    TooManyTraces {
        /// The file.
        path: PathBuf,
        /// How many it holds.
        traces: u64,
    },
    /// A header byte that the caller chose lies outside the header.
    #[error("trace header byte {byte}, given for the {field}, is not between 1 and 237")]
    HeaderByte {
        /// The field.
        field: &'static str,
        /// The byte.
        byte: u16,
    },
    /// No pair of header fields looks like line numbers.
    #[error(
        "no trace header bytes of {path} hold usable inline and crossline numbers ({}); \
         give the inline and crossline bytes",
        list(.looked_at)
    )]
    NoLineNumbers {
        /// The file.
        path: PathBuf,
        /// The pairs looked at, and what is wrong with each.
        looked_at: Vec<Candidate>,
    },
    /// Several pairs of header fields look like line numbers and they disagree.
    #[error(
        "the inline and crossline numbers of {path} could lie in several places: {}; \
         give the inline and crossline bytes",
        list(.candidates)
    )]
    AmbiguousLineNumbers {
        /// The file.
        path: PathBuf,
        /// The pairs, best first.
        candidates: Vec<Candidate>,
    },
    /// The same inline and crossline in more than one trace.
    #[error(
        "traces {first} and {second} of {path} both carry inline {inline}, crossline {crossline} (bytes \
         {inline_byte} and {crossline_byte}), and {count} traces repeat a position in this way; stack gathers \
         first, give other header bytes, or choose which duplicate to keep (`duplicates`: first or last)"
    )]
    Duplicates {
        /// The file.
        path: PathBuf,
        /// Earlier trace of the first repeated position.
        first: u64,
        /// Later trace of it.
        second: u64,
        /// Its inline number.
        inline: i32,
        /// Its crossline number.
        crossline: i32,
        /// Header byte of inline numbers.
        inline_byte: u16,
        /// Header byte of crossline numbers.
        crossline_byte: u16,
        /// Traces whose position an earlier trace has already.
        count: u64,
    },
    /// Line numbers that span far more positions than there are traces.
    #[error(
        "inlines {} to {} and crosslines {} to {} (bytes {inline_byte} and {crossline_byte}) of {path} span \
         {cells} positions for {traces} traces; the header of trace {trace} lies farthest out: \
         repair it or give other header bytes",
        .inlines.0, .inlines.1, .crosslines.0, .crosslines.1
    )]
    Sparse {
        /// The file.
        path: PathBuf,
        /// Smallest and largest inline number.
        inlines: (i32, i32),
        /// Smallest and largest crossline number.
        crosslines: (i32, i32),
        /// Header byte of inline numbers.
        inline_byte: u16,
        /// Header byte of crossline numbers.
        crossline_byte: u16,
        /// Positions in that frame.
        cells: u64,
        /// Traces in the file.
        traces: u64,
        /// The trace whose numbers lie farthest from the rest.
        trace: u64,
    },
    /// A trace, line or sample that the file does not hold.
    #[error("{what} {index} of {path} was asked for, which has {count}")]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// `trace`, `inline index`, `crossline index` or `sample`.
        what: &'static str,
        /// What was asked for.
        index: u64,
        /// How many there are.
        count: u64,
    },
    /// The caller's buffer has the wrong length.
    #[error("a buffer of {actual} values was given where {expected} are read or written ({path})")]
    BufferLength {
        /// The file.
        path: PathBuf,
        /// Values needed.
        expected: usize,
        /// Values given.
        actual: usize,
    },
    /// The file became shorter while it was open.
    #[error(
        "{path} had {expected} bytes when it was opened and has {actual} now; another program is writing it: \
         wait until it is complete and open it again"
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Length when opened.
        expected: u64,
        /// Length now.
        actual: u64,
    },
    /// The index of a file does not fit into memory.
    #[error("not enough memory for the index of the {traces} traces of {path}")]
    Memory {
        /// The file.
        path: PathBuf,
        /// How many traces it holds.
        traces: u64,
    },
    /// A value that the chosen sample format cannot hold.
    #[error(
        "sample {sample} of trace {trace} of {path} is {value}, which sample format {code} cannot hold; choose format 5 (IEEE float)"
    )]
    Unrepresentable {
        /// The file.
        path: PathBuf,
        /// The trace.
        trace: u64,
        /// The sample.
        sample: usize,
        /// The value.
        value: f32,
        /// Code of the sample format.
        code: i16,
    },
    /// A geometry that SEG-Y headers cannot hold.
    #[error("{path} cannot be written: {what} is {value}, outside {range}")]
    HeaderRange {
        /// The file.
        path: PathBuf,
        /// The quantity.
        what: &'static str,
        /// Its value.
        value: String,
        /// What the header field holds.
        range: &'static str,
    },
    /// A file was finished before all its traces were written.
    #[error("{count} traces of {path} were never written, the first of them trace {first}")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// First missing trace.
        first: u64,
        /// How many are missing.
        count: u64,
    },
    /// The file to be continued is not the one that was begun.
    #[error("{path} has {actual} bytes where the file to be continued has {expected}; delete it and begin again")]
    NotResumable {
        /// The file.
        path: PathBuf,
        /// Bytes of the file that was begun.
        expected: u64,
        /// Bytes found.
        actual: u64,
    },
}

impl SegyError {
    pub(crate) fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source }
    }
}

fn list(candidates: &[Candidate]) -> String {
    candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
