//! From labelled sections and folders of pictures to batches: splits, leak count, samplers, balance, augmentation.
//!
//! [`SeismicDataset`] holds the labelled sections of a job, scaled, each voxel with its [`Subset`]. [`PatchSampler`]
//! and [`CropSampler`] draw the training batches of the two training forms, [`PatchWalk`] goes once through a subset
//! for evaluation. Batches are image-like, `[item, sample, trace]`, and a function of (seed, step) alone, so that a
//! resumed run and any number of threads see the same ones. [`pictures`] does the same for folders of pictures.

mod augmentation;
mod block_folds;
mod blocks;
mod box_count;
mod class_weights;
mod crop_images;
mod crops;
mod endless;
mod error;
mod generator;
mod patches;
mod permutation;
pub mod pictures;
mod seismic;
mod sides;
mod split;
mod stripe_folds;
mod test_line;
mod window;

pub use augmentation::{Amount, Augmentation, BandLimit};
pub use block_folds::BlockFolds;
pub use blocks::BlockSplit;
pub use class_weights::{ClassWeights, class_weights};
pub use crop_images::{CropImage, CropPlace, PlacedCrops};
pub use crops::{CropBatch, CropOptions, CropSampler};
pub use error::DatasetError;
pub use patches::{PatchBatch, PatchOptions, PatchSampler, PatchWalk, PlacedPatches};
pub use seismic::{LabelledSection, SeismicDataset};
pub use sides::SideSplit;
pub use split::{RandomSplit, Split, StripeSplit, Subset};
pub use stripe_folds::StripeFolds;
pub use window::{Padding, Window};
