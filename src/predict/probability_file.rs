//! Probabilities along one plane, on disk until those along the other join them.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ndarray::{Array3, ArrayView3};

use super::PredictError;

/// Name of the file that holds the probabilities along one plane until those along the other join them.
pub const PROBABILITY_FILE: &str = "probabilities";

/// Bytes of a note that a section is finished: index, checksum of its values, checksum of these two.
const NOTE_BYTES: usize = 12;

/// Probabilities `[section, trace, class, sample]` of a block, 32-bit floats, written section by section and read across
/// sections, both by position; and beside it, as a list that only grows, which sections are finished.
#[derive(Debug)]
pub(super) struct ProbabilityFile {
    path: PathBuf,
    values: File,
    notes: Mutex<Notes>,
    /// Index of the first section.
    first: usize,
    /// `[sections, traces, classes, samples]`.
    shape: [usize; 4],
}

#[derive(Debug)]
struct Notes {
    file: File,
    /// Checksum of the values of every finished section.
    finished: BTreeMap<usize, u32>,
}

impl ProbabilityFile {
    /// Opens or makes the file in `folder`, for `sections` of which each has `[traces, classes, samples]`.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn open(folder: &Path, sections: Range<usize>, section: [usize; 3]) -> Result<Self, PredictError> {
        let path = folder.join(PROBABILITY_FILE);
        let [traces, classes, samples] = section;
        let shape = [sections.len(), traces, classes, samples];
        let open = |path: &Path| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let opened = || -> io::Result<_> {
            let values = open(&path)?;
            values.set_len(bytes(shape))?;
            Ok((values, Notes::read(open(&folder.join("probabilities.finished"))?)?))
        };
        let (values, notes) = opened().map_err(|source| PredictError::Store { path: path.clone(), source })?;
        Ok(Self { path, values, notes: Mutex::new(notes), first: sections.start, shape })
    }

    /// Sections noted as finished; their values may still turn out to be damaged.
    pub(super) fn finished(&self) -> usize {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).finished.len()
    }

    /// Whether the section at `index` is finished and undamaged.
    pub(super) fn holds(&self, index: usize) -> bool {
        let noted = self.notes.lock().unwrap_or_else(PoisonError::into_inner).finished.get(&index).copied();
        let Some(noted) = noted else { return false };
        let mut values = vec![0; bytes([1, self.shape[1], self.shape[2], self.shape[3]]) as usize];
        self.values.read_exact_at(&mut values, self.position(index, 0)).is_ok() && crc32fast::hash(&values) == noted
    }

    /// Keeps the probabilities `[class, trace, sample]` of the section at `index`.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn write(&self, index: usize, probability: ArrayView3<'_, f32>) -> Result<(), PredictError> {
        let by_trace = probability.permuted_axes([1, 0, 2]);
        let mut values = Vec::with_capacity(by_trace.len() * size_of::<f32>());
        values.extend(by_trace.iter().flat_map(|value| value.to_le_bytes()));
        // The note follows the values: a killed process leaves both to the system or neither, and what a power cut tears
        // fails its checksum.
        self.values
            .write_all_at(&values, self.position(index, 0))
            .and_then(|()| {
                let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
                notes.add(index, crc32fast::hash(&values))
            })
            .map_err(|source| PredictError::Store { path: self.path.clone(), source })
    }

    /// Probabilities `[class, section, sample]` of one trace of every section.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn across(&self, trace: usize) -> Result<Array3<f32>, PredictError> {
        let [sections, _, classes, samples] = self.shape;
        let mut across = Array3::zeros((classes, sections, samples));
        let mut values = vec![0; bytes([1, 1, classes, samples]) as usize];
        for section in 0..sections {
            self.values
                .read_exact_at(&mut values, self.position(self.first + section, trace))
                .map_err(|source| PredictError::Store { path: self.path.clone(), source })?;
            let mut target = across.index_axis_mut(ndarray::Axis(1), section);
            for (target, value) in target.iter_mut().zip(values.as_chunks::<4>().0) {
                *target = f32::from_le_bytes(*value);
            }
        }
        Ok(across)
    }

    fn position(&self, index: usize, trace: usize) -> u64 {
        let [_, traces, classes, samples] = self.shape;
        bytes([1, (index - self.first) * traces + trace, classes, samples])
    }
}

