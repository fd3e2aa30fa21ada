//! Starting from the weights of an earlier run.

use std::collections::BTreeSet;
use std::path::Path;

use super::layer::leaves;
use super::layers::body_end;
use super::parameters::Parameters;
use super::{Layer, Layers, Model, NetworkError, Origin};

/// What becomes of the layers between features and classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartHead {
    /// They go on with their weights.
    #[default]
    Keep,
    /// They keep the fresh weights that they have.
    Fresh,
}

impl Model {
    /// Takes over the weights of the model at `path`, whose SHA-256 is told for the record.
    ///
    /// # Errors
    /// When the file is no model, its network is another one or, unless the head stays fresh, its classes are others.
    pub fn start_from(&mut self, path: &Path, sha256: &str, head: StartHead) -> Result<(), NetworkError> {
        let earlier = Self::load(path)?;
        let refused = |reason| NetworkError::OtherModel { path: path.to_owned(), reason };
        let names = |model: &Self| model.description.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
        let (theirs, ours) = (names(&earlier), names(self));
        if head == StartHead::Keep && theirs != ours {
            let (counts, list) = ((theirs.len(), ours.len()), |names: &[String]| names.join(", "));
            return Err(refused(match counts {
                (their_count, our_count) if their_count != our_count => {
                    format!("it tells {their_count} classes apart, the job names {our_count}")
                }
                _ => format!("its classes are {}, those of the job {}", list(&theirs), list(&ours)),
            }));
        }
        let description = earlier.description.clone();
        let theirs = earlier.into_network();
        let shared = match head {
            StartHead::Keep => self.network().layers.layers.len(),
            StartHead::Fresh => features_end(&self.network().layers.layers),
        };
        if let Some(reason) = difference(&theirs.layers, &self.network().layers, shared, head) {
            return Err(refused(format!("its network, {}, {reason}", description.architecture.title())));
        }
        let mut parameters = theirs.parameters;
        if head == StartHead::Fresh {
            take_head(&mut parameters, &theirs.layers.layers, &mut self.network_mut().parameters, shared);
        }
        self.network_mut().parameters = parameters;
        self.description.pretrained = Some(Origin {
            file: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            sha256: sha256.to_owned(),
            normalization: description.pretrained.and_then(|origin| origin.normalization),
        });
        Ok(())
    }
}

/// Where the layers begin that a fresh head does not share: behind the features, or at the last layer with weights.
fn features_end(layers: &[Layer]) -> usize {
    let last = layers.iter().rposition(|layer| matches!(layer, Layer::Convolution(_) | Layer::Linear { .. }));
    body_end(layers).min(last.unwrap_or(0))
}

/// In what the first `shared` layers differ.
fn difference(theirs: &Layers, ours: &Layers, shared: usize, head: StartHead) -> Option<String> {
    let end = match head {
        StartHead::Keep => theirs.layers.len(),
        StartHead::Fresh => features_end(&theirs.layers),
    };
    if theirs.padding != ours.padding {
        return Some(format!("has {:?} padding, that of the job {:?}", theirs.padding, ours.padding).to_lowercase());
    }
    if theirs.channels() != ours.channels() {
        return Some(format!("takes {} channels, that of the job {}", theirs.channels(), ours.channels()));
    }
    let (left, right) = (&theirs.layers[..end], &ours.layers[..shared]);
    if left == right {
        return None;
    }
    let place = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let name = |layers: &[Layer]| {
        let behind = leaves(&layers[place.min(layers.len())..]);
        behind.iter().find_map(|leaf| leaf.name().map(str::to_owned)).unwrap_or_else(|| format!("layer {}", place + 1))
    };
    let name = if place < right.len() { name(right) } else { name(left) };
    Some(format!("differs from that of the job at `{name}`"))
}

