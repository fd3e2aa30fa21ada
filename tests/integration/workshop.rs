//! A folder with a small synthetic survey and a job that learns from it, and the program to use on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use facies::volume::synthetic::{SyntheticOptions, write};

/// A job of a few seconds on `cube.sgy`.
pub(crate) const JOB: &str = "\
version: 1
name: small
input: { segy: { path: cube.sgy } }
classes: [low_amplitude, high_amplitude, clinoforms, chaotic, channel, salt]
labels:
  - section: inline_104.png
network: { waldeland: { padding: valid } }
training:
  form: { dense: { crop: 16, crops_per_step: 2, labelled_at_least: 0.2 } }
  steps: 4
  steps_per_epoch: 2
prediction:
  engine: dense
  inlines: { first: 103, last: 105 }
";

/// A folder that goes away with its owner.
pub(crate) struct Workshop {
    folder: tempfile::TempDir,
}

/// What the program did.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) answer: String,
    pub(crate) log: String,
}

impl Workshop {
    /// A folder with `cube.sgy`, its labels `inline_104.png`, `cube_truth.sgy` and `job.yaml`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SyntheticOptions { inlines: 8, crosslines: 64, samples: 64, ..SyntheticOptions::default() };
        write(&options, &folder.path().join("cube.sgy")).unwrap();
        fs::write(folder.path().join("job.yaml"), JOB).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes `job.yaml` anew, with `from` replaced by `to`.
    pub(crate) fn change_job(&self, from: &str, to: &str) {
        assert!(JOB.contains(from), "{from}");
        self.write("job.yaml", JOB.replacen(from, to, 1));
    }

    /// The program in this folder, on two threads.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facies"));
        command.args(["--threads", "2"]).args(arguments).current_dir(self.folder.path());
        command.env_remove("FACIES_DATA").env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn facies(&self, arguments: &[&str]) -> Done {
        Done::from(self.command(arguments).output().unwrap())
    }

    /// Names of everything in a folder, however deep, in order.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.path(folder), Path::new(""), &mut names);
        names.sort();
        names
    }

    /// The content of every file of a run, apart from the record of when it ran.
    pub(crate) fn run_bytes(&self, run: &str) -> Vec<(String, Vec<u8>)> {
        let names = self.files(run).into_iter().filter(|name| name != "run.json");
        names.map(|name| (name.clone(), fs::read(self.path(run).join(name)).unwrap())).collect()
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
}
