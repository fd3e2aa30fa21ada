//! Interpreting sections with a trained model and handing them on.

mod sink;

pub use sink::{PredictedSection, SectionSink, SinkError};
