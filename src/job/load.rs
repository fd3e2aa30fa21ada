//! From a job file to a checked job.

use std::fs;
use std::path::{Path, PathBuf};

use garde::Validate;

use super::check::{Finding, check};
use super::document::{self, Aim, KeyPath, Node, Origin, Override, Reason};
use super::schema::Job;
use super::words;
use super::{JobError, Place, Problem};

/// More bytes than any job has.
const MOST_BYTES: u64 = 1 << 20;

/// A job that was read and checked, and where everything in it was written.
#[derive(Clone, Debug)]
pub struct LoadedJob {
    /// The job. Its paths are resolved against its file.
    pub job: Job,
    source: Source,
}

/// The text of a job and what changed it.
#[derive(Clone, Debug)]
struct Source {
    path: PathBuf,
    text: String,
    arguments: Vec<String>,
    root: Node,
}

/// Reads a job, applies `--set` arguments and the environment, and checks all that can be checked without data.
///
/// # Errors
/// When the file cannot be read, is no YAML, or says something that a job may not say; with line and column.
pub fn load_job(path: &Path, arguments: &[String]) -> Result<LoadedJob, JobError> {
    load_with(path, arguments, &|name| std::env::var(name).ok())
}

pub(super) fn load_with(
    path: &Path,
    arguments: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<LoadedJob, JobError> {
    let text = read(path)?;
    let source = Source::new(path, text, arguments, variable)?;
    let mut job = source.typed()?;
    source.refuse_if_any(range_problems(&job))?;
    source.refuse_if_any(check(&job))?;
    source.refuse_if_any(resolve_files(&mut job, path))?;
    Ok(LoadedJob { job, source })
}

impl LoadedJob {
    /// The job file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The error that refuses this job for what stands at `key` (`labels[2].points.class`), with line and column: for
    /// what only the data can tell.
    pub fn refuse(&self, key: &str, message: impl Into<String>, help: Option<String>) -> JobError {
        self.source.refused(vec![Finding { key: key.to_owned(), message: message.into(), help }])
    }
}

impl Source {
    fn new(
        path: &Path,
        text: String,
        arguments: &[String],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, JobError> {
        let mut source = Self {
            path: path.to_owned(),
            text,
            arguments: arguments.to_vec(),
            root: Node { origin: Origin::File { line: 1, column: 1 }, content: document::Content::Null },
        };
        source.root = document::parse(&source.text).map_err(|error| {
            let origin = error.origin.unwrap_or(Origin::File { line: 1, column: 1 });
            source.refused_at(vec![source.problem(origin, String::new(), error.message, None)])
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

    fn typed(&self) -> Result<Job, JobError> {
        serde_path_to_error::deserialize(&self.root).map_err(|error| {
            let path = KeyPath::from(error.path());
            let (message, help) = words::reworded(&error.inner().to_string());
            let aim = if message.starts_with("unknown") { Aim::Key } else { Aim::Value };
            let (origin, reached) = self.root.locate(&path, aim);
            self.refused_at(vec![self.problem(origin, reached.to_string(), message, help)])
        })
    }

    fn refuse_if_any(&self, findings: Vec<Finding>) -> Result<(), JobError> {
        if findings.is_empty() { Ok(()) } else { Err(self.refused(findings)) }
    }

    fn refused(&self, findings: Vec<Finding>) -> JobError {
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

fn range_problems(job: &Job) -> Vec<Finding> {
    let Err(report) = job.validate() else { return Vec::new() };
    let findings = report.iter().map(|(path, error)| Finding {
        key: path.to_string(),
        message: words::range(error.message()),
        help: None,
    });
    findings.collect()
}

/// Makes the paths of a job absolute and looks whether the files are there.
fn resolve_files(job: &mut Job, job_path: &Path) -> Vec<Finding> {
    let folder = job_path.parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    for (key, path) in job.files_mut() {
        let given = path.clone();
        // `absolute` fails only without a working folder; the path then stays relative to it.
        *path = std::path::absolute(folder.join(&given)).unwrap_or_else(|_| folder.join(&given));
        let (message, help) = match fs::metadata(&*path) {
            Ok(metadata) if metadata.is_dir() => (format!("{} is a folder, not a file", path.display()), None),
            Ok(_) => continue,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let from = "relative paths start from the folder of the job file".to_owned();
                (format!("there is no file {}", path.display()), given.is_relative().then_some(from))
            }
            Err(error) => (format!("cannot open {}: {error}", path.display()), None),
        };
        findings.push(Finding { key, message, help });
    }
    findings
}
