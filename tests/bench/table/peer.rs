//! Python programs that measure peers, kept alive between questions so that both sides can be measured in turn.
//!
//! A script under `tests/peers` answers every line of JSON on its standard input with a line of JSON (`serve.py` there
//! does it). An answer with the key `error` is an error.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::Failure;

/// Names another Python than the one of `make peers`.
const PYTHON_VARIABLE: &str = "FACIES_PEERS_PYTHON";

/// A peer's script, waiting for questions. Ends with this value.
pub(crate) struct Peer {
    script: &'static str,
    name: String,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `tests/peers/SCRIPT` and reads its first line, which tells its name and version.
    ///
    /// Where the peers' environment is absent there is no peer, and `notes` gets the reason.
    ///
    /// # Errors
    /// When the script cannot be started or ends at once.
    pub(crate) fn start(
        script: &'static str,
        arguments: &[&OsStr],
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some((python, packages)) = python(root) else {
            let remedy = format!("run `make peers`, or name a Python that has the peers in {PYTHON_VARIABLE}");
            notes.push(format!("no peer: {script} was skipped, because there is no folder .peers; {remedy}"));
            return Ok(None);
        };
        let mut command = Command::new(&python);
        command.arg(root.join("tests/peers").join(script)).args(arguments);
        if let Some(packages) = packages {
            command.env("PYTHONPATH", packages);
        }
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| format!("cannot start {}: {error}", python.display()))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the peer's pipes were asked for, but are not there".into());
        };
        let mut peer = Self { script, name: String::new(), child, questions, answers: BufReader::new(answers) };
        let greeting = peer.answer()?;
        peer.name = greeting["name"].as_str().ok_or_else(|| format!("{script} does not tell its name"))?.to_owned();
        Ok(Some(peer))
    }

    /// Name and version of what is measured.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks one question.
    ///
    /// # Errors
    /// When the script fails or says so.
    pub(crate) fn ask(&mut self, question: &Value) -> Result<Value, Failure> {
        writeln!(self.questions, "{question}").map_err(|error| format!("{} is gone: {error}", self.script))?;
        self.questions.flush()?;
        self.answer()
    }

    /// Asks a question whose answer is a number of seconds, under the key `seconds`.
    ///
    /// # Errors
    /// As [`Peer::ask`], and when there is no such number.
    pub(crate) fn seconds(&mut self, question: &Value) -> Result<f64, Failure> {
        let answer = self.ask(question)?;
        let seconds = answer["seconds"].as_f64();
        seconds.ok_or_else(|| format!("{} answers {question} with {answer}", self.script).into())
    }

    fn answer(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err(format!("{} ended without an answer; its reason stands above", self.script).into());
        }
        let answer: Value = serde_json::from_str(&line)?;
        match answer.get("error") {
            Some(error) => Err(format!("{}: {error}", self.script).into()),
            None => Ok(answer),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python of the peers' environment, with the folder of its packages where that is not its own; see `scripts/peers`.
fn python(root: &Path) -> Option<(PathBuf, Option<PathBuf>)> {
    if let Some(python) = std::env::var_os(PYTHON_VARIABLE) {
        return Some((python.into(), None));
    }
    let own = root.join(".peers/venv/bin/python");
    let packages = root.join(".peers/packages");
    if own.exists() {
        Some((own, None))
    } else if packages.exists() {
        Some(("python3".into(), Some(packages)))
    } else {
        None
    }
}
