//! What is odd about a file that can be read nevertheless.

use std::fmt;

/// An oddity of a file, and what was done about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The binary header and the trace headers count the samples of a trace differently.
    SampleCounts {
        /// Count in the binary header.
        binary: u64,
        /// Count in the first trace header.
        trace: u64,
        /// The count that fits the file's length.
        used: u64,
    },
    /// Some trace headers count their samples differently from the first.
    VaryingSampleCounts {
        /// How many.
        traces: u64,
        /// The first of them.
        first: u64,
    },
    /// The binary header and the first trace header declare different sample intervals.
    Intervals {
        /// Interval in the binary header, µs.
        binary: f64,
        /// Interval in the first trace header, µs.
        trace: f64,
        /// The interval used, µs.
        used: f64,
    },
    /// Neither header declares a sample interval.
    NoInterval {
        /// The interval assumed, µs.
        assumed: f64,
    },
    /// The sample interval is negative if it is read as the signed number that revision 1 defines.
    NegativeInterval {
        /// The number as signed.
        signed: i16,
        /// The interval used, µs.
        used: f64,
    },
    /// Some traces begin at another time than the first.
    VaryingStart {
        /// How many.
        traces: u64,
        /// The first of them.
        first: u64,
    },
    /// The delay recording time is 0 and lag time A is not: some programs put the start time there.
    LagTime {
        /// Lag time A, ms.
        lag_ms: i16,
    },
    /// The traces do not begin where the extended textual headers or the offset of the first trace say.
    DataStart {
        /// Byte offset that follows from the headers.
        declared: u64,
        /// Byte offset at which traces were found.
        used: u64,
    },
    /// The number of traces that revision 2 declares is not the number in the file.
    TraceCount {
        /// As declared.
        declared: u64,
        /// In the file.
        actual: u64,
    },
    /// The byte order constant contradicts the numbers around it.
    ByteOrder,
    /// The last trace is incomplete and was left out.
    Truncated {
        /// Byte offset of the incomplete trace.
        offset: u64,
        /// Bytes left out.
        bytes: u64,
    },
    /// Traces lie at a position that another trace occupies.
    Duplicates {
        /// How many were left out.
        traces: u64,
    },
    /// Traces without inline and crossline number (both 0) belong to no position.
    Unplaced {
        /// How many.
        traces: u64,
        /// The first of them.
        first: u64,
    },
    /// No coordinates: all are 0.
    NoCoordinates,
    /// The coordinate scalar differs between traces.
    VaryingScalar,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SampleCounts { binary, trace, used } => write!(
                f,
                "the binary header counts {binary} samples a trace (bytes 3221-3222), the trace headers {trace} \
                 (bytes 115-116); {used} fits the length of the file and is used"
            ),
            Self::VaryingSampleCounts { traces, first } => write!(
                f,
                "{traces} trace headers count their samples (bytes 115-116) differently from the first trace, \
                 beginning with trace {first}; all traces are read with the same length"
            ),
            Self::Intervals { binary, trace, used } => write!(
                f,
                "the sample interval is {binary} µs in the binary header (bytes 3217-3218) and {trace} µs in the first \
                 trace header (bytes 117-118); {used} µs is used"
            ),
            Self::NoInterval { assumed } => write!(
                f,
                "no header declares a sample interval (bytes 3217-3218, trace bytes 117-118); {assumed} µs is assumed"
            ),
            Self::NegativeInterval { signed, used } => {
                write!(f, "the sample interval reads {signed} as a signed number; {used} µs is used")
            }
            Self::VaryingStart { traces, first } => write!(
                f,
                "{traces} traces begin at another time than the first (bytes 109-110), beginning with trace {first}; \
                 no trace is shifted"
            ),
            Self::LagTime { lag_ms } => write!(
                f,
                "the delay recording time is 0 (bytes 109-110) but lag time A is {lag_ms} ms (bytes 105-106): some \
                 programs mean by it that the traces begin at {} ms",
                -i32::from(*lag_ms)
            ),
            Self::DataStart { declared, used } => write!(
                f,
                "the headers put the first trace at byte offset {declared}, but it lies at {used}; the count of extended \
                 textual headers (bytes 3505-3506) or the offset of the first trace (bytes 3521-3528) is wrong"
            ),
            Self::TraceCount { declared, actual } => {
                write!(f, "the binary header counts {declared} traces (bytes 3513-3520); the file holds {actual}")
            }
            Self::ByteOrder => write!(
                f,
                "the byte order constant (bytes 3297-3300) contradicts the sample format code (bytes 3225-3226); the \
                 order in which the code makes sense is used"
            ),
            Self::Truncated { offset, bytes } => write!(
                f,
                "the file ends inside the trace that begins at byte offset {offset}; its {bytes} bytes are left out"
            ),
            Self::Duplicates { traces } => {
                write!(f, "{traces} traces lie at the position of another trace and are left out")
            }
            Self::Unplaced { traces, first } => write!(
                f,
                "{traces} traces have neither inline nor crossline number and belong to no position, beginning with \
                 trace {first}"
            ),
            Self::NoCoordinates => write!(f, "the trace headers hold no coordinates"),
            Self::VaryingScalar => write!(f, "the coordinate scalar (bytes 71-72) differs between traces"),
        }
    }
}
