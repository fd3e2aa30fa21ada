//! Use cases of folders of pictures: bottlenecks, training, classification.

mod classify;
mod explain;
mod explain_pictures;
mod features;
mod folders;
mod gallery;
mod train;

pub use classify::{ClassifyOptions, ClassifyOutcome, classify_folder, classify_picture};
pub use explain_pictures::{ExplainPicturesOptions, explain_pictures};
pub use features::{FeaturesOptions, FeaturesOutcome, make_bottlenecks};
pub use folders::{bottleneck_path, model_path, trained_model_path};
pub use train::{HeadTraining, ImagesTrained, Length, train_head};
