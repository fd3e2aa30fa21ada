//! Use cases of folders of pictures: bottlenecks, training, classification, and the table without deep learning.

mod baseline;
mod classify;
mod described;
mod features;
mod folders;
mod train;

pub use baseline::{BaselineSource, HoldOut, PictureBaseline, PictureBaselineOutcome, picture_baseline};
pub use classify::{ClassifyOptions, ClassifyOutcome, classify_folder, classify_picture};
pub use features::{FeaturesOptions, FeaturesOutcome, make_bottlenecks};
pub use folders::{bottleneck_path, model_path, trained_model_path};
pub use train::{HeadTraining, ImagesTrained, Length, train_head};
