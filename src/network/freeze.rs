//! Which layers keep their weights while the others learn.

use super::architecture::vgg_parameter;
use super::layers::body_end;
use super::parameters::Parameters;
use super::{Layer, NetworkError};

/// How far a network is frozen, counted from its input; of a U-Net, its encoder. Where branches run side by side, layers are counted in the order in
/// which Keras lists them: by their distance from the place where the branches meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// The first N convolutions and all between them.
    Convolutions(usize),
    /// The first N layers as Keras lists them, without its input and padding layers: convolutions, batch normalisations, pools,
    /// sums; activations where they do not belong to a convolution. `layers[:45]` of a ResNet50 is `Layers(44)`.
    Layers(usize),
    /// All that is not head, except for its last N layers, counted likewise: `layers[:-4]`.
    AllButLast(usize),
    /// Everything up to the named layer, by its published name (`conv3_1`) or its parameters' (`features.10`), or up to the last
    /// of a stage (`layer2`).
    Through(String),
}

/// What frozen batch normalisation takes for mean and deviation while the rest learns. A finished network always takes the
/// running ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrozenStatistics {
    /// Its own running ones, which stay as they are.
    #[default]
    Running,
    /// Those of the batch, while the running ones stay as they are: a finished network then sees something else than what it
    /// learnt on. So did Keras 2.2, with which the first published transfers were made.
    Batch,
}

impl Freeze {
    /// Marks the frozen parameters.
    pub(super) fn apply(&self, layers: &[Layer], parameters: &mut Parameters) -> Result<(), NetworkError> {
        for name in self.frozen(layers)? {
            let prefix = format!("{name}.");
            for (_, parameter) in parameters.0.iter_mut().filter(|(name, _)| name.starts_with(&prefix)) {
                parameter.trainable = false;
            }
        }
        Ok(())
    }

    /// Looks whether the network has as much as shall be frozen.
    ///
    /// # Errors
    /// When there are fewer layers than asked for, or none of the name.
    pub fn check(&self, layers: &[Layer]) -> Result<(), NetworkError> {
        self.frozen(layers).map(drop)
    }

    /// Names of the frozen layers.
    fn frozen<'a>(&self, layers: &'a [Layer]) -> Result<Vec<&'a str>, NetworkError> {
        let refused = |wanted: String, available: String| NetworkError::Freeze { wanted, available };
        let mut listed = match self {
            Self::AllButLast(_) => keras_layers(&layers[..body_end(layers)]),
            _ => keras_layers(layers),
        };
        listed.truncate(encoder_end(&listed));
        let frozen: Vec<&Layer> = match self {
            Self::Convolutions(count) => {
                let all: Vec<_> = listed.into_iter().flatten().collect();
                let is_convolution = |place: &usize| matches!(all[*place], Layer::Convolution(_));
                let places: Vec<_> = (0..all.len()).filter(is_convolution).collect();
                let end = match count.checked_sub(1).map(|last| places.get(last)) {
                    None => 0,
                    Some(Some(last)) => last + 1,
                    Some(None) => {
                        return Err(refused(format!("{count} convolutions"), format!("{} convolutions", places.len())));
                    }
                };
                all.into_iter().take(end).collect()
            }
            Self::Layers(count) if *count > listed.len() => {
                return Err(refused(format!("{count} layers"), format!("{} layers", listed.len())));
            }
            Self::AllButLast(count) if *count > listed.len() => {
                let wanted = format!("all but the last {count} layers before the head");
                return Err(refused(wanted, format!("{} of them", listed.len())));
            }
            Self::Layers(count) => listed.into_iter().take(*count).flatten().collect(),
            Self::AllButLast(count) => {
                let kept = listed.len() - count;
                listed.into_iter().take(kept).flatten().collect()
            }
            Self::Through(wanted) => {
                let all: Vec<_> = listed.into_iter().flatten().collect();
                let parameter = vgg_parameter(layers, wanted).unwrap_or_else(|| wanted.clone());
                let stage = format!("{parameter}.");
                let is_wanted =
                    |layer: &&Layer| layer.name().is_some_and(|name| *name == parameter || name.starts_with(&stage));
                let Some(last) = all.iter().rposition(is_wanted) else {
                    let published: Vec<String> = (1..=5)
                        .flat_map(|block| (1..=4).map(move |number| format!("conv{block}_{number}")))
                        .filter(|name| vgg_parameter(layers, name).is_some())
                        .collect();
                    let names: Vec<_> = match published.is_empty() {
                        true => all.iter().filter_map(|layer| layer.name()).collect(),
                        false => published.iter().map(String::as_str).collect(),
                    };
                    return Err(refused(format!("through `{wanted}`"), format!("the layers {}", shortened(&names))));
                };
                all.into_iter().take(last + 1).collect()
            }
        };
        Ok(frozen.into_iter().filter_map(Layer::name).collect())
    }
}

