//! Training batches cut out of labelled sections.

use criterion::{Criterion, Throughput, criterion_group};
use facies::dataset::{
    Augmentation, BandLimit, CropOptions, CropSampler, Padding, PatchOptions, PatchSampler, SeismicDataset, Split,
};
use facies::grid::{Plane, Section};
use facies::labels::Labels;
use facies::volume::synthetic::Facies;
use facies::volume::{AmplitudeScaling, ClipBounds, SectionReader, Volume};
use ndarray::Axis;

use crate::cube;

criterion_group!(benches, patches);

fn dataset() -> SeismicDataset {
    let cube::Interpreted { volume, codes } = cube::interpreted();
    let (scaling, _) = AmplitudeScaling::fit(&volume, ClipBounds::Percentile(99.0)).expect("the cube holds signal");
    let mut labels = Labels::new(volume.geometry().clone());
    for index in [6, 12, 18] {
        let codes = codes.index_axis(Axis(0), index);
        labels.add_section(Section::inline(index), codes).expect("the codes have the shape of the section");
    }
    let reader = SectionReader::new(&volume, scaling);
    SeismicDataset::build(&reader, &labels, &Facies::class_table(), &[Plane::Inline], &Split::None)
        .expect("every class of the synthetic earth is labelled")
}

/// Every change that there is, at every example.
fn everything() -> Augmentation {
    Augmentation {
        mirror: 0.5,
        stretch: 0.2.into(),
        rotation: 10.0.into(),
        tilt: 15.0.into(),
        amplitude_scale: [0.8, 1.25],
        polarity: 0.1,
        band_limit: BandLimit { low: [0.01, 0.1], high: [0.4, 0.9], probability: 1.0 },
        noise: 0.1.into(),
    }
}

fn patches(criterion: &mut Criterion) {
    let dataset = dataset();
    let mirrored = Augmentation { mirror: 0.5, ..Augmentation::default() };
    let mut group = criterion.benchmark_group("gather");
    let mut step = 0;
    for (change, augmentation) in [("mirrored", mirrored), ("changed in every way", everything())] {
        let (size, batch) = (65, 256);
        let options = PatchOptions {
            size,
            batch,
            padding: Padding::Zero,
            balanced: true,
            augmentation: augmentation.clone(),
            seed: 1,
        };
        let sampler = PatchSampler::new(&dataset, options).expect("the options have a meaning");
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(format!("65 x 65, patches, {change}"), |bencher| {
            bencher.iter(|| {
                step += 1;
                sampler.batch(step)
            });
        });

        let options = CropOptions {
            crop: 48,
            receptive_field: 60,
            crops_per_step: 6,
            labelled_at_least: 0.2,
            augmentation,
            seed: 1,
        };
        group.throughput(Throughput::Elements(options.crops_per_step as u64));
        let sampler = CropSampler::new(&dataset, options).expect("the options have a meaning");
        group.bench_function(format!("48 x 48 with field 60, crops, {change}"), |bencher| {
            bencher.iter(|| {
                step += 1;
                sampler.batch(step)
            });
        });
    }
    group.finish();
}
