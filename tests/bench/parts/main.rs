//! How fast the parts are, each with its throughput. One file per subject.
//!
//! `cargo bench --bench parts -- [FILTER]`

mod decode;

criterion::criterion_main!(decode::benches);
