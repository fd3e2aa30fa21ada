//! Networks on libtorch: layers, architectures, pretrained weights, both forms, the learner and the model file.
//!
//! The only room that names `tch`; tensors never leave it. A network is a list of layers from which two forms are
//! computed with the same weights: the patch form classifies one window, the dense form every voxel of a section.

mod architecture;
mod array;
mod array_file;
mod batch;
mod convolution;
mod cuda_driver;
mod device;
mod dropout;
mod error;
mod extent;
mod freeze;
mod frozen;
mod host_memory;
mod layer;
mod layers;
mod learner;
mod loss;
mod memory;
mod memory_format;
mod model_file;
mod monte_carlo;
mod normalization;
mod optimizer;
mod parameters;
mod phases;
mod picture_network;
mod polyphase;
mod precision;
mod predictor;
mod prepared;
mod pretrained;
mod segmentation;
mod sequential;
mod temperature;
mod volume_convolution;
mod warm_start;
mod weights_file;

pub use architecture::{Architecture, Backbone, Dialect, Encoder, Head, Input, Pooling, Top, Unet, VGG16_CONVOLUTIONS};
pub use array::NamedArray;
pub use array_file::{read_arrays, write_arrays};
pub use batch::{Batch, Stager};
pub use device::{Device, DeviceChoice, LibraryVersions, library_release, library_versions, set_threads};
pub use dropout::{Draw, MonteCarlo};
pub use error::NetworkError;
pub use freeze::{Freeze, FrozenStatistics};
pub use frozen::FrozenLayers;
pub use layer::{Convolution, Join, Layer, Padding, Pool, PoolKind};
pub use layers::Layers;
pub use learner::{Learner, LearnerOptions, Learning, StepOutcome};
pub use loss::Loss;
pub use model_file::{Model, ModelDescription, Origin};
pub use monte_carlo::Moments;
pub use normalization::Normalization;
pub use optimizer::{GradientClip, MomentumOf, OptimizerOptions, Update};
pub use picture_network::PictureNetwork;
pub use precision::Precision;
pub use predictor::{PlacedSection, Predictor, Probabilities, Segment};
pub use pretrained::{Checksum, ImportReport, KnownWeights, Pretrained, download, known_weights};
pub use segmentation::Segmentation;
pub use volume_convolution::VolumeConvolution;
pub use warm_start::StartHead;
