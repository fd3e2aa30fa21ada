//! Finished sections on disk, so that a run that was cut off loses only the sections it was working on.

use std::fs;
use std::path::{Path, PathBuf};

use lz4_flex::block::{compress, decompress_into};
use ndarray::{Array2, Array3};

use super::{PredictError, PredictedSection, Uncertainty};
use crate::grid::{Plane, Section};

/// First bytes of a section file; the last one is its version.
const MAGIC: [u8; 8] = *b"FACSEC\0\x03";

/// A folder with one file for each finished section, named by plane and index.
#[derive(Clone, Debug)]
pub struct SectionStore {
    folder: PathBuf,
}

impl SectionStore {
    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the folder, making it where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, PredictError> {
        fs::create_dir_all(folder).map_err(|source| PredictError::Store { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Keeps a section; it is there whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, section: &PredictedSection) -> Result<(), PredictError> {
        let path = self.path(section.section);
        let failed = |source| PredictError::Store { path: path.clone(), source };
        let bytes = encode(section);
        let temporary = path.with_extension("part");
        // A killed process leaves written bytes to the system, so no sync is needed; a torn file after a power cut fails
        // its checksum and the section is computed again.
        fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path)).map_err(|error| {
            // Half a file is of no use, and on a full disk its space is.
            let _ = fs::remove_file(&temporary);
            failed(error)
        })
    }

    /// Takes a section up again; `None` where there is none or its file is damaged.
    pub fn load(&self, section: Section) -> Option<PredictedSection> {
        let bytes = fs::read(self.path(section)).ok()?;
        decode(&bytes, section)
    }

    /// Whether a file for this section is there; it may still turn out to be damaged.
    pub fn holds(&self, section: Section) -> bool {
        self.path(section).exists()
    }

    fn path(&self, section: Section) -> PathBuf {
        self.folder.join(format!("{}-{:06}.section", section.plane.name(), section.index))
    }
}

/// Magic, checksum of the rest, plane, index, traces, samples, classes (0 where probabilities are absent), flags (1:
/// confidence, then the uncertainties); then codes, confidence, probabilities and uncertainties, each as its length when compressed and an LZ4 block. Integers and floats
/// are little endian.
///
/// LZ4, because a prediction must not wait for it: it takes float32 at 2 to 3 GB/s where deflate took 120 MB/s.
fn encode(section: &PredictedSection) -> Vec<u8> {
    let (traces, samples) = section.codes.dim();
    let classes = section.probability.as_ref().map_or(0, |probability| probability.dim().0);
    let plane = u64::from(section.section.plane == Plane::Crossline);
    let beside = section.uncertainty.iter().map(|(which, _)| 2 << *which as u64);
    let flags = u64::from(section.confidence.is_some()) | beside.sum::<u64>();
    let mut body = Vec::new();
    for number in [plane, section.section.index as u64, traces as u64, samples as u64, classes as u64, flags] {
        body.extend(number.to_le_bytes());
    }
    let mut block = |values: &[u8]| {
        let block = compress(values);
        body.extend((block.len() as u64).to_le_bytes());
        body.extend(block);
    };
    block(&section.codes.iter().copied().collect::<Vec<u8>>());
    if let Some(confidence) = &section.confidence {
        block(&by_significance(confidence.iter()));
    }
    if let Some(probability) = &section.probability {
        block(&by_significance(probability.iter()));
    }
    for (_, values) in &section.uncertainty {
        block(&by_significance(values.iter()));
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend(crc32fast::hash(&body).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// Bytes of equal significance together: the upper ones of probabilities repeat, the lower ones never do.
fn by_significance<'v>(values: impl ExactSizeIterator<Item = &'v f32> + Clone) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * size_of::<f32>());
    for place in 0..size_of::<f32>() {
        bytes.extend(values.clone().map(|value| value.to_le_bytes()[place]));
    }
    bytes
}

