//! Use cases of folders of pictures: bottlenecks, training, classification, and the table without deep learning.
//!
//! `features` keeps what a frozen network makes of the pictures. `train` learns an end from that (`learning`, one `course` each)
//! and, where asked for, more of the network on the pictures themselves; `scoring` tells what came of it, `seeing` shows it. A `study`
//! is all of that as a job in YAML, with a report. `classify` and `explain` use the model.

mod baseline;
mod classify;
mod course;
mod described;
mod explain;
mod explain_pictures;
mod features;
mod folders;
mod folds;
mod frozen_network;
mod gallery;
mod learning;
mod load;
mod page;
mod recipe;
mod resolve;
mod scoring;
mod seeing;
mod study;
mod train;

pub use baseline::{BaselineSource, HoldOut, PictureBaseline, PictureBaselineOutcome, picture_baseline};
pub use classify::{ClassifyOptions, ClassifyOutcome, classify_folder, classify_picture};
pub use explain_pictures::{ExplainPicturesOptions, explain_pictures};
pub use features::{FeaturesOptions, FeaturesOutcome, make_bottlenecks};
pub use folders::{bottleneck_path, model_name, model_path, trained_model_path};
pub use frozen_network::FrozenNetwork;
pub use load::LoadedImages;
pub use recipe::{Course, FineTuning, Length, PictureTraining, TunedLayers};
pub(super) use resolve::{network_title, parameters, take_fold};
pub(super) use study::{carry_out_images, folds_of_pictures};
pub use train::{ImageTraining, ImagesTrained, train_images};
