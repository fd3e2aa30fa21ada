//! Files that appear only when complete.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`: under another name in the same folder first, then on the disk, then renamed.
///
/// Whatever stood under `path` is replaced in one step; after a failure it is still there, and nothing beside it.
///
/// # Errors
/// When the folder cannot be written, the disk is full, or `path` is a folder.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    let written = write_through(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one that matters.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(path)
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether [`write_atomically`] would give a file under work this name; such a file outlives only a killed process.
pub fn is_temporary_name(name: &str) -> bool {
    let process = |rest: &str| rest.rsplit_once('.').is_some_and(|(_, process)| process.parse::<u32>().is_ok());
    name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp")).is_some_and(process)
}

/// `.metrics.json.4711.tmp` beside `metrics.json`: hidden, and another one for each process.
fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let file_name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no file name"))?;
    let mut name = OsString::from(".");
    name.push(file_name);
    name.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(name))
}

/// Puts the new name itself on the disk; without this a power cut may bring the old file back.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.json");
        for text in ["a longer first version", "second"] {
            write_atomically(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["metrics.json"]);
    }

    #[test]
    fn files_under_work_are_known_by_their_name() {
        let temporary = temporary_name(Path::new("runs/metrics.json")).unwrap();
        assert!(is_temporary_name(temporary.file_name().unwrap().to_str().unwrap()));
        for name in ["metrics.json", ".metrics.json", ".notes.tmp", ".a.b.tmp", "a.1.tmp", ".gitignore"] {
            assert!(!is_temporary_name(name), "{name}");
        }
    }

    #[test]
    fn a_failure_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("report.html");
        fs::create_dir(&in_the_way).unwrap();
        assert!(write_atomically(&in_the_way, b"text").is_err());
        assert!(write_atomically(&folder.path().join("missing/report.html"), b"text").is_err());
        assert_eq!(names(folder.path()), ["report.html"]);
    }
}
