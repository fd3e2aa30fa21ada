//! A YAML file with the changes from outside it, and how what is wrong with it is told.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::check::Finding;
use super::document::{self, Aim, KeyPath, Node, Origin, Override, Reason, Segment};
use super::words;
use super::{JobError, Place, Problem};

/// More bytes than any job has.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// The text of a job or batch and what changed it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    text: String,
    arguments: Vec<String>,
    root: Node,
}

impl Source {
    /// Reads a file, applies `--set` arguments, and fills in the environment.
    pub(super) fn read(
        path: &Path,
        arguments: &[String],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, JobError> {
        let mut source = Self {
            path: path.to_owned(),
            text: read(path)?,
            arguments: arguments.to_vec(),
            root: Node { origin: Origin::File { line: 1, column: 1 }, content: document::Content::Null },
        };
        source.root = document::parse(&source.text).map_err(|error| {
            let origin = error.origin.unwrap_or(Origin::File { line: 1, column: 1 });
            let help = braces_help(&source.text, origin);
            source.refused_at(vec![source.problem(origin, String::new(), error.message, help)])
        })?;
        for (place, argument) in arguments.iter().enumerate() {
            Override::parse(place, argument)
                .and_then(|change| change.apply(&mut source.root))
                .map_err(|error| JobError::Set { argument: argument.clone(), source: error })?;
        }
        let unfilled = document::expand(&mut source.root, variable);
        if !unfilled.is_empty() {
            let problems = unfilled.into_iter().map(|unfilled| {
                let (message, help) = match unfilled.reason {
                    Reason::Unset(name) => (
                        format!("the environment variable {name} is not set"),
                        format!(
                            "set it (`export {name}=...`), or write `${{{name}:-...}}` with a value to fall back on"
                        ),
                    ),
                    Reason::Malformed(text) => (
                        format!("`{text}` holds a `${{` that names no variable"),
                        "write `${NAME}` or `${NAME:-value}`; `$$` stands for a dollar sign".to_owned(),
                    ),
                };
                source.problem(unfilled.origin, unfilled.path.to_string(), message, Some(help))
            });
            return Err(source.refused_at(problems.collect()));
        }
        Ok(source)
    }

    /// Whether something stands at `key`.
    pub(super) fn has(&self, key: &str) -> bool {
        KeyPath::parse(key).is_ok_and(|path| self.root.locate(&path, Aim::Key).1.to_string() == key)
    }

    /// The whole as a Rust type.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_path_to_error::deserialize(&self.root).map_err(|error| {
            let mut path = KeyPath::from(error.path());
            let (message, help) = words::reworded(&error.inner().to_string());
            let aim = if message.starts_with("unknown") { Aim::Key } else { Aim::Value };
            // The path ends before a form that does not exist.
            if let Some(form) = message.strip_prefix("unknown form `").and_then(|rest| rest.split('`').next()) {
                path.0.push(Segment::Key(form.to_owned()));
            }
            let (origin, reached) = self.root.locate(&path, aim);
            self.refused_at(vec![self.problem(origin, reached.to_string(), message, help)])
        })
    }

    /// Refuses the file if there are findings.
    pub(super) fn refuse_if_any(&self, findings: Vec<Finding>) -> Result<(), JobError> {
        if findings.is_empty() { Ok(()) } else { Err(self.refused(findings)) }
    }

    /// The error that tells what was found.
    pub(super) fn refused(&self, findings: Vec<Finding>) -> JobError {
        let problems = findings.into_iter().map(|finding| {
            // A key that is no path can only be shown, not found.
            let path = KeyPath::parse(&finding.key).unwrap_or_default();
            let (origin, reached) = self.root.locate(&path, Aim::Value);
            self.problem(origin, reached.to_string(), finding.message, finding.help)
        });
        self.refused_at(problems.collect())
    }

    fn refused_at(&self, problems: Vec<Problem>) -> JobError {
        JobError::Refused { path: self.path.clone(), text: self.text.clone(), problems }
    }

    fn problem(&self, origin: Origin, key: String, message: String, help: Option<String>) -> Problem {
        let place = match origin {
            Origin::File { line, column } => Place::File { line, column },
            Origin::Set(place) => Place::Set { argument: self.arguments[place].clone() },
        };
        Problem { place, key, message, help }
    }
}

/// YAML takes the brace of `{ path: ${NAME}/file }` for a map of its own.
fn braces_help(text: &str, origin: Origin) -> Option<String> {
    let Origin::File { line, .. } = origin else { return None };
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    line.contains("${").then(|| "write values with `${NAME}` in quotes: `\"${NAME}/file\"`".to_owned())
}

fn read(path: &Path) -> Result<String, JobError> {
    let error = |source| JobError::Read { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(error)?;
    if !metadata.is_file() {
        return Err(error(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is not a file")));
    }
    if metadata.len() > MOST_BYTES {
        return Err(JobError::TooLong { path: path.to_owned(), bytes: metadata.len() });
    }
    String::from_utf8(fs::read(path).map_err(error)?).map_err(|_| JobError::NoText { path: path.to_owned() })
}