fn decode(bytes: &[u8], section: Section) -> Option<PredictedSection> {
    let (checksum, body) = bytes.strip_prefix(&MAGIC)?.split_first_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (header, mut blocks) = body.split_first_chunk::<48>()?;
    let (numbers, _) = header.as_chunks::<8>();
    let [plane, index, traces, samples, classes, flags] =
        [0, 1, 2, 3, 4, 5].map(|k| u64::from_le_bytes(numbers[k]) as usize);
    let expected_plane = usize::from(section.plane == Plane::Crossline);
    if (plane, index) != (expected_plane, section.index) {
        return None;
    }
    let mut values = |count: usize| -> Option<Vec<u8>> {
        let (length, rest) = blocks.split_first_chunk::<8>()?;
        let (block, rest) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
        blocks = rest;
        // A byte of LZ4 stands for 255 at most.
        if count / 255 > block.len() {
            return None;
        }
        let mut values = vec![0; count];
        (decompress_into(block, &mut values).ok()? == count).then_some(values)
    };
    let voxels = traces.checked_mul(samples)?;
    let codes = values(voxels)?;
    let mut floats = |count: usize| -> Option<Vec<f32>> {
        let bytes = values(count.checked_mul(size_of::<f32>())?)?;
        let (low, high) = bytes.split_at(2 * count);
        let ((a, b), (c, d)) = (low.split_at(count), high.split_at(count));
        Some((0..count).map(|place| f32::from_le_bytes([a[place], b[place], c[place], d[place]])).collect())
    };
    let confidence = if flags & 1 == 1 { Some(floats(voxels)?) } else { None };
    let probability = if classes > 0 { Some(floats(classes.checked_mul(voxels)?)?) } else { None };
    let shape = (traces, samples);
    let mut uncertainty = Vec::new();
    for which in Uncertainty::ALL.into_iter().filter(|&which| flags & 2 << which as usize != 0) {
        uncertainty.push((which, Array2::from_shape_vec(shape, floats(voxels)?).ok()?));
    }
    Some(PredictedSection {
        section,
        codes: Array2::from_shape_vec(shape, codes).ok()?,
        confidence: confidence.map(|values| Array2::from_shape_vec(shape, values)).transpose().ok()?,
        probability: probability
            .map(|values| Array3::from_shape_vec((classes, traces, samples), values))
            .transpose()
            .ok()?,
        uncertainty,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(confidence: bool, probability: bool, uncertainty: &[Uncertainty]) -> PredictedSection {
        let value = |i: usize, j: usize| (i * 7 + j) as f32 / 100.0;
        PredictedSection {
            section: Section::crossline(12),
            codes: Array2::from_shape_fn((3, 5), |(i, j)| (i * j % 4) as u8),
            confidence: confidence.then(|| Array2::from_shape_fn((3, 5), |(i, j)| value(i, j))),
            probability: probability.then(|| Array3::from_shape_fn((2, 3, 5), |(k, i, j)| value(i, j) * k as f32)),
            uncertainty: uncertainty
                .iter()
                .map(|&which| (which, Array2::from_shape_fn((3, 5), |(i, j)| value(i, j) + which as usize as f32)))
                .collect(),
        }
    }

    #[test]
    fn sections_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let store = SectionStore::open(&folder.path().join("sections")).unwrap();
        let (margin, all) = ([Uncertainty::Margin], Uncertainty::ALL);
        let none: &[Uncertainty] = &[];
        for (confidence, probability, uncertainty) in
            [(false, false, none), (true, false, &margin), (false, true, &all), (true, true, none), (true, true, &all)]
        {
            let section = section(confidence, probability, uncertainty);
            store.save(&section).unwrap();
            assert_eq!(store.load(section.section), Some(section));
        }
        assert_eq!(store.load(Section::inline(12)), None);
        assert!(store.holds(Section::crossline(12)) && !store.holds(Section::crossline(13)));
    }

    #[test]
    fn damaged_files_are_not_believed() {
        let good = encode(&section(true, true, &Uncertainty::ALL));
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0x40;
            assert_eq!(decode(&bad, Section::crossline(12)), None, "byte {place}");
            assert_eq!(decode(&good[..place], Section::crossline(12)), None, "cut at {place}");
        }
    }
}
