//! Whether the disk has room for what a command will surely write.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::RunError;
use super::run_folder::{RunFolder, StageRecord};

/// Refuses work that needs `needed` bytes in `folder` when less are free, counting what lies in `replaced`, results that are
/// made again, as free.
///
/// # Errors
/// With both figures.
pub(super) fn check_free_space(folder: &RunFolder, needed: u64, replaced: &[StageRecord]) -> Result<(), RunError> {
    let freed: u64 =
        replaced.iter().flat_map(|stage| &stage.files).map(|file| allocated(&folder.file(&file.name))).sum();
    match free(folder.path()) {
        Some(free) if needed > free + freed => {
            Err(RunError::DiskSpace { path: folder.path().to_owned(), needed, free: free + freed })
        }
        _ => Ok(()),
    }
}

/// Bytes that a file takes on the disk, which for one with holes are fewer than its length.
pub(super) fn allocated(path: &Path) -> u64 {
    const BLOCK: u64 = 512;
    path.metadata().map_or(0, |metadata| metadata.blocks() * BLOCK)
}

/// Bytes that are free where `folder` lies or will lie, as far as the system says.
fn free(folder: &Path) -> Option<u64> {
    let absolute = std::path::absolute(folder).ok()?;
    let there = absolute.ancestors().find(|path| path.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::super::run_folder::FileRecord;
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused_with_both_figures_and_what_is_replaced_counts_as_free() {
        let output = tempfile::tempdir().unwrap();
        let folder = RunFolder::find(output.path(), "deep/down").unwrap();
        check_free_space(&folder, 1, &[]).unwrap();
        let refused = check_free_space(&folder, 1 << 60, &[]).unwrap_err().to_string();
        assert!(refused.contains("1.0 EiB") && refused.contains("free"), "{refused}");

        std::fs::create_dir_all(folder.path()).unwrap();
        std::fs::write(folder.file("facies.sgy"), vec![1; 1 << 20]).unwrap();
        let file = FileRecord { name: "facies.sgy".into(), description: String::new(), bytes: 0 };
        let stage = StageRecord { files: vec![file], ..StageRecord::default() };
        let RunError::DiskSpace { free, .. } = check_free_space(&folder, 1 << 60, &[stage]).unwrap_err() else {
            panic!("another error")
        };
        assert!(free >= 1 << 20);
    }
}
