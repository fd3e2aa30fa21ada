//! Pictures in folders, one folder for each class: what is there, what it looks like, which set it belongs to, and batches
//! of it for a network.
//!
//! [`PictureFolder`] lists a root folder, [`read_picture`] decodes one file, [`divide`] and [`write_split`] make sets for
//! training, validation and test. [`load_pictures`] gives pictures as they are, [`PictureSampler`] draws the batches of
//! training, changed by a [`PictureAugmentation`]; both as `[picture, color, row, column]` of 0 to 1. A file that cannot be
//! read is an [`UnreadablePicture`], which is listed and stops nothing.

mod augmentation;
mod color_jitter;
mod deal;
mod error;
mod features;
mod fingerprint;
mod folder;
mod geometry;
mod jpeg;
mod load;
mod picture;
mod resize;
mod sampler;
mod split;
mod split_folders;
mod synthetic;

pub use augmentation::PictureAugmentation;
pub use error::{PictureFault, PictureFolderError, Shown, UnreadablePicture};
pub use features::{FeatureSampler, FeatureTable};
pub use fingerprint::{Fingerprint, Look, content_hash, groups};
pub use folder::{EXTENSIONS, PictureFile, PictureFolder, find_pictures, is_picture_name};
pub use load::{LoadedPictures, PictureShape, load_pictures};
pub use picture::{MOST_BYTES, MOST_PIXELS, Picture, Remark, decode_picture, read_bytes, read_picture};
pub use resize::{Fit, MOST_SIDE};
pub use sampler::{PictureBatch, PictureSampler, PictureSamplerOptions};
pub use split::{PictureDivision, PictureSet, PictureSplit, SplitBy, divide, divide_known};
pub use split_folders::{Transfer, WrittenSet, write_split};
pub use synthetic::{SYNTHETIC_CLASSES, SyntheticPictures, write_synthetic};
