//! The folder of a run, and its record `run.json`.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{MODEL_FILE, RunError};
use crate::predict::PredictionSummary;
use crate::report::{is_temporary_name, write_atomically};

/// Tells what was done.
const RECORD: &str = "run.json";
/// Holds pictures.
const FIGURES: &str = "figures";
/// Holds unfinished work.
const PARTIAL: &str = ".partial";
/// Held while a process works in the folder.
const LOCK: &str = "lock";

/// Where a run keeps its files.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

/// `run.json`: what was done, with what, and when. The only file of a run that differs between equal runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of the program.
    pub facies: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// `running`, `interrupted`, `failed` or `finished`.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Name of the job.
    pub job: String,
    /// Seed of the job.
    pub seed: u64,
    /// Device that computed.
    pub device: String,
    /// CPU threads.
    pub threads: usize,
    /// When the run began (UTC).
    pub started: String,
    /// When its last command ended (UTC).
    pub ended: Option<String>,
    /// Files that were read.
    pub inputs: Vec<InputRecord>,
    /// SHA-256 of the model file.
    pub model_sha256: Option<String>,
    /// The parts of the work that are done.
    pub stages: Stages,
}

/// A file that a run read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// Key in the job: `input.segy.path`.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// The parts of a run that are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// `model.safetensors`, `history.csv`.
    pub training: Option<StageRecord>,
    /// `metrics.json`, `confusion.csv`.
    pub evaluation: Option<StageRecord>,
    /// Volumes and figures.
    pub prediction: Option<StageRecord>,
}

/// A part of a run that is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Stands for settings and data; equal identities give equal results.
    pub identity: String,
    /// Time it took, in seconds; the last command's where it was interrupted.
    pub seconds: f64,
    /// What it wrote, apart from figures.
    pub files: Vec<FileRecord>,
    /// Figures it drew.
    pub figures: Vec<FigureRecord>,
    /// Figures worth a line on the screen: `accuracy away from the labels`, `0.93`.
    pub results: Vec<(String, String)>,
    /// What the user should look into; the report of a run that was continued tells it, too.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How fast each of its predictions was, as far as the last command computed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speeds: Vec<SpeedRecord>,
}

/// How fast a prediction was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpeedRecord {
    /// Voxels computed; those seen along both planes count twice.
    pub voxels: u64,
    /// Time it took, reading and writing included, in seconds.
    pub seconds: f64,
    /// Voxels computed in a second.
    pub voxels_per_second: f64,
    /// Share of that time in which devices computed.
    pub busy_share: f64,
}

impl SpeedRecord {
    /// The speed, unless everything was there from an earlier run.
    pub(super) fn of(summary: &PredictionSummary) -> Option<Self> {
        let PredictionSummary { voxels, seconds, busy_share } = *summary;
        (voxels > 0).then(|| Self { voxels, seconds, voxels_per_second: summary.voxels_per_second(), busy_share })
    }
}

/// A file that a run wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path inside the run folder.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// Its length when it was finished.
    #[serde(default)]
    pub bytes: u64,
}

/// A figure that a run drew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// Path inside the run folder.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// Its length when it was finished.
    #[serde(default)]
    pub bytes: u64,
}

impl RunFolder {
    /// The folder `name` under `output`; nothing is made yet.
    ///
    /// # Errors
    /// When something else stands in its place, or it holds files but no run.
    pub fn find(output: &Path, name: &str) -> Result<Self, RunError> {
        // Every part of the path that exists must be a folder.
        let path = output.join(name);
        for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
            match fs::metadata(part) {
                Ok(metadata) if !metadata.is_dir() => return Err(RunError::NotAFolder { path: part.to_owned() }),
                Ok(_) => break,
                Err(_) => {}
            }
        }
        let folder = Self { path };
        if folder.path.is_dir() && !folder.record_path().exists() {
            if folder.file("fold-1").join(RECORD).exists() {
                return Err(RunError::FoldsInTheWay { path: folder.path });
            }
            for entry in fs::read_dir(&folder.path).map_err(RunError::io("read", &folder.path))? {
                let name = entry.map_err(RunError::io("read", &folder.path))?.file_name();
                // A run that was cut off in its first moments left these.
                if name != PARTIAL && !is_left_over(&name) {
                    return Err(RunError::ForeignFolder { path: folder.path });
                }
            }
        }
        Ok(folder)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Length of a file in it, if it is there.
    fn length(&self, name: &str) -> Option<u64> {
        fs::metadata(self.file(name)).ok().map(|metadata| metadata.len())
    }

