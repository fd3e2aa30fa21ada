//! Changes of a patch or crop that leave its class as it is: what may be drawn ([`Augmentation`]), and what was drawn for
//! one example and is done to it (`Change`).
//!
//! Mirror, stretch, tilt and rotation are one affine map from the image to the section, which is read there once, by
//! bilinear interpolation: no border is seen that the section does not have. Classes go the same way, to the nearest
//! voxel. Then the amplitudes are scaled or reversed, limited to a band, and noise is added.

mod amount;
mod band_limit;
mod change;
mod frame;
mod noise;
mod options;

pub(super) use amount::check_probability;
pub(super) use change::Change;

pub use amount::Amount;
pub use band_limit::BandLimit;
pub use options::Augmentation;
