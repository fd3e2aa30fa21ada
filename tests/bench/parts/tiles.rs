//! A section through the dense engine, and the network's part in it alone: what is between them is padding, placing and
//! stitching the tiles together. One thread.

use criterion::{Criterion, Throughput, criterion_group};
use facies::dataset::Padding;
use facies::grid::{ClassTable, Domain, Plane, Section};
use facies::network::{self, Architecture, Device, Model, ModelDescription, set_threads};
use facies::predict::{Engine, Outputs, PredictOptions, SectionWindow, interpret_section};
use facies::volume::{AmplitudeScaling, SectionChannels};
use ndarray::{Array1, Array2, Array3};

criterion_group!(benches, tiles);

/// Side of the section and of its tiles: four whole tiles.
const SECTION: usize = 256;
const TILE: usize = 128;

fn model() -> Model {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let description = ModelDescription {
        version: ModelDescription::VERSION,
        architecture: Architecture::Waldeland { padding: network::Padding::Valid },
        patch: 65,
        planes: vec![Plane::Inline],
        classes: ClassTable::from_names(names).expect("the names differ"),
        amplitude: AmplitudeScaling::new(-1.0, 1.0).expect("the bounds are in order"),
        further_channels: Vec::new(),
        domain: Domain::Time,
        sample_step: 4.0,
        pretrained: None,
        seed: 5,
        temperature: None,
    };
    Model::new(description, None).expect("the description is sound")
}

fn tiles(criterion: &mut Criterion) {
    set_threads(1);
    let predictor = model().predictor(Device::cpu()).expect("there is a CPU");
    let field = predictor.receptive_field().expect("the network has valid padding");
    let section = Array2::from_shape_fn([SECTION; 2], |(trace, sample)| ((trace * 31 + sample * 17) as f32).sin());
    let section = SectionChannels::from(section);
    let side = SECTION + field - 1;
    let padded = Array3::from_shape_fn((1, side, side), |(_, row, column)| ((row + 5 * column) as f32).sin());
    let live = Array1::from_elem(SECTION, true);
    let options = PredictOptions {
        engine: Engine::Dense { tile: TILE },
        padding: Padding::Zero,
        sections: Vec::new(),
        window: SectionWindow::whole([SECTION; 2]),
        outputs: Outputs { probability: true, confidence: true, ..Outputs::default() },
        both_planes: false,
        monte_carlo: None,
    };

    let mut group = criterion.benchmark_group("tiles");
    group.sample_size(10);
    group.throughput(Throughput::Elements((SECTION * SECTION) as u64));
    group.bench_function("whole section, voxels", |bencher| {
        bencher.iter(|| {
            interpret_section(&predictor, &options, Section::inline(0), &section, live.view())
                .expect("the section fits in memory")
        });
    });
    let placed = predictor.place(padded.view()).expect("the section fits in memory");
    let corners = [[0, 0], [TILE, 0], [0, TILE], [TILE, TILE]];
    group.bench_function("network alone, voxels", |bencher| {
        bencher.iter(|| {
            for corner in corners {
                placed.tiles(&[corner], [TILE; 2]).expect("the tiles lie in the section");
            }
        });
    });
    group.finish();
}