    /// Where unfinished work lies.
    pub fn partial(&self) -> PathBuf {
        self.path.join(PARTIAL)
    }

    /// The record of earlier commands, if there were any.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record(&self) -> Result<Option<RunRecord>, RunError> {
        let path = self.record_path();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| RunError::Record { path, message: error.to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RunError::Io { action: "read", path, source }),
        }
    }

    /// Makes the folder and writes the record.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_record(&self, record: &RunRecord) -> Result<(), RunError> {
        fs::create_dir_all(&self.path).map_err(RunError::io("make", &self.path))?;
        let text = serde_json::to_string_pretty(record).expect("plain values always serialise") + "\n";
        self.write(RECORD, text.as_bytes())?;
        let figures = self.file(FIGURES);
        fs::create_dir_all(&figures).map_err(RunError::io("make", figures))
    }

    /// Keeps other processes out of the folder until the file is dropped.
    ///
    /// # Errors
    /// When another process works in it, or the system refuses.
    pub fn lock(&self) -> Result<File, RunError> {
        let partial = self.partial();
        fs::create_dir_all(&partial).map_err(RunError::io("make", &partial))?;
        let path = partial.join(LOCK);
        let file = File::create(&path).map_err(RunError::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(RunError::Busy { path: self.path.clone() }),
            // Some network file systems know no locks; work goes on without one there.
            Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Removes what the lock left, and the folder of unfinished work and the run's own when nothing else is in them.
    pub fn unlock(&self) {
        // Nothing depends on any of it.
        let _ = fs::remove_file(self.partial().join(LOCK));
        let _ = fs::remove_dir(self.partial());
        let _ = fs::remove_dir(&self.path);
    }

    /// Removes what a killed process left of files that it was writing; for the process that holds the lock.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_left_overs(&self) -> Result<(), RunError> {
        for folder in [self.path.clone(), self.file(FIGURES)].into_iter().filter(|folder| folder.is_dir()) {
            for entry in fs::read_dir(&folder).map_err(RunError::io("read", &folder))? {
                let entry = entry.map_err(RunError::io("read", &folder))?;
                if is_left_over(&entry.file_name()) {
                    fs::remove_file(entry.path()).map_err(RunError::io("remove", entry.path()))?;
                }
            }
        }
        Ok(())
    }

    /// Writes a file of the run, whole or not at all.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.file(name);
        write_atomically(&path, bytes).map_err(RunError::io("write", path))
    }

    /// Removes the unfinished work of one part of the run.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_partial(&self, name: &str) -> Result<(), RunError> {
        let path = self.partial().join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(RunError::io("remove", path))?;
        }
        Ok(())
    }

    /// Removes what a stage left, for `--overwrite`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_stage(&self, stage: &StageRecord) -> Result<(), RunError> {
        let names = stage.files.iter().map(|file| &file.name).chain(stage.figures.iter().map(|figure| &figure.name));
        names.map(String::as_str).try_for_each(|name| self.remove_file(name))
    }

    /// Removes a file of the run, if it is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_file(&self, name: &str) -> Result<(), RunError> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(RunError::Io { action: "remove", path, source: error })
            }
            _ => Ok(()),
        }
    }

    fn record_path(&self) -> PathBuf {
        self.file(RECORD)
    }
}

/// Whether a file of this name is one that was being written when its process was killed.
fn is_left_over(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    is_temporary_name(&name) || name.strip_prefix('.').is_some_and(|name| name.starts_with(MODEL_FILE))
}

impl StageRecord {
    /// Whether everything it wrote is still there, in its length.
    pub fn is_complete(&self, folder: &RunFolder) -> bool {
        let whole = |name: &str, bytes: u64| folder.length(name) == Some(bytes);
        self.files.iter().all(|file| whole(&file.name, file.bytes))
            && self.figures.iter().all(|figure| whole(&figure.name, figure.bytes))
    }

    /// Notes the length of everything it wrote.
    pub(super) fn measure(&mut self, folder: &RunFolder) {
        for file in &mut self.files {
            file.bytes = folder.length(&file.name).unwrap_or_default();
        }
        for figure in &mut self.figures {
            figure.bytes = folder.length(&figure.name).unwrap_or_default();
        }
    }
}
