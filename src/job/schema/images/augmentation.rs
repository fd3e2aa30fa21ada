//! Random changes of pictures.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Amount;
use super::super::augmentation::at_most;
use super::{Beyond, Shift};
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
    /// Shift by this share of each side, up to 1, or of width and height: `[across, down]`.
    #[garde(custom(at_most_both(1.0)))]
    pub shift: Shift,
    /// A part with sides shorter by this share, anywhere in the picture, up to 0.9.
    #[garde(custom(at_most(0.9)))]
    pub crop: Amount,
    /// What is seen where the picture ends: mirrored (`reflect`), its last pixels repeated (`edge`), or `black`.
    #[garde(skip)]
    pub beyond: Beyond,
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
            shift: Shift::NONE,
            crop: none,
            beyond: Beyond::Reflect,
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
            shift: [changes.shift.across.into(), changes.shift.down.into()],
            crop: changes.crop.into(),
            padding: changes.beyond.into(),
            brightness: changes.brightness.into(),
            contrast: changes.contrast.into(),
            saturation: changes.saturation.into(),
            hue: changes.hue.into(),
        }
    }
}

fn at_most_both(most: f64) -> impl FnOnce(&Shift, &()) -> garde::Result {
    move |shift, context| {
        at_most(most)(&shift.across, context)?;
        at_most(most)(&shift.down, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Amount, Padding};

    fn options(yaml: &str) -> Result<PictureAugmentation, String> {
        let changes: PictureChanges = serde_saphyr::from_str_valid(yaml).map_err(|error| error.to_string())?;
        let written = serde_json::to_value(&changes).unwrap();
        assert_eq!(serde_json::from_value::<PictureChanges>(written).unwrap(), changes);
        Ok((&changes).into())
    }

    #[test]
    fn each_key_sets_its_own_option_and_nothing_else() {
        let none = PictureAugmentation::default;
        let sometimes = Amount { up_to: 0.2, probability: 0.5 };
        for (yaml, expected) in [
            ("{}", none()),
            ("{flip_horizontal: 0.5}", PictureAugmentation { flip_horizontal: 0.5, ..none() }),
            ("{flip_vertical: 0.5}", PictureAugmentation { flip_vertical: 0.5, ..none() }),
            ("{rotation: 10}", PictureAugmentation { rotation: 10.0.into(), ..none() }),
            ("{shear: 10}", PictureAugmentation { shear: 10.0.into(), ..none() }),
            ("{zoom: {up_to: 0.2, probability: 0.5}}", PictureAugmentation { zoom: sometimes, ..none() }),
            ("{shift: 0.2}", PictureAugmentation { shift: [0.2.into(); 2], ..none() }),
            ("{shift: {up_to: 0.2, probability: 0.5}}", PictureAugmentation { shift: [sometimes; 2], ..none() }),
            (
                "{shift: [0.4, {up_to: 0.2, probability: 0.5}]}",
                PictureAugmentation { shift: [0.4.into(), sometimes], ..none() },
            ),
            ("{crop: 0.2}", PictureAugmentation { crop: 0.2.into(), ..none() }),
            ("{beyond: black}", PictureAugmentation { padding: Padding::Zero, ..none() }),
            ("{beyond: edge}", PictureAugmentation { padding: Padding::Edge, ..none() }),
            ("{beyond: reflect}", PictureAugmentation { padding: Padding::Reflect, ..none() }),
            ("{brightness: 0.2}", PictureAugmentation { brightness: 0.2.into(), ..none() }),
            ("{contrast: 0.2}", PictureAugmentation { contrast: 0.2.into(), ..none() }),
            ("{saturation: 0.2}", PictureAugmentation { saturation: 0.2.into(), ..none() }),
            ("{hue: 0.2}", PictureAugmentation { hue: 0.2.into(), ..none() }),
        ] {
            assert_eq!(options(yaml), Ok(expected), "{yaml}");
        }
    }

    #[test]
    fn shifts_and_what_lies_beyond_are_checked() {
        for (yaml, words) in [
            ("{shift: 1.5}", "goes from 0 to 1"),
            ("{shift: [0.4, 1.5]}", "goes from 0 to 1"),
            ("{shift: [0.4]}", "`[across, down]`"),
            ("{shift: [0.4, 0.5, 0.6]}", "`[across, down]`"),
            ("{shift: far}", "`[across, down]`"),
            ("{beyond: white}", "one of reflect, edge, black"),
        ] {
            let refused = options(yaml).unwrap_err();
            assert!(refused.contains(words), "{yaml}: {refused}");
        }
    }
}
