//! Why labels could not be read.

use std::path::PathBuf;

use crate::grid::{Color, Section};

/// Why a label input was refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum LabelError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A folder, pipe or device where a file should be.
    #[error("{path} is not a file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A line of a point file that is no point.
    #[error("{path}:{line}:{column}: {expected} expected, found {found}")]
    #[diagnostic(help("a point is `inline crossline z`, separated by blanks; header lines start with #"))]
    BrokenLine {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// Byte within the line, from 1.
        column: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A class code beyond the class table.
    #[error(
        "{path}:{line}:{column}: class {code} does not exist: the job names {classes} classes, counted from {base}"
    )]
    #[diagnostic(help("add the missing classes to `classes`, or give `base: 1` where the codes count from 1"))]
    UnknownCode {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// Byte within the line, from 1.
        column: usize,
        /// The code as it stands in the file.
        code: i64,
        /// How many classes the job names.
        classes: usize,
        /// Code of the first class.
        base: u8,
    },
    /// No point in the file.
    #[error("{path} holds no point")]
    NoPoints {
        /// The file.
        path: PathBuf,
    },
    /// All points belong to another place.
    #[error(
        "none of the {points} points of {path} lies on a sample of the survey: they span {extent}, the survey {survey}"
    )]
    #[diagnostic(help(
        "columns are inline, crossline, then time in ms or depth in m; check their order, the unit, \
         and that the points belong to this survey"
    ))]
    OffSurvey {
        /// The file.
        path: PathBuf,
        /// How many points it holds.
        points: u64,
        /// Where they lie.
        extent: String,
        /// Where the survey lies.
        survey: String,
    },
    /// Not a PNG, or a damaged one.
    #[error("cannot decode {path} as PNG")]
    #[diagnostic(help("section images are PNG files; export the picture again"))]
    Png {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        #[source]
        source: png::DecodingError,
    },
    /// A picture that would have to be stretched.
    #[error(
        "{path} is {width} x {height} pixels, {section} has {traces} traces x {samples} samples",
        width = actual[0], height = actual[1], traces = expected[0], samples = expected[1]
    )]
    #[diagnostic(help(
        "labels are never resized: export the picture with one pixel per trace and sample, without \
         margins, time downwards"
    ))]
    ImageSize {
        /// The file.
        path: PathBuf,
        /// `inline 339`.
        section: String,
        /// Width and height of the picture.
        actual: [u32; 2],
        /// Traces and samples of the section.
        expected: [usize; 2],
    },
    /// A kind of PNG that holds no classes.
    #[error("{path} is a {found} PNG, which cannot hold classes")]
    #[diagnostic(help(
        "save it with 8 bits per channel: indexed (index = class), grey (value = class) or RGB(A) in the class colours"
    ))]
    ImageFormat {
        /// The file.
        path: PathBuf,
        /// `16-bit grey`.
        found: String,
    },
    /// Palette indices beyond the class table.
    #[error(
        "{path}: {pixels} pixels have index {index}, the job names {classes} classes, counted from {base}{more}",
        more = if *others > 0 { format!(" ({others} more indices are beyond them)") } else { String::new() }
    )]
    #[diagnostic(help(
        "index = class code and 255 = unlabelled; name the missing classes, give `base: 1`, or list the \
         colours where the palette is in another order"
    ))]
    UnknownIndex {
        /// The file.
        path: PathBuf,
        /// The smallest such index.
        index: u8,
        /// Pixels that carry it.
        pixels: u64,
        /// How many other such indices there are.
        others: usize,
        /// How many classes the job names.
        classes: usize,
        /// Index of the first class.
        base: u8,
    },
    /// A class that the job does not name was asked for.
    #[error("{path}: class {code} does not exist: the job names {classes} classes")]
    NoSuchClass {
        /// The file.
        path: PathBuf,
        /// The code.
        code: u8,
        /// How many classes the job names.
        classes: usize,
    },
    /// Colours that do not tell two classes apart.
    #[error("{path}: classes `{first}` and `{second}` share the colour {color}")]
    #[diagnostic(help("give every class its own colour, or save the picture as indexed PNG with index = class"))]
    SharedColor {
        /// The file.
        path: PathBuf,
        /// The colour.
        color: Color,
        /// The one class.
        first: String,
        /// The other class.
        second: String,
    },
    /// A picture without a single label.
    #[error(
        "no pixel of {path} carries a class{listed}",
        listed = if colors.is_empty() { String::new() } else { format!("; its colours are {colors}") }
    )]
    #[diagnostic(help(
        "paint in the class colours of the job (`classes: [{{name, color}}]`) without smoothing, or list \
         the picture's colours"
    ))]
    NothingPainted {
        /// The file.
        path: PathBuf,
        /// `#FFFFFF (12), ...`: its most frequent colours with their pixels; empty where all pixels are unlabelled.
        colors: String,
    },
    /// A file name that does not say which section it shows.
    #[error("the name of {path} does not say which section it shows")]
    #[diagnostic(help("name it like inline_339.png or crossline_500.png, or give `inline: 339` beside the path"))]
    SectionName {
        /// The file.
        path: PathBuf,
    },
    /// A section that the survey lacks.
    #[error("{path}: the survey has no {section}; its {axis} run from {first} to {last}, step {step}")]
    #[diagnostic(help(
        "check which section of which survey it shows; `inline: N` beside the path overrules the file name"
    ))]
    SectionOffSurvey {
        /// The file.
        path: PathBuf,
        /// `inline 339`.
        section: String,
        /// `inlines` or `crosslines`.
        axis: &'static str,
        /// First number on the axis.
        first: i32,
        /// Last number on the axis.
        last: i32,
        /// Step between numbers.
        step: i32,
    },
    /// Labels of a section that does not fit the survey.
    #[error("labels of shape {actual:?} were given for {section:?}, whose shape on this survey is {expected:?}")]
    Shape {
        /// The section.
        section: Section,
        /// Its shape, or that of its plane.
        expected: [usize; 2],
        /// Shape of the labels.
        actual: [usize; 2],
    },
    /// Labels on so many lines that their sections do not fit into memory.
    #[error("the labels lie on {inlines} inlines and {crosslines} crosslines, which would take {bytes} bytes")]
    #[diagnostic(help(
        "every labelled section is held whole: keep the points to fewer lines, or cut the survey to their surroundings"
    ))]
    TooManySections {
        /// Inlines with labels.
        inlines: usize,
        /// Crosslines with labels.
        crosslines: usize,
        /// Size of the labels.
        bytes: usize,
    },
}
