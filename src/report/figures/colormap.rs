//! Colours for numbers.

/// How amplitudes are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmplitudeColors {
    /// White for the lowest, black for the highest.
    #[default]
    Grey,
    /// Red for the lowest, white for zero, blue for the highest.
    RedWhiteBlue,
}

impl AmplitudeColors {
    /// The colour of an amplitude from -1 to 1; values beyond take the end's colour.
    pub(super) fn color(self, amplitude: f32) -> [u8; 3] {
        let stops: &[[u8; 3]] = match self {
            Self::Grey => &[[255, 255, 255], [0, 0, 0]],
            Self::RedWhiteBlue => &[[165, 15, 36], [240, 110, 85], [247, 247, 247], [90, 155, 207], [18, 78, 150]],
        };
        between(stops, (amplitude + 1.0) / 2.0)
    }
}

/// Colours of one range; the middle is one of them.
const STEPS: f32 = 64.0;

/// Viridis (van der Walt and Smith, 2015), every sixteenth of its range: even steps look even, also in grey.
const VIRIDIS: [[u8; 3]; 17] = [
    [68, 1, 84],
    [72, 24, 106],
    [71, 45, 123],
    [66, 64, 134],
    [59, 82, 139],
    [51, 99, 141],
    [44, 114, 142],
    [38, 130, 142],
    [33, 145, 140],
    [31, 160, 136],
    [40, 174, 128],
    [63, 188, 115],
    [94, 201, 98],
    [132, 212, 75],
    [173, 220, 48],
    [216, 226, 25],
    [253, 231, 37],
];

/// The colour of a share from 0 to 1.
pub(super) fn share_color(share: f32) -> [u8; 3] {
    between(&VIRIDIS, share)
}

/// White for 0 to deep blue for 1; for the cells of a table.
pub(super) fn shade(share: f32) -> [u8; 3] {
    between(&[[255, 255, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]], share)
}

/// `front` over `back`, covering it to `cover` (0 to 1).
pub(super) fn over(front: [u8; 3], back: [u8; 3], cover: f32) -> [u8; 3] {
    [0, 1, 2].map(|k| (f32::from(front[k]) * cover + f32::from(back[k]) * (1.0 - cover)).round() as u8)
}

/// Perceived lightness of a colour, 0 to 1.
pub(super) fn lightness([red, green, blue]: [u8; 3]) -> f32 {
    (0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)) / 255.0
}

fn between(stops: &[[u8; 3]], share: f32) -> [u8; 3] {
    let last = stops.len() - 1;
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    // Steps that no eye tells apart keep files small.
    let place = (share * STEPS).round() / STEPS * last as f32;
    let lower = (place as usize).min(last - 1);
    over(stops[lower + 1], stops[lower], place - lower as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_middle_and_values_beyond_have_their_colours() {
        assert_eq!(AmplitudeColors::Grey.color(-1.0), [255; 3]);
        assert_eq!(AmplitudeColors::Grey.color(7.0), [0; 3]);
        assert_eq!(AmplitudeColors::Grey.color(0.0), [128; 3]);
        assert_eq!(AmplitudeColors::RedWhiteBlue.color(0.0), [247; 3]);
        let [low, high] = [-1.0, 1.0].map(|end| AmplitudeColors::RedWhiteBlue.color(end));
        assert!(low[0] > low[2] && high[2] > high[0]);
        assert_eq!(share_color(f32::NAN), VIRIDIS[0]);
        assert_eq!(share_color(1.0), VIRIDIS[16]);
    }

    #[test]
    fn lightness_of_confidence_only_rises() {
        let steps: Vec<f32> = (0..=100).map(|percent| lightness(share_color(percent as f32 / 100.0))).collect();
        assert!(steps.is_sorted());
    }
}