/// Size of the values of a block `[sections, traces, classes, samples]`.
pub(super) fn bytes(shape: [usize; 4]) -> u64 {
    shape.iter().map(|&count| count as u64).product::<u64>() * size_of::<f32>() as u64
}

impl Notes {
    /// Reads the notes and cuts off what a crash left of the last one.
    fn read(mut file: File) -> io::Result<Self> {
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let mut finished = BTreeMap::new();
        let mut good = 0;
        for note in text.as_chunks::<NOTE_BYTES>().0 {
            let number = |at: usize| u32::from_le_bytes([note[at], note[at + 1], note[at + 2], note[at + 3]]);
            if number(8) != crc32fast::hash(&note[..8]) {
                break;
            }
            finished.insert(number(0) as usize, number(4));
            good += NOTE_BYTES as u64;
        }
        file.set_len(good)?;
        file.seek(SeekFrom::Start(good))?;
        Ok(Self { file, finished })
    }

    fn add(&mut self, index: usize, checksum: u32) -> io::Result<()> {
        let index = u32::try_from(index).map_err(io::Error::other)?;
        let mut note = [index.to_le_bytes(), checksum.to_le_bytes()].concat();
        note.extend(crc32fast::hash(&note).to_le_bytes());
        self.file.write_all(&note)?;
        self.finished.insert(index as usize, checksum);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Axis};

    use super::*;

    const SHAPE: [usize; 3] = [4, 3, 5];

    fn values(index: usize) -> Array3<f32> {
        Array3::from_shape_fn((3, 4, 5), |(class, trace, sample)| {
            (index * 1000 + class * 100 + trace * 10 + sample) as f32
        })
    }

    #[test]
    fn what_is_written_along_one_plane_is_read_along_the_other() {
        let folder = tempfile::tempdir().unwrap();
        {
            let file = ProbabilityFile::open(folder.path(), 7..9, SHAPE).unwrap();
            file.write(8, values(8).view()).unwrap();
            assert!(!file.holds(7) && file.holds(8));
        }
        let file = ProbabilityFile::open(folder.path(), 7..9, SHAPE).unwrap();
        assert!(!file.holds(7) && file.holds(8) && file.finished() == 1);
        file.write(7, values(7).view()).unwrap();
        for trace in 0..4 {
            let across = file.across(trace).unwrap();
            for (section, index) in [7, 8].into_iter().enumerate() {
                let expected = values(index);
                assert_eq!(across.index_axis(Axis(1), section), expected.index_axis(Axis(1), trace));
            }
        }
        assert_eq!(std::fs::metadata(folder.path().join("probabilities")).unwrap().len(), bytes([2, 4, 3, 5]));
    }

    #[test]
    fn damaged_values_and_torn_notes_are_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, notes) = (folder.path().join("probabilities"), folder.path().join("probabilities.finished"));
        let open = || ProbabilityFile::open(folder.path(), 0..3, SHAPE).unwrap();
        for index in 0..3 {
            open().write(index, values(index).view()).unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[300] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let noted = std::fs::read(&notes).unwrap();
        std::fs::write(&notes, &noted[..noted.len() - 1]).unwrap();
        let file = open();
        assert_eq!([0, 1, 2].map(|index| file.holds(index)), [true, false, false]);
        for index in [2, 1] {
            file.write(index, values(index).view()).unwrap();
        }
        let file = open();
        assert_eq!([0, 1, 2].map(|index| file.holds(index)), [true; 3]);
    }
}