/// Replaces the weights of all layers behind the first `shared` by those of `ours`.
fn take_head(parameters: &mut Parameters, layers: &[Layer], ours: &mut Parameters, shared: usize) {
    let body: BTreeSet<&str> = leaves(&layers[..shared]).into_iter().filter_map(Layer::name).collect();
    let is_body = |name: &str| name.rsplit_once('.').is_some_and(|(layer, _)| body.contains(layer));
    parameters.0.retain(|name, _| is_body(name));
    let fresh = std::mem::take(&mut ours.0).into_iter().filter(|(name, _)| !is_body(name));
    parameters.0.extend(fresh);
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Head, ModelDescription, NamedArray, Padding};
    use super::*;
    use crate::grid::{ClassTable, Domain, Plane};
    use crate::volume::AmplitudeScaling;

    fn model(classes: &[&str], cut: &str, hidden: &[usize], seed: u64) -> Model {
        let head = Head { hidden: hidden.to_vec(), dropout: 0.5, batch_norm: true, batch_norm_scores: false };
        let description = ModelDescription {
            version: ModelDescription::VERSION,
            architecture: Architecture::Vgg16 { cut: Some(cut.into()), padding: Padding::Valid, head },
            patch: 65,
            planes: vec![Plane::Inline],
            classes: ClassTable::from_names(classes.iter().copied()).unwrap(),
            amplitude: AmplitudeScaling::new(-2.0, 2.0).unwrap(),
            further_channels: Vec::new(),
            domain: Domain::Time,
            sample_step: 4.0,
            pretrained: None,
            seed,
            temperature: None,
        };
        Model::new(description, None).unwrap()
    }

    #[test]
    fn all_weights_go_over_or_all_but_the_heads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let earlier = model(&["a", "b"], "conv1_2", &[4], 1);
        earlier.save(&path).unwrap();

        let mut same = model(&["a", "b"], "conv1_2", &[4], 2);
        same.start_from(&path, "4711", StartHead::Keep).unwrap();
        assert_eq!(same.weights().unwrap(), earlier.weights().unwrap());
        assert_eq!(same.description.pretrained.unwrap().sha256, "4711");

        let fresh = model(&["a", "b", "c"], "conv1_2", &[5, 6], 2).weights().unwrap();
        let mut other = model(&["a", "b", "c"], "conv1_2", &[5, 6], 2);
        other.start_from(&path, "4711", StartHead::Fresh).unwrap();
        let weights = other.weights().unwrap();
        let named = |arrays: &[NamedArray], body: bool| {
            let of_part = |array: &&NamedArray| array.name.starts_with("features.") == body;
            arrays.iter().filter(of_part).cloned().collect::<Vec<_>>()
        };
        assert_eq!(named(&weights, true), named(&earlier.weights().unwrap(), true));
        assert_eq!(named(&weights, false), named(&fresh, false));
        assert!(named(&weights, true).len() >= 4 && named(&weights, false).len() >= 6);
    }

    #[test]
    fn other_classes_and_networks_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        model(&["a", "b"], "conv1_2", &[4], 1).save(&path).unwrap();
        for (classes, cut, hidden, head, words) in [
            (&["a", "b", "c"][..], "conv1_2", &[4][..], StartHead::Keep, "it tells 2 classes apart, the job names 3"),
            (&["b", "a"], "conv1_2", &[4], StartHead::Keep, "its classes are a, b, those of the job b, a"),
            (&["a", "b"], "conv1_2", &[5], StartHead::Keep, "differs from that of the job at `"),
            (&["a", "b"], "conv2_1", &[4], StartHead::Keep, "differs from that of the job at `features.5`"),
            (&["a", "b"], "conv2_1", &[4], StartHead::Fresh, "differs from that of the job at `"),
        ] {
            let mut model = model(classes, cut, hidden, 2);
            let before = model.weights().unwrap();
            let error = model.start_from(&path, "", head).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert_eq!(model.weights().unwrap(), before);
        }
    }
}
