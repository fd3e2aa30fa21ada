//! The program as its users run it, on a small synthetic survey in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use facies::volume::synthetic::{SyntheticOptions, write};
use tempfile::TempDir;

/// Size of the survey: inlines 100 to 109, crosslines 300 to 365, samples at 0 to 252 ms. Inline 105 is labelled.
pub(crate) const SHAPE: [usize; 3] = [10, 66, 64];

/// A job that takes a second: it trains, scores and interprets the whole survey.
pub(crate) const JOB: &str = "\
version: 1
name: tiny
seed: 3
input:
  segy: { path: cube.sgy }
classes: [low_amplitude, high_amplitude, clinoforms, chaotic, channel, salt]
labels:
  - section: { path: inline_105.png }
split: { random: { test: 0.2, validation: 0.1 } }
network:
  waldeland: { padding: valid }
training:
  form: { dense: { crop: 16, crops_per_step: 2, labelled_at_least: 0.0 } }
  steps: 16
  steps_per_epoch: 4
  optimizer: { adam: { learning_rate: 5.0e-3 } }
prediction:
  engine: dense
  outputs: [class, probability, confidence]
output:
  hdf5: {}
  segy: {}
  figures: { inlines: [105], time_slices: [100] }
";

/// A folder with `cube.sgy`, `cube_truth.sgy`, `inline_105.png` and `job.yaml`; the program runs in it.
pub(crate) struct Workplace(TempDir);

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [inlines, crosslines, samples] = SHAPE;
        let options = SyntheticOptions {
            inlines,
            crosslines,
            samples,
            label_inline: Some(105),
            seed: 2,
            ..SyntheticOptions::default()
        };
        write(&options, &folder.path().join("cube.sgy")).unwrap();
        let workplace = Self(folder);
        workplace.write("job.yaml", JOB);
        workplace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The program with these arguments; with one thread unless they say otherwise, since tests share the machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facies"));
        command.current_dir(self.0.path()).env_remove("FACIES_DATA").args(arguments);
        if !arguments.contains(&"--threads") {
            command.args(["--threads", "1"]);
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn facies(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed; gives back what it answered.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let outcome = self.facies(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// Runs the program, which must succeed; gives back what it answered as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let answer = self.done(arguments);
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {answer}"))
    }

    /// Every file under a folder by its path in it, with its content.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                if path.is_dir() {
                    walk(&path, &format!("{name}/"), files);
                } else {
                    files.insert(name, fs::read(path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(&self.path(folder), "", &mut files);
        files
    }

    /// The files of a run that are the same for every equal run: all but `run.json`, which tells times.
    pub(crate) fn results(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files(folder);
        files.remove("run.json").unwrap_or_else(|| panic!("{folder} holds no run"));
        files
    }
}

impl Outcome {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Ended with `code`, answered nothing, and said all of `parts` and what to do.
    pub(crate) fn must_refuse(&self, what: &str, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{what}: {self:?}");
        assert_eq!(self.stdout, "", "{what}");
        assert!(self.stderr.contains("error: "), "{what}: {}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "{what}: `{part}` is missing in\n{}", self.stderr);
        }
    }
}

/// Fails with the names of the files that differ, rather than with their bytes.
pub(crate) fn assert_same_files(actual: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(actual.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let different: Vec<_> = actual.iter().filter(|(name, bytes)| expected[*name] != **bytes).collect();
    let names: Vec<_> = different.iter().map(|(name, bytes)| (name, bytes.len(), expected[*name].len())).collect();
    assert!(names.is_empty(), "different bytes (name, length, expected length): {names:?}");
}
