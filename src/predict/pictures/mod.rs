//! Networks applied to folders of pictures: bottlenecks, and probabilities of every picture.
//!
//! [`Bottlenecks`] are what a frozen network makes of pictures before its end, kept in a file together with that network, so
//! that only ends learnt on them can be put to it. [`classify_pictures`] gives the probabilities of pictures, in their order.

mod bottleneck_file;
mod bottlenecks;
mod classify;
mod loader;

pub use bottleneck_file::{BottleneckPicture, BottleneckSet, Bottlenecks, LeftOut};
pub use bottlenecks::{BottleneckOutcome, PictureProgress, update_bottlenecks};
pub use classify::{ClassifiedPictures, classify_pictures};
