//! Outputs that stand under their name only when complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::predict::SinkError;

use super::section_check::invalid;

/// A file under work: lies in the partial folder until it is finished, and is removed when dropped before.
#[derive(Debug)]
pub(super) struct PartialFile {
    partial: PathBuf,
    finished: PathBuf,
    renamed: bool,
}

impl PartialFile {
    /// Plans the file `finished`, to be written under the same name in `partial_folder`; touches nothing yet.
    ///
    /// # Errors
    /// When `finished` names no file.
    pub(super) fn new(finished: &Path, partial_folder: &Path) -> Result<Self, SinkError> {
        let Some(name) = finished.file_name() else {
            return Err(invalid(finished, "the path names no file"));
        };
        Ok(Self { partial: partial_folder.join(name), finished: finished.to_owned(), renamed: false })
    }

    /// Where the file is written.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// The name it will have; messages use this one.
    pub(super) fn finished_path(&self) -> &Path {
        &self.finished
    }

    /// Brings the bytes to the disk and gives the file its final name.
    ///
    /// # Errors
    /// When the system refuses either.
    pub(super) fn finish(mut self) -> Result<PathBuf, SinkError> {
        let moved = File::open(&self.partial)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.partial, &self.finished))
            .and_then(|()| sync_folder_of(&self.finished));
        match moved {
            Ok(()) => {
                self.renamed = true;
                Ok(self.finished.clone())
            }
            Err(source) => Err(SinkError::Io { path: self.finished.clone(), source }),
        }
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.renamed {
            // Nobody is left to tell: the file may never have been created, or its folder be gone.
            fs::remove_file(&self.partial).ok();
        }
    }
}

/// Makes a rename survive a power failure, where folders can be opened (they cannot on Windows).
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_under_its_name_only_when_finished() {
        let folder = tempfile::tempdir().unwrap();
        let finished = folder.path().join("out.h5");
        let partial_folder = folder.path().join(".partial");
        fs::create_dir(&partial_folder).unwrap();

        let dropped = PartialFile::new(&finished, &partial_folder).unwrap();
        fs::write(dropped.path(), b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(&partial_folder).unwrap().count(), 0);
        assert!(!finished.exists());

        let kept = PartialFile::new(&finished, &partial_folder).unwrap();
        fs::write(kept.path(), b"whole").unwrap();
        assert_eq!(kept.finish().unwrap(), finished);
        assert_eq!(fs::read(&finished).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&partial_folder).unwrap().count(), 0);
    }

    #[test]
    fn a_path_without_a_file_name_is_refused() {
        assert!(matches!(PartialFile::new(Path::new("/"), Path::new("/tmp")), Err(SinkError::Io { .. })));
    }
}
