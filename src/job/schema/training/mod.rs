//! The section `training`: how a network learns.

mod class_weights;
mod early_stopping;
mod feature_cache;
mod form;
mod optimizer;
mod recipe;

pub use class_weights::ClassWeights;
pub use early_stopping::{EarlyStopping, Monitor};
pub use feature_cache::FeatureCache;
pub use form::{Crops, DenseForm, PatchForm, TrainingForm};
pub use optimizer::{Adam, Optimizer, Sgd};
pub use recipe::Training;
