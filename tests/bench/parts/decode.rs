//! Sample words of SEG-Y files into numbers.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use segy_rs::{Endian, SampleFormat};

criterion_group!(benches, decode);

/// Words of a format from a block that stays in the cache, so that the arithmetic is what is measured.
fn decode(criterion: &mut Criterion) {
    const SAMPLES: usize = 1 << 14;
    let mut group = criterion.benchmark_group("decode");
    let mut samples = vec![0.0f32; SAMPLES];
    for (name, format) in [
        ("ibm", SampleFormat::IbmFloat32),
        ("ieee", SampleFormat::Float32),
        ("int16", SampleFormat::Int16),
        ("int8", SampleFormat::Int8),
    ] {
        let values: Vec<f32> = (0..SAMPLES).map(|at| ((at * 7919 % 255) as f32) - 127.0).collect();
        let mut bytes = Vec::new();
        format.encode(&values, &mut bytes).expect("whole numbers of one byte fit every format");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| format.decode(Endian::Big, black_box(&bytes), black_box(&mut samples)));
        });
    }
    group.finish();
}
