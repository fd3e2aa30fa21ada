//! How fast the parts are, each with its throughput. One file per subject.
//!
//! `cargo bench --bench parts -- [FILTER]`

mod compression;
mod cube;
mod decode;
mod patches;
mod reading;
mod statistics;
mod tiles;

criterion::criterion_main!(
    decode::benches,
    reading::benches,
    statistics::benches,
    patches::benches,
    tiles::benches,
    compression::benches
);