/// Where the way back up of a U-Net begins, which is its head; the end of other networks.
fn encoder_end(listed: &[Vec<&Layer>]) -> usize {
    let begins = |wanted: fn(&Layer) -> bool| {
        listed.iter().position(|entry| entry.iter().any(|layer| wanted(layer))).unwrap_or(listed.len())
    };
    let upwards = begins(|layer| matches!(layer, Layer::Upsample));
    // Values of its coarsest map may be dropped before.
    if upwards < listed.len() { upwards.min(begins(|layer| matches!(layer, Layer::Dropout(_)))) } else { upwards }
}

/// What Keras counts as one layer each, in its order.
fn keras_layers(layers: &[Layer]) -> Vec<Vec<&Layer>> {
    let mut listed: Vec<Vec<&Layer>> = Vec::new();
    let mut begun = Vec::new();
    for (place, layer) in layers.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| &layers[before]);
        let has_weights = |layer: &&Layer| matches!(layer, Layer::Convolution(_) | Layer::Linear { .. });
        match layer {
            Layer::Branches { branches, .. } => {
                let branches: Vec<_> = branches.iter().map(|branch| keras_layers(branch)).collect();
                let longest = branches.iter().map(Vec::len).max().unwrap_or(0);
                for distance in (1..=longest).rev() {
                    let at = |branch: &Vec<Vec<_>>| Some(branch[branch.len().checked_sub(distance)?].clone());
                    listed.extend(branches.iter().filter_map(at));
                }
                // The place where they meet.
                listed.push(Vec::new());
            }
            // A separable convolution is one layer.
            Layer::Convolution(convolution) if convolution.name.ends_with(".depthwise") => begun.push(layer),
            // Activations that belong to a convolution.
            Layer::Relu | Layer::Relu6 if before.is_some_and(|before| has_weights(&before)) => {
                if let Some(last) = listed.last_mut() {
                    last.push(layer);
                }
            }
            _ => {
                begun.push(layer);
                listed.push(std::mem::take(&mut begun));
            }
        }
    }
    listed
}

