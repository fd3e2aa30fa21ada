//! Synthetic seismic with known facies, for demonstrations and tests: a seed decides about layers, dip, folds, faults,
//! channels and salt; reflections of that earth, filtered by a Ricker wavelet and buried in coloured noise, make the cube.

mod beds;
mod channel;
mod cube;
mod earth;
mod error;
mod facies;
mod files;
mod noise;
mod options;
mod package;
mod random;
mod salt;
mod structure;
mod wavelet;

pub use cube::{SyntheticCube, SyntheticSection};
pub use error::SyntheticError;
pub use facies::Facies;
pub use files::{SyntheticFiles, write};
pub use options::SyntheticOptions;
