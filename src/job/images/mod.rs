//! Use cases of folders of pictures: bottlenecks, training, classification.

mod classify;
mod features;
mod folders;

pub use classify::{ClassifyOptions, ClassifyOutcome, classify_folder, classify_picture};
pub use features::{FeaturesOptions, FeaturesOutcome, make_bottlenecks};
pub use folders::{bottleneck_path, model_path};
