//! Which layers keep their weights while the others learn.

use super::architecture::VGG16_CONVOLUTIONS;
use super::parameters::Parameters;
use super::{Layer, NetworkError};

/// How far a network is frozen, counted from its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// The first N convolutions and all between them.
    Convolutions(usize),
    /// The first N layers as Keras counts them: convolutions, pools and dense layers; activations count with theirs.
    Layers(usize),
    /// Everything up to the named convolution, by its published name (`conv3_1`) or its parameters' (`features.10`).
    Through(String),
}

impl Freeze {
    /// Marks the frozen parameters.
    pub(super) fn apply(&self, layers: &[Layer], parameters: &mut Parameters) -> Result<(), NetworkError> {
        let end = self.frozen_layers(layers)?;
        for layer in &layers[..end] {
            if let Layer::Convolution { name, .. } | Layer::Linear { name, .. } | Layer::BatchNorm { name, .. } = layer
            {
                let prefix = format!("{name}.");
                for (_, parameter) in parameters.0.iter_mut().filter(|(name, _)| name.starts_with(&prefix)) {
                    parameter.trainable = false;
                }
            }
        }
        Ok(())
    }

    /// How many of `layers` are frozen, from the first on.
    ///
    /// # Errors
    /// When there are fewer layers than asked for, or none of the name.
    pub fn frozen_layers(&self, layers: &[Layer]) -> Result<usize, NetworkError> {
        let nth = |count: usize, counts: fn(&Layer) -> bool, what: &str| {
            let places: Vec<usize> = (0..layers.len()).filter(|&place| counts(&layers[place])).collect();
            match count.checked_sub(1) {
                None => Ok(0),
                Some(last) => places.get(last).map(|place| place + 1).ok_or_else(|| NetworkError::Freeze {
                    wanted: format!("{count} {what}"),
                    available: format!("{} {what}", places.len()),
                }),
            }
        };
        match self {
            Self::Convolutions(count) => {
                nth(*count, |layer| matches!(layer, Layer::Convolution { .. }), "convolutions")
            }
            Self::Layers(count) => nth(
                *count,
                |layer| matches!(layer, Layer::Convolution { .. } | Layer::MaxPool | Layer::Linear { .. }),
                "layers",
            ),
            Self::Through(wanted) => {
                let published = VGG16_CONVOLUTIONS.iter().find(|(name, ..)| name == wanted);
                let wanted_parameter = published.map_or(wanted.clone(), |(_, index, _)| format!("features.{index}"));
                let found = layers.iter().position(|layer| match layer {
                    Layer::Convolution { name, .. } | Layer::Linear { name, .. } => *name == wanted_parameter,
                    _ => false,
                });
                found.map(|place| place + 1).ok_or_else(|| NetworkError::Freeze {
                    wanted: format!("through `{wanted}`"),
                    available: format!("the layers {}", layer_names(layers).join(", ")),
                })
            }
        }
    }
}

fn layer_names(layers: &[Layer]) -> Vec<&str> {
    fn name(layer: &Layer) -> Option<&str> {
        match layer {
            Layer::Convolution { name, .. } | Layer::Linear { name, .. } => Some(name),
            _ => None,
        }
    }
    layers.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Head, Padding};
    use super::*;

    #[test]
    fn seven_keras_layers_are_five_convolutions() {
        let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        let layers = Architecture::Vgg16 { cut: None, padding: Padding::Same, head }.layers(65, 9).unwrap().layers;
        let end = |freeze: Freeze| freeze.frozen_layers(&layers).unwrap();
        let five = end(Freeze::Convolutions(5));
        assert_eq!(end(Freeze::Layers(7)), five);
        assert_eq!(end(Freeze::Through("conv3_1".into())), five);
        assert_eq!(end(Freeze::Through("features.10".into())), five);
        assert_eq!(end(Freeze::Convolutions(0)), 0);
        assert!(Freeze::Convolutions(14).frozen_layers(&layers).is_err());
        assert!(Freeze::Through("conv9_9".into()).frozen_layers(&layers).is_err());
    }
}
