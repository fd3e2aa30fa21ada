//! A folder with a small synthetic survey and a job that learns from it, and the program to use on them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use facies::volume::synthetic::{SyntheticOptions, write};

/// The survey: inlines 100 to 107, crosslines 300 to 363, samples at 0 to 252 ms. Inline 104 is labelled.
pub(crate) const SHAPE: [usize; 3] = [8, 64, 64];

/// A job of a second on `cube.sgy`: it trains, scores and interprets the whole survey.
pub(crate) const JOB: &str = "\
version: 1
name: small
seed: 3
input:
  segy: { path: cube.sgy }
classes: [low_amplitude, high_amplitude, clinoforms, chaotic, channel, salt]
labels:
  - section: inline_104.png
split: { random: { test: 0.2, validation: 0.1 } }
network: { waldeland: { padding: valid } }
training:
  form: { dense: { crop: 16, crops_per_step: 2, labelled_at_least: 0.2 } }
  steps: 16
  steps_per_epoch: 4
  optimizer: { adam: { learning_rate: 5.0e-3 } }
prediction:
  engine: dense
  outputs: [class, probability, confidence]
output:
  hdf5: {}
  segy: {}
  figures: { inlines: [104], time_slices: [100] }
";

/// A folder that goes away with its owner.
pub(crate) struct Workshop {
    folder: tempfile::TempDir,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) answer: String,
    pub(crate) log: String,
}

/// The content of files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

impl Workshop {
    /// A folder with `cube.sgy`, its labels `inline_104.png`, `cube_truth.sgy` and `job.yaml`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [inlines, crosslines, samples] = SHAPE;
        let options = SyntheticOptions { inlines, crosslines, samples, ..SyntheticOptions::default() };
        write(&options, &folder.path().join("cube.sgy")).unwrap();
        let workshop = Self { folder };
        workshop.write("job.yaml", JOB);
        workshop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file, and makes the folders that it lies in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The program in this folder; on one thread unless the arguments say otherwise, since tests share the machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facies"));
        command.args(arguments).current_dir(self.folder.path());
        if !arguments.contains(&"--threads") {
            command.args(["--threads", "1"]);
        }
        command.env_remove("FACIES_DATA").env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn facies(&self, arguments: &[&str]) -> Done {
        Done::from(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed and answer with JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let done = self.facies(arguments);
        done.expect(0, &[]);
        serde_json::from_str(&done.answer).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {}", done.answer))
    }

    /// Names of everything in a folder, however deep, in order.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.path(folder), Path::new(""), &mut names);
        names.sort();
        names
    }

    /// Everything in a folder, however deep.
    pub(crate) fn bytes(&self, folder: &str) -> Files {
        let read = |name: String| {
            let bytes = fs::read(self.path(folder).join(&name)).unwrap();
            (name, bytes)
        };
        self.files(folder).into_iter().map(read).collect()
    }

    /// The content of every file of a run, apart from the record of when it ran.
    pub(crate) fn run_bytes(&self, run: &str) -> Files {
        let mut files = self.bytes(run);
        assert!(files.remove("run.json").is_some(), "{run} holds no run");
        files
    }
}

fn collect(folder: &Path, inside: &Path, names: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder.join(inside)) else { return };
    for entry in entries.map(Result::unwrap) {
        let name = inside.join(entry.file_name());
        if entry.path().is_dir() {
            collect(folder, &name, names);
        } else {
            names.push(name.to_str().unwrap().to_owned());
        }
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            answer: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// Fails unless the program ended with `code` and said all of `words`.
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        let Self { answer, log, .. } = self;
        assert_eq!(self.code, Some(code), "stdout:\n{answer}\nstderr:\n{log}");
        for word in words {
            assert!(
                answer.contains(word) || log.contains(word),
                "`{word}` is missing\nstdout:\n{answer}\nstderr:\n{log}"
            );
        }
    }

    /// Fails unless the program ended with `code`, answered nothing, and said all of `words`.
    pub(crate) fn expect_refusal(&self, code: i32, words: &[&str]) {
        self.expect(code, words);
        assert_eq!(self.answer, "", "{}", self.log);
        assert!(self.log.contains("error: "), "{}", self.log);
    }
}

/// Fails with the names of the files that differ, rather than with their bytes.
pub(crate) fn assert_same_files(actual: &Files, expected: &Files) {
    assert_eq!(actual.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let different = actual.iter().filter(|(name, bytes)| expected[*name] != **bytes);
    let names: Vec<_> = different.map(|(name, bytes)| (name, bytes.len(), expected[name].len())).collect();
    assert!(names.is_empty(), "different bytes (name, length, expected length): {names:?}");
}
