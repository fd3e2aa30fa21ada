//! What an explanation is called in figures and files, of voxels and of pictures alike.

use crate::network::Explanation;

/// The lines above a map of what speaks for a class. The number stands first, since a long name may be cut off.
pub(super) fn captions(explanation: &Explanation, class: &str) -> [String; 2] {
    let share = explanation.probabilities.get(explanation.class).copied().unwrap_or_default();
    let layer = &explanation.layer;
    let speaks = explanation.heat.iter().any(|&heat| heat > 0.0);
    let drawn =
        if speaks { format!("Grad-CAM, layer {layer}") } else { format!("nothing in layer {layer} speaks for it") };
    [format!("{share:.3} for {class}"), drawn]
}

/// What was asked for as the end of a file's name, so that another question leaves another figure; empty where nothing was.
pub(super) fn asked(class: Option<&str>, layer: Option<&str>) -> String {
    let asked = [class, layer].into_iter().flatten();
    asked.map(|asked| format!("-{}", asked.replace(['/', '\\'], "-"))).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_map_without_heat_is_said_to_tell_nothing() {
        let of = |heat: f32| {
            let explanation = Explanation {
                layer: "conv4".into(),
                class: 1,
                probabilities: vec![0.25, 0.75],
                scores: vec![0.0, 1.1],
                map: Array2::from_elem((1, 1), heat),
                heat: Array2::from_elem((2, 2), heat),
            };
            captions(&explanation, "salt")
        };
        assert_eq!(of(0.5), ["0.750 for salt", "Grad-CAM, layer conv4"]);
        assert_eq!(of(0.0)[1], "nothing in layer conv4 speaks for it");
    }

    #[test]
    fn names_lead_into_no_folder() {
        assert_eq!(asked(None, None), "");
        assert_eq!(asked(Some("salt/dome"), Some("layer4.0\\conv1")), "-salt-dome-layer4.0-conv1");
    }
}
