//! Random changes of pictures.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Amount;
use super::super::augmentation::at_most;
use crate::dataset::pictures::PictureAugmentation;

/// Random changes of pictures, anew each time one is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `flip_horizontal`, `rotation`, `zoom` or others")]
pub struct PictureChanges {
    /// Probability of turning left and right round.
    #[garde(range(min = 0.0, max = 1.0))]
    pub flip_horizontal: f64,
    /// Probability of turning top and bottom round.
    #[garde(range(min = 0.0, max = 1.0))]
    pub flip_vertical: f64,
    /// Rotation in degrees, to either side, up to 180.
    #[garde(custom(at_most(180.0)))]
    pub rotation: Amount,
    /// Shear in degrees, to either side, up to 60.
    #[garde(custom(at_most(60.0)))]
    pub shear: Amount,
    /// Larger or smaller by this share, up to 0.9.
    #[garde(custom(at_most(0.9)))]
    pub zoom: Amount,
    /// Shift by this share of each side, up to 1.
    #[garde(custom(at_most(1.0)))]
    pub shift: Amount,
    /// A part with sides shorter by this share, anywhere in the picture, up to 0.9.
    #[garde(custom(at_most(0.9)))]
    pub crop: Amount,
    /// Brighter or darker by this share, up to 1.
    #[garde(custom(at_most(1.0)))]
    pub brightness: Amount,
    /// More or less contrast by this share, up to 1.
    #[garde(custom(at_most(1.0)))]
    pub contrast: Amount,
    /// More or less colour by this share, up to 1.
    #[garde(custom(at_most(1.0)))]
    pub saturation: Amount,
    /// Hues turned by this share of their circle, up to 0.5.
    #[garde(custom(at_most(0.5)))]
    pub hue: Amount,
}

impl Default for PictureChanges {
    fn default() -> Self {
        let none = Amount::NONE;
        Self {
            flip_horizontal: 0.0,
            flip_vertical: 0.0,
            rotation: none,
            shear: none,
            zoom: none,
            shift: none,
            crop: none,
            brightness: none,
            contrast: none,
            saturation: none,
            hue: none,
        }
    }
}

impl From<&PictureChanges> for PictureAugmentation {
    fn from(changes: &PictureChanges) -> Self {
        Self {
            flip_horizontal: changes.flip_horizontal,
            flip_vertical: changes.flip_vertical,
            rotation: changes.rotation.into(),
            shear: changes.shear.into(),
            zoom: changes.zoom.into(),
            shift: changes.shift.into(),
            crop: changes.crop.into(),
            brightness: changes.brightness.into(),
            contrast: changes.contrast.into(),
            saturation: changes.saturation.into(),
            hue: changes.hue.into(),
            ..Self::default()
        }
    }
}
