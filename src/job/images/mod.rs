//! Use cases of folders of pictures: bottlenecks, training, classification.

mod classify;
mod features;
mod folders;
mod train;

pub use classify::{ClassifyOptions, ClassifyOutcome, classify_folder, classify_picture};
pub use features::{FeaturesOptions, FeaturesOutcome, make_bottlenecks};
pub use folders::{bottleneck_path, model_path, trained_model_path};
pub use train::{HeadTraining, ImagesTrained, Length, train_head};
