//! Opening a SEG-Y file, and sections and slices out of it, with all threads and the file in the page cache.

use criterion::{Criterion, Throughput, criterion_group};
use facies::grid::{Plane, Section};
use facies::volume::{SegyVolume, SegyVolumeOptions, Volume};
use ndarray::Array2;
use segy_rs::{OpenOptions, SegyFile};

use crate::cube;

criterion_group!(benches, reading);

fn reading(criterion: &mut Criterion) {
    let (_folder, path) = cube::file();
    let volume = SegyVolume::open(&path, &SegyVolumeOptions::default()).expect("the file was just written");
    let [inlines, crosslines, _] = volume.geometry().shape();
    let mut group = criterion.benchmark_group("reading");

    group.throughput(Throughput::Elements((inlines * crosslines) as u64));
    group.bench_function("header scan, traces", |bencher| {
        bencher.iter(|| SegyFile::open(&path, &OpenOptions::default()).expect("it opened before"));
    });

    let bytes = |values: &Array2<f32>| Throughput::Bytes((values.len() * size_of::<f32>()) as u64);
    for plane in [Plane::Inline, Plane::Crossline] {
        let mut values = Array2::zeros(volume.geometry().section_shape(plane));
        let count = volume.geometry().section_axis(plane).count;
        let mut line = 0;
        group.throughput(bytes(&values));
        group.bench_function(plane.name(), |bencher| {
            bencher.iter(|| {
                line = (line + 37) % count;
                volume.read_section(Section { plane, index: line }, values.view_mut()).expect("the line is there");
            });
        });
    }

    let mut values = Array2::zeros((inlines, crosslines));
    let mut sample = 0;
    group.throughput(bytes(&values));
    group.bench_function("time slice", |bencher| {
        bencher.iter(|| {
            sample = (sample + 37) % volume.geometry().vertical.count;
            volume.read_time_slice(sample, values.view_mut()).expect("the sample is there");
        });
    });
    group.finish();
}
