//! A compressed cube that is filled section by section and written in whole chunks.

use hdf5::{Dataset, File};
use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5d::H5Dwrite_chunk;
use hdf5_sys::h5p::H5P_DEFAULT;
use ndarray::ArrayView3;
use rayon::prelude::*;

use crate::grid::{Geometry, Plane};

use super::filters::{DEFLATE_LEVEL, Value, compressed};
use super::scales::checked;

/// Most sections, traces and samples in one chunk: large enough to compress, small enough that a time slice or a line of
/// the other plane does not need most of the file.
const MOST_PER_CHUNK: [usize; 3] = [8, 64, 128];

/// Sections wait in memory until a row of chunks is full; long lines with many classes get thinner chunks instead.
const MOST_WAITING_BYTES: usize = 128 << 20;

/// A dataset `[inline, crossline, sample]` or `[inline, crossline, sample, layer]` that takes sections in ascending order.
///
/// A chunk holds one layer only, so that one class can be read without the others.
pub(super) struct ChunkedCube<T> {
    dataset: Dataset,
    plane: Plane,
    layers: Option<usize>,
    /// `[sections, traces, samples]`.
    shape: [usize; 3],
    /// Chunk extents in the same order.
    chunk: [usize; 3],
    /// Values `[layer, section, trace, sample]` of one row of chunks.
    waiting: Vec<T>,
    /// Which row of chunks waits, once a section has arrived.
    row: Option<usize>,
}

impl<T: Value> ChunkedCube<T> {
    /// Creates the dataset `name`; `layers` adds a last dimension of that many entries.
    pub(super) fn create(
        file: &File,
        name: &str,
        geometry: &Geometry,
        plane: Plane,
        layers: Option<usize>,
    ) -> hdf5::Result<Self> {
        let [traces, samples] = geometry.section_shape(plane);
        let shape = [geometry.section_axis(plane).count, traces, samples];
        let section_bytes = traces * samples * layers.unwrap_or(1) * size_of::<T>();
        let [most_sections, most_traces, most_samples] = MOST_PER_CHUNK;
        let sections = (MOST_WAITING_BYTES / section_bytes.max(1)).clamp(1, most_sections);
        let chunk = [balanced(shape[0], sections), balanced(traces, most_traces), balanced(samples, most_samples)];

        let (mut extents, mut chunk_extents) = (in_file_order(plane, shape), in_file_order(plane, chunk));
        if let Some(layers) = layers {
            extents.push(layers);
            chunk_extents.push(1);
        }
        let mut builder = file.new_dataset_builder().empty::<T>().shape(extents).chunk(chunk_extents);
        if T::SHUFFLED {
            builder = builder.shuffle();
        }
        let dataset = builder.deflate(DEFLATE_LEVEL).obj_track_times(false).attr_phase_change(64, 8).create(name)?;
        let waiting = vec![T::default(); layers.unwrap_or(1) * chunk[0] * traces * samples];
        Ok(Self { dataset, plane, layers, shape, chunk, waiting, row: None })
    }

    /// The dataset, for attributes and scales.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Takes the section at `index`, values `[layer, trace, sample]`; a row of chunks is written when the next one begins.
    pub(super) fn put(&mut self, index: usize, values: ArrayView3<'_, T>) -> hdf5::Result<()> {
        let row = index / self.chunk[0];
        if self.row != Some(row) {
            self.write_waiting()?;
            self.row = Some(row);
        }
        for (layer, section) in values.outer_iter().enumerate() {
            let start = self.waiting_index(layer, index % self.chunk[0], 0);
            for (place, value) in self.waiting[start..].iter_mut().zip(section) {
                *place = *value;
            }
        }
        Ok(())
    }

    /// Compresses what waits, on all cores, and writes it in a fixed order.
    pub(super) fn write_waiting(&mut self) -> hdf5::Result<()> {
        let Some(row) = self.row else {
            return Ok(());
        };
        let [_, rows_of_traces, rows_of_samples] = [0, 1, 2].map(|axis| self.shape[axis].div_ceil(self.chunk[axis]));
        let layers = self.layers.unwrap_or(1);
        let chunks = (0..rows_of_traces * rows_of_samples * layers).into_par_iter().map(|number| {
            let (layer, place) = (number % layers, number / layers);
            let place = [row, place / rows_of_samples, place % rows_of_samples];
            let [first_section, first_trace, first_sample] = [0, 1, 2].map(|axis| place[axis] * self.chunk[axis]);
            let mut offset = in_file_order(self.plane, [first_section, first_trace, first_sample]);
            offset.extend(self.layers.map(|_| layer));
            (offset, compressed(self.gather(layer, first_trace, first_sample)))
        });
        for (offset, bytes) in chunks.collect::<Vec<_>>() {
            write_chunk(&self.dataset, &offset, &bytes)?;
        }
        self.waiting.fill(T::default());
        self.row = None;
        Ok(())
    }

    /// Values of the chunk that starts at `first_trace` and `first_sample`, in file order, 0 beyond the survey.
    fn gather(&self, layer: usize, first_trace: usize, first_sample: usize) -> Vec<T> {
        let [sections, traces, samples] = self.chunk;
        let mut values = vec![T::default(); sections * traces * samples];
        let traces_there = traces.min(self.shape[1] - first_trace);
        let samples_there = samples.min(self.shape[2] - first_sample);
        for section in 0..sections {
            for trace in 0..traces_there {
                let line = match self.plane {
                    Plane::Inline => section * traces + trace,
                    Plane::Crossline => trace * sections + section,
                };
                let from = self.waiting_index(layer, section, first_trace + trace) + first_sample;
                values[line * samples..][..samples_there].copy_from_slice(&self.waiting[from..][..samples_there]);
            }
        }
        values
    }

    /// Where the first sample of a trace waits; `section` counts within the row of chunks.
    fn waiting_index(&self, layer: usize, section: usize, trace: usize) -> usize {
        ((layer * self.chunk[0] + section) * self.shape[1] + trace) * self.shape[2]
    }
}

/// `[section, trace, sample]` as `[inline, crossline, sample]`.
fn in_file_order(plane: Plane, [section, trace, sample]: [usize; 3]) -> Vec<usize> {
    match plane {
        Plane::Inline => vec![section, trace, sample],
        Plane::Crossline => vec![trace, section, sample],
    }
}

/// Splits `count` into the fewest parts of at most `most`, as equal as can be: the size of one.
fn balanced(count: usize, most: usize) -> usize {
    count.div_ceil(count.div_ceil(most).max(1)).max(1)
}

/// Writes bytes that have already passed the dataset's filters.
fn write_chunk(dataset: &Dataset, offset: &[usize], bytes: &[u8]) -> hdf5::Result<()> {
    let offset: Vec<hsize_t> = offset.iter().map(|&start| start as hsize_t).collect();
    checked(|| {
        #[expect(unsafe_code, reason = "the wrapper has no call that takes a compressed chunk")]
        // SAFETY: the handle is open; `offset` has one entry per dimension, each a multiple of the chunk's extent; `bytes`
        // lives through the call; the library's lock is held.
        unsafe {
            H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, offset.as_ptr(), bytes.len(), bytes.as_ptr().cast())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_share_an_axis_evenly() {
        for (count, most, size) in [(100, 64, 50), (462, 128, 116), (64, 64, 64), (65, 64, 33), (1, 8, 1), (0, 8, 1)] {
            assert_eq!(balanced(count, most), size, "{count} by {most}");
        }
    }
}
