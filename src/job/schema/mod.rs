//! The YAML of a job as types, one file per section. What a key means stands in its documentation, which is also what
//! the JSON schema shows in an editor.

mod amplitude;
mod augmentation;
mod by_shape;
mod classes;
mod evaluation;
mod folds;
pub mod images;
mod input;
mod job;
mod labels;
mod memory_size;
mod network;
mod output;
mod patch;
mod prediction;
mod split;
mod training;

pub(super) use by_shape::{ByShape, by_shape};
pub use job::is_plain_name;
pub(super) use job::{START_FROM, is_folder_name};

pub use amplitude::{Amplitude, Clip};
pub use augmentation::{Amount, Augmentation, BandLimit};
pub use classes::ClassEntry;
pub use evaluation::Evaluation;
pub use folds::{BlockFolds, FoldSplit, FoldUnit, StripeFolds};
pub use input::{Access, Attribute, Duplicates, Endian, Input, SegyInput, Truncated, VerticalDomain};
pub use job::Job;
pub use labels::{IxzLabels, LabelSource, PointLabels, SectionLabels};
pub use memory_size::MemorySize;
pub use network::{
    DeepFreeze, Freeze, FrozenStatistics, Malenov, Network, Padding, Pooling, PublishedNetwork, Unet, UnetEncoder,
    Vgg16, Waldeland,
};
pub use output::{Figures, Hdf5Output, Output, SegyOutput, TensorBoard};
pub use patch::{Patch, PatchPadding, PatchPlane};
pub use prediction::{
    Engine, LineRange, Lines, Precision, Prediction, PredictionOutput, PredictionPlane, Truth, Window,
};
pub use split::{BlockSplit, RandomSplit, SideLines, SideSplit, Split, StripeSplit};
pub use training::{
    Adam, Adamw, Anneal, Calibration, ClassWeights, Crops, CrossEntropy, CrossEntropyDice, Decline, DenseForm, Dice,
    EarlyStopping, FeatureCache, Focal, GradientClip, InverseTime, Keep, Loss, MomentumOf, Monitor, OneCycle,
    Optimizer, PatchForm, Phase, Plateau, Rmsprop, Schedule, Sgd, Span, StartFrom, StartHead, Training, TrainingForm,
    TrainingPrecision,
};
