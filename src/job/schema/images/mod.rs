//! A job of pictures: the YAML with `input: { images: ... }`, one file per section.

mod augmentation;
mod input;
mod job;
mod network;
mod shift;
mod split;
mod training;

pub use augmentation::PictureChanges;
pub use input::{Images, ImagesInput};
pub use job::{ImagesJob, ImagesOutput};
pub use network::PictureNetwork;
pub use shift::{Beyond, Shift};
pub use split::{PictureFolds, PictureShares, PictureSplit, SplitBy};
pub use training::{Course, PictureTraining, TunedLayers};
