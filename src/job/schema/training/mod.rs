//! The section `training`: how a network learns.

mod calibration;
mod class_weights;
mod early_stopping;
mod feature_cache;
mod form;
mod gradient_clip;
mod loss;
mod optimizer;
mod phase;
mod precision;
mod recipe;
mod schedule;
mod start_from;

pub use calibration::Calibration;
pub use class_weights::ClassWeights;
pub use early_stopping::{EarlyStopping, Keep, Monitor};
pub use feature_cache::FeatureCache;
pub use form::{Crops, DenseForm, PatchForm, TrainingForm};
pub use gradient_clip::GradientClip;
pub use loss::{CrossEntropy, CrossEntropyDice, Dice, Focal, Loss};
pub use optimizer::{Adam, Adamw, MomentumOf, Optimizer, Rmsprop, Sgd};
pub use phase::Phase;
pub use precision::TrainingPrecision;
pub use recipe::Training;
pub use schedule::{Anneal, Decline, InverseTime, OneCycle, Plateau, Schedule, Span};
pub use start_from::{StartFrom, StartHead};
