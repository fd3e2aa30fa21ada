//! The synthetic cubes that the parts work on.

use std::path::PathBuf;

use facies::grid::Geometry;
use facies::volume::MemoryVolume;
use facies::volume::synthetic::{SyntheticCube, SyntheticOptions};
use ndarray::Array3;
use segy_rs::{CubeSpec, LineNumbers, SampleFormat, TextEncoding, write_cube};
use tempfile::TempDir;

/// Amplitudes and class codes of one synthetic earth, `[inline, crossline, sample]`.
pub(crate) struct Interpreted {
    pub(crate) volume: MemoryVolume,
    pub(crate) codes: Array3<u8>,
}

/// 24 inlines of 256 traces of 256 samples.
pub(crate) fn interpreted() -> Interpreted {
    let options = SyntheticOptions { inlines: 24, crosslines: 256, samples: 256, ..SyntheticOptions::default() };
    let geometry = options.geometry();
    let (amplitudes, codes) = SyntheticCube::new(options).expect("the options are in range").whole();
    let volume = MemoryVolume::new(geometry, amplitudes).expect("the cube has the shape of its frame");
    Interpreted { volume, codes }
}

/// A SEG-Y file of 250 x 400 traces of 250 IBM floats, 124 MB, that is removed with the folder.
pub(crate) fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("cube.sgy");
    let spec = CubeSpec {
        inline: LineNumbers { first: 1, step: 1, count: 250 },
        crossline: LineNumbers { first: 1, step: 1, count: 400 },
        samples: 250,
        interval_us: 4000,
        start_ms: 0,
        map: None,
        format: SampleFormat::IbmFloat32,
        text: Vec::new(),
        encoding: TextEncoding::Ebcdic,
    };
    let fill = |inline: usize, crossline: usize, samples: &mut [f32]| {
        let phase = (31 * inline + 17 * crossline) as f32;
        samples.iter_mut().enumerate().for_each(|(at, sample)| *sample = (phase + 0.37 * at as f32).sin() * 1e4);
    };
    write_cube(&path, &spec, fill).expect("the temporary folder has room for 124 MB");
    (folder, path)
}

/// Voxels of a whole section along the inlines.
pub(crate) fn inline_voxels(geometry: &Geometry) -> u64 {
    (geometry.crossline.count * geometry.vertical.count) as u64
}
