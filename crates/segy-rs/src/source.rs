//! The bytes of an opened file, mapped into memory or read on demand.

use std::fs::{File, FileType};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::error::SegyError;
use crate::options::Access;
use crate::positional::read_exact_at;

/// Bytes that a processor fetches at a time.
const CACHE_LINE: usize = 64;

/// An opened regular file of known length.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    length: u64,
    map: Option<Mmap>,
}

impl Source {
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self, SegyError> {
        let io = |source| SegyError::io(path, "open", source);
        // Asked before opening, because opening a pipe waits for a writer.
        let metadata = std::fs::metadata(path).map_err(io)?;
        if !metadata.is_file() {
            return Err(SegyError::NotAFile { path: path.to_owned(), kind: kind(metadata.file_type()) });
        }
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let map = match access {
            Access::Map if length > 0 => Some(map(&file).map_err(|source| SegyError::io(path, "map", source))?),
            Access::Map | Access::Read => None,
        };
        Ok(Self { path: path.to_owned(), file, length, map })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes that a read of consecutive traces should gather before it goes to the system: none where memory is mapped.
    pub(crate) fn is_mapped(&self) -> bool {
        self.map.is_some()
    }

    /// Refuses to go on when the file has become shorter, before a mapped read would kill the process.
    pub(crate) fn check_length(&self) -> Result<(), SegyError> {
        let actual = self.file.metadata().map_err(|source| SegyError::io(&self.path, "examine", source))?.len();
        if actual < self.length {
            return Err(SegyError::Changed { path: self.path.clone(), expected: self.length, actual });
        }
        Ok(())
    }

    /// `length` bytes from `offset` on; `scratch` holds them where the file is not mapped.
    pub(crate) fn bytes<'a>(
        &'a self,
        offset: u64,
        length: usize,
        scratch: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], SegyError> {
        let past_the_end = || SegyError::io(&self.path, "read", std::io::ErrorKind::UnexpectedEof.into());
        // Checked before any allocation, so that a wrong count in a header cannot ask for more than the file has.
        if offset.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(past_the_end());
        }
        if let Some(map) = &self.map {
            let start = usize::try_from(offset).map_err(|_| past_the_end())?;
            return map.get(start..start + length).ok_or_else(past_the_end);
        }
        scratch.resize(length, 0);
        read_exact_at(&self.file, scratch, offset).map_err(|source| SegyError::io(&self.path, "read", source))?;
        Ok(scratch)
    }

    /// Starts to fetch the mapped bytes from `offset` on into the processor's caches, at places that it cannot guess.
    #[inline]
    pub(crate) fn prefetch(&self, offset: u64, length: usize) {
        if let (Some(map), Ok(start)) = (&self.map, usize::try_from(offset)) {
            let end = start.saturating_add(length).min(map.len());
            map.get(start..end).unwrap_or_default().chunks(CACHE_LINE).for_each(prefetch_line);
        }
    }

    /// `N` bytes from `offset` on.
    pub(crate) fn array<const N: usize>(&self, offset: u64) -> Result<[u8; N], SegyError> {
        let mut scratch = Vec::new();
        let bytes = self.bytes(offset, N, &mut scratch)?;
        Ok(std::array::from_fn(|at| bytes[at]))
    }
}

#[expect(unsafe_code, reason = "mapping a file is unsafe, because another program may change it meanwhile")]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is private to `Source`, read only, and its bytes are only ever copied out as plain numbers, for
    // which any value is valid. A file cut short while mapped makes the system end the process; `check_length` catches
    // all but a race, and `Access::Read` is there for files that others may write.
    unsafe { Mmap::map(file) }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the intrinsic takes a pointer")]
#[inline(always)]
fn prefetch_line(line: &[u8]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch changes nothing that a program could see and does not fault, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch_line(_: &[u8]) {}

fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return "a pipe";
        }
        if file_type.is_socket() {
            return "a socket";
        }
    }
    "a device"
}
