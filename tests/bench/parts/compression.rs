//! Sections into an HDF5 file: rows of chunks are compressed with all threads and written.

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use facies::export::{CubeDescription, Hdf5Options, Hdf5Sink, Provenance};
use facies::grid::{Plane, Section};
use facies::predict::{PredictedSection, SectionSink};
use facies::volume::synthetic::Facies;
use facies::volume::{LiveTraces, Volume};
use ndarray::{Array2, Axis};

use crate::cube;

criterion_group!(benches, compression);

/// Inlines in a row of chunks.
const ROW: usize = 8;

fn compression(criterion: &mut Criterion) {
    let cube::Interpreted { volume, codes } = cube::interpreted();
    let geometry = volume.geometry().clone();
    let [inlines, crosslines, _] = geometry.shape();
    let voxels = cube::inline_voxels(&geometry);
    let description = CubeDescription {
        geometry,
        plane: Plane::Inline,
        classes: Facies::class_table(),
        live_traces: LiveTraces::new(Array2::from_elem((inlines, crosslines), true)),
        provenance: Provenance::default(),
    };
    let sections: Vec<PredictedSection> = (0..=2 * ROW)
        .map(|index| {
            let codes = codes.index_axis(Axis(0), index).to_owned();
            // As confident as networks are: near 1, with digits that do not repeat.
            let confidence =
                volume.samples().index_axis(Axis(0), index).mapv(|amplitude| 1.0 / (1.0 + amplitude.abs() * 1e-5));
            PredictedSection {
                section: Section::inline(index),
                codes,
                confidence: Some(confidence),
                probability: None,
                uncertainty: Vec::new(),
            }
        })
        .collect();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Hdf5Options::default();

    let mut group = criterion.benchmark_group("compression");
    group.sample_size(10);
    // The last section makes the sink write the row before it.
    group.throughput(Throughput::Elements(2 * ROW as u64 * voxels));
    group.bench_function("hdf5 classes and confidence, voxels", |bencher| {
        let create = || {
            let path = folder.path().join("facies.h5");
            Hdf5Sink::create(&path, folder.path(), &description, &options).expect("the folder can be written to")
        };
        let write = |mut sink: Hdf5Sink| {
            for section in &sections {
                sink.write(section).expect("the folder has room");
            }
            sink
        };
        bencher.iter_batched(create, write, BatchSize::PerIteration);
    });
    group.finish();
}
