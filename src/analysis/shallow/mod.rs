//! Classifiers without deep learning, for the table that stands before any network.
//!
//! All take rows of features and give a probability per class. Trees and their ensembles, neighbours and the linear
//! support vectors are written here, since no Rust crate has them at speed; scikit-learn is what they are checked against
//! (`tests/peers/shallow_classifiers_sklearn.py`). Results depend on the rows and the seed, never on the number of threads.

mod binned;
mod boosting;
mod centroid;
mod classifier;
mod dummy;
mod error;
mod forest;
mod logistic;
mod naive_bayes;
mod neighbours;
mod stream;
mod standard;
mod support_vector;
mod table;
mod tree;

pub use classifier::{Classifier, FittedClassifier};
pub use error::ShallowError;
#[cfg(test)]
pub(super) use stream::stream;
pub use table::Table;
