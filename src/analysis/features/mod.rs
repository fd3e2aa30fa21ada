//! Numbers that describe a picture or a patch of a section, for classifiers that do not find their own.
//!
//! A *bank* is a list of named families of features; each family gives a fixed number of named values for one grey plane (a
//! patch of amplitudes, or the brightness of a picture) or for the three colours of a picture. What a plane does not have
//! (edges of a constant one, say) is 0, so that every value is finite.

mod attributes;
mod bank;
mod color;
mod cooccurrence;
mod edges;
mod gabor;
mod moments;
mod noise;
mod reduced;
mod structure;

pub use bank::{Family, FeatureBank, Subject};
