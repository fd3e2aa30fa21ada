//! Amplitude statistics with exact percentiles, of a cube in memory.

use criterion::{Criterion, Throughput, criterion_group};
use facies::volume::{AmplitudeScaling, ClipBounds, Volume, measure};

use crate::cube;

criterion_group!(benches, statistics);

fn statistics(criterion: &mut Criterion) {
    let volume = cube::interpreted().volume;
    let mut group = criterion.benchmark_group("statistics");
    group.sample_size(20);
    group.throughput(Throughput::Elements(volume.geometry().shape().iter().product::<usize>() as u64));
    group.bench_function("percentiles, voxels", |bencher| {
        bencher.iter(|| measure(&volume).expect("memory can be read"));
    });
    group.bench_function("clip bounds, voxels", |bencher| {
        bencher.iter(|| AmplitudeScaling::fit(&volume, ClipBounds::Percentile(99.0)).expect("the cube holds signal"));
    });
    group.finish();
}