/// A list that stays readable.
fn shortened(names: &[&str]) -> String {
    match names {
        [first, second, .., last] if names.len() > 40 => format!("{first}, {second} ... {last}"),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Backbone, Encoder, Head, Input, Padding, Unet};
    use super::*;

    fn vgg16() -> Vec<Layer> {
        let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        Architecture::Vgg16 { cut: None, padding: Padding::Same, head }.layers(65, 9).unwrap().layers
    }

    fn published(backbone: Backbone) -> Vec<Layer> {
        backbone.published(Input::Colour, 128, 5).unwrap().layers
    }

    #[test]
    fn seven_keras_layers_are_five_convolutions() {
        let layers = vgg16();
        let frozen = |freeze: Freeze| freeze.frozen(&layers).unwrap();
        let five = frozen(Freeze::Convolutions(5));
        assert_eq!(five.last(), Some(&"features.10"));
        assert_eq!(frozen(Freeze::Layers(7)), five);
        assert_eq!(frozen(Freeze::Through("conv3_1".into())), five);
        assert_eq!(frozen(Freeze::Through("features.10".into())), five);
        assert!(frozen(Freeze::Convolutions(0)).is_empty());
        // `layers[:-4]`: the last block stays trainable.
        assert_eq!(frozen(Freeze::AllButLast(4)), frozen(Freeze::Through("conv4_3".into())));
        for freeze in [Freeze::Convolutions(14), Freeze::AllButLast(19), Freeze::Through("conv9_9".into())] {
            assert!(freeze.check(&layers).is_err(), "{freeze:?}");
        }
    }

    #[test]
    fn forty_four_layers_of_resnet50_end_where_its_third_stage_has_begun() {
        let layers = published(Backbone::Resnet50Keras);
        let frozen = Freeze::Layers(44).frozen(&layers).unwrap();
        assert_eq!(frozen[frozen.len() - 2..], ["res3a_branch2c", "res3a_branch1"]);
        let block = &frozen[2..8];
        assert_eq!(&block[4..], ["res2a_branch2c", "res2a_branch1"]);
        // All that is not head: 174 layers in Keras, of which one is input and one padding.
        assert!(Freeze::AllButLast(172).check(&layers).is_ok());
        assert!(Freeze::AllButLast(173).check(&layers).is_err());
    }

    #[test]
    fn of_a_u_net_only_the_encoder_is_frozen_and_counted_as_if_alone() {
        let unet = |encoder: Encoder| {
            let unet = Unet { encoder, decoder: encoder.decoder(), dropout: 0.5, batch_norm: true };
            Architecture::Unet(unet).layers(65, 5).unwrap().layers
        };
        let layers = unet(Encoder::Vgg16);
        let alone = vgg16();
        for freeze in [
            Freeze::Convolutions(5),
            Freeze::Layers(7),
            Freeze::Through("conv3_1".into()),
            Freeze::Through("features.10".into()),
            Freeze::Convolutions(13),
        ] {
            assert_eq!(freeze.frozen(&layers).unwrap(), freeze.frozen(&alone).unwrap(), "{freeze:?}");
        }
        assert_eq!(Freeze::AllButLast(0).frozen(&layers).unwrap(), Freeze::Convolutions(13).frozen(&layers).unwrap());
        for freeze in [Freeze::Convolutions(14), Freeze::Layers(40), Freeze::Through("decoder.0.conv1".into())] {
            assert!(freeze.check(&layers).is_err(), "{freeze:?}");
        }
        let layers = unet(Encoder::Resnet50);
        let published = published(Backbone::Resnet50);
        for freeze in [Freeze::Through("layer2".into()), Freeze::AllButLast(0), Freeze::Convolutions(10)] {
            assert_eq!(freeze.frozen(&layers).unwrap(), freeze.frozen(&published).unwrap(), "{freeze:?}");
        }
    }

    #[test]
    fn the_last_block_of_every_network_is_a_part_of_it() {
        for backbone in Backbone::ALL {
            let layers = published(backbone);
            let all = Freeze::AllButLast(0).frozen(&layers).unwrap();
            let frozen = Freeze::Through(backbone.before_last_block().into()).frozen(&layers).unwrap();
            let learns: Vec<_> = all.iter().filter(|name| !frozen.contains(name)).collect();
            // No layer of it lies before one that is frozen.
            let place = |name: &&str| all.iter().position(|known| known == name).unwrap();
            let last_frozen = frozen.iter().map(place).max().unwrap();
            assert!(learns.iter().all(|name| place(name) > last_frozen), "{backbone:?}: {learns:?}");
            assert!((1..=20).contains(&learns.len()) || backbone == Backbone::Densenet121, "{backbone:?}: {learns:?}");
        }
    }

    #[test]
    fn a_separable_convolution_is_one_layer_and_a_stage_has_a_name() {
        let layers = published(Backbone::Xception);
        // conv, norm, activation, conv, norm, activation; then the first separable one.
        let frozen = Freeze::Layers(7).frozen(&layers).unwrap();
        assert_eq!(frozen.last(), Some(&"block2_sepconv1.pointwise"));
        let layers = published(Backbone::Resnet18);
        let frozen = Freeze::Through("layer2".into()).frozen(&layers).unwrap();
        assert!(frozen.iter().all(|name| !name.starts_with("layer3")));
        assert!(frozen.contains(&"layer2.1.bn2") && frozen.contains(&"layer2.0.downsample.1"));
    }
}
