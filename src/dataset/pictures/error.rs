//! Why a folder of pictures, or one picture, cannot be used.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder of pictures cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PictureFolderError {
    /// There is none.
    #[error("there is no folder {}", Shown(path))]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The system does not let it be read.
    #[error("cannot read the folder {}", Shown(path))]
    #[diagnostic(help("a class that is left out unseen would spoil the result: allow reading it, or move it away"))]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing to look at.
    #[error("{} holds neither pictures nor folders of pictures", Shown(path))]
    #[diagnostic(help("what is wanted is a folder with one sub-folder of pictures for each class"))]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// Pictures where folders are wanted.
    #[error("{} holds {pictures} pictures and no folder of pictures", Shown(path))]
    #[diagnostic(help(
        "that is one level too deep: give the folder that holds one sub-folder for each class, perhaps {}",
        Shown(path.parent().unwrap_or(path))
    ))]
    TooDeep {
        /// The folder.
        path: PathBuf,
        /// Pictures in it.
        pictures: usize,
    },
    /// Folders where pictures are wanted.
    #[error("the folders in {} hold no pictures, but folders of pictures", Shown(path))]
    #[diagnostic(help("that is one level too high: give {}", Shown(deeper)))]
    TooHigh {
        /// The folder.
        path: PathBuf,
        /// The first folder in it that looks right.
        deeper: PathBuf,
    },
    /// Folders without pictures.
    #[error("no picture is in the folder of {}", listed(classes))]
    #[diagnostic(help(
        "fill it, or take it out; pictures are files ending in jpg, jpeg, png, gif, bmp, tif, tiff or webp"
    ))]
    EmptyClasses {
        /// Their names.
        classes: Vec<String>,
    },
    /// A class whose name is no text.
    #[error("the name of the folder {} is not valid Unicode", Shown(path))]
    #[diagnostic(help("rename it: class names go into tables and models"))]
    Name {
        /// The folder.
        path: PathBuf,
    },
    /// More classes than one byte can tell apart.
    #[error("{} holds {count} folders, 254 classes is the most", Shown(path))]
    TooManyClasses {
        /// The folder.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// Nothing to tell apart.
    #[error("{} holds one class, `{class}`: there is nothing to tell apart", Shown(path))]
    #[diagnostic(help("classification needs two sub-folders or more"))]
    SingleClass {
        /// The folder.
        path: PathBuf,
        /// Its name.
        class: String,
    },
    /// Classes that were never learnt.
    #[error("{} has {} that {} has not", Shown(path), listed(unknown), Shown(training))]
    #[diagnostic(help("{}", match_help(known)))]
    UnknownClasses {
        /// The folder of validation or test pictures.
        path: PathBuf,
        /// The folder of training pictures.
        training: PathBuf,
        /// Classes of the former alone.
        unknown: Vec<String>,
        /// Classes of the latter.
        known: Vec<String>,
    },
    /// A picture that was known and is there no more.
    #[error("the picture {} is in {} no more", Shown(Path::new(picture)), Shown(path))]
    #[diagnostic(help("make the bottlenecks again with `facies images features`: only what is new is computed"))]
    Gone {
        /// The folder.
        path: PathBuf,
        /// `class/file`.
        picture: String,
    },
    /// No picture is left.
    #[error("none of the {count} pictures in {} can be read", Shown(path))]
    NoneReadable {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        count: usize,
    },
    /// Classes that nothing can be learnt of.
    #[error("no picture of {} in {} can be read", listed(classes), Shown(path))]
    #[diagnostic(help("mend the pictures, or take the class out: classifiers learn from every class"))]
    UnreadableClasses {
        /// The folder.
        path: PathBuf,
        /// The classes.
        classes: Vec<String>,
    },
    /// Classes of which a fold leaves none to learn from.
    #[error(
        "{} in {} has too few pictures that differ: of a fold that holds it out, nothing is left to learn from",
        listed(classes),
        Shown(path)
    )]
    #[diagnostic(help("add pictures to the class, or score on other folders, with `--validation` or `--test`"))]
    TooAlike {
        /// The folder.
        path: PathBuf,
        /// The classes.
        classes: Vec<String>,
    },
    /// No picture to score on.
    #[error("no picture in {} is held out to score on", Shown(path))]
    #[diagnostic(help(
        "a class needs three pictures that differ; folders to score on can be named, too: `--validation FOLDER` here, a second \
         folder for `facies images features`"
    ))]
    NothingHeldOut {
        /// The folder, or the bottlenecks.
        path: PathBuf,
    },
    /// A split that cannot be made.
    #[error("the pictures cannot be divided: {reason}")]
    Split {
        /// What does not fit.
        reason: String,
    },
    /// A folder that a split would have to replace.
    #[error("{} is there already", Shown(path))]
    #[diagnostic(help(
        "choose another name or take it away; a split replaces its sets with `--overwrite`, which deletes what is in them"
    ))]
    Exists {
        /// The folder or file.
        path: PathBuf,
    },
    /// The system does not let something be written.
    #[error("cannot {action} {}", Shown(path))]
    Write {
        /// `make`, `replace`.
        action: &'static str,
        /// What.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An option without meaning.
    #[error("`{option}` {reason}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

/// A picture that cannot be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", Shown(path))]
pub struct UnreadablePicture {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub fault: PictureFault,
}

/// Why a picture cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureFault {
    /// The system said no.
    #[error("cannot be read ({0})")]
    Io(#[source] io::Error),
    /// A pipe, a device, a folder.
    #[error("is not a file")]
    NotAFile,
    /// Nothing in it.
    #[error("is empty (0 bytes)")]
    Empty,
    /// A file so long that it is no picture.
    #[error("is {bytes} bytes long, {most} is the most")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The longest.
        most: u64,
    },
    /// Not one of the formats.
    #[error("is no jpg, png, gif, bmp, tiff or webp, whatever its name says")]
    Unrecognised,
    /// A picture that would take too much memory, as decompression bombs do.
    #[error("has {width} x {height} pixels, {most} in all is the most")]
    TooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Most pixels.
        most: u64,
    },
    /// A file that ends before its picture.
    #[error("is cut off: the file ends before the picture does")]
    Truncated,
    /// A kind of picture that the format allows, and that is not read.
    #[error("is of a kind that is not read ({0}): save it as PNG")]
    Unsupported(String),
    /// Anything else.
    #[error("is damaged ({0})")]
    Damaged(String),
}

/// A path that stays on one line whatever characters are in it.
pub struct Shown<'a>(pub &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        one_line(&self.0.to_string_lossy(), f)
    }
}

fn one_line(text: &str, f: &mut impl fmt::Write) -> fmt::Result {
    for c in text.chars() {
        if c.is_control() { write!(f, "{}", c.escape_default())? } else { f.write_char(c)? }
    }
    Ok(())
}

/// "`a`, `b` and 3 more".
fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let mut text = String::new();
    for (place, name) in names.iter().take(MOST).enumerate() {
        text.push_str(if place == 0 { "`" } else { ", `" });
        // Writing to a string does not fail.
        let _ = one_line(name, &mut text);
        text.push('`');
    }
    match names.len().saturating_sub(MOST) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn match_help(known: &[String]) -> String {
    format!("what a network is checked on must have the classes it learnt, by the same names: {}", listed(known))
}
