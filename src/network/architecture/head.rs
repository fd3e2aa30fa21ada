//! What stands between the features of a network and its class scores.

use serde::{Deserialize, Serialize};

use super::super::Layer;
use super::super::extent::Extent;

/// Keras' default, in the heads of the published networks.
pub(super) const EPSILON: f64 = 1e-3;

/// Fully connected layers at the end of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Share of the values dropped after each hidden layer while training.
    pub dropout: f64,
    /// Batch normalisation before the activation of each hidden layer.
    pub batch_norm: bool,
    /// Batch normalisation of the class scores, as the published networks have it.
    pub batch_norm_scores: bool,
}

/// What becomes of the last map of features before the fully connected layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The average of each channel.
    Average,
    /// Every value by itself.
    Flatten,
}

/// A new end of a network, from its features on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// What becomes of the map.
    pub pooling: Pooling,
    /// Batch normalisation and activation of the features, as in the ResNet50 of Dramsch and Lüthje (2018).
    pub batch_norm_features: bool,
    /// The fully connected layers. Without hidden ones, dropout comes before the scores.
    pub head: Head,
}

impl Top {
    /// Its layers behind `features`.
    pub(super) fn layers(&self, features: Extent, classes: usize) -> Vec<Layer> {
        let mut layers = match self.pooling {
            Pooling::Average => vec![Layer::AveragePoolTo(1), Layer::Flatten],
            Pooling::Flatten => vec![Layer::Flatten],
        };
        let inputs = match self.pooling {
            Pooling::Average => features.channels,
            Pooling::Flatten => features.values(),
        };
        layers.extend(self.end(inputs, classes));
        layers
    }

    /// Its layers behind features that were pooled before.
    pub(in super::super) fn layers_of_features(&self, features: usize, classes: usize) -> Vec<Layer> {
        let mut layers = vec![Layer::Flatten];
        layers.extend(self.end(features, classes));
        layers
    }

    fn end(&self, inputs: usize, classes: usize) -> Vec<Layer> {
        let mut layers = Vec::new();
        if self.batch_norm_features {
            layers.push(Layer::BatchNorm { name: "head.features_norm".into(), features: inputs, epsilon: EPSILON });
            layers.push(Layer::Relu);
        }
        if self.head.hidden.is_empty() && self.head.dropout > 0.0 {
            layers.push(Layer::Dropout(self.head.dropout));
        }
        push_head(&mut layers, &self.head, inputs, classes);
        layers
    }
}

pub(super) fn push_head(layers: &mut Vec<Layer>, head: &Head, mut inputs: usize, classes: usize) {
    for (place, &outputs) in head.hidden.iter().enumerate() {
        layers.push(Layer::Linear { name: format!("head.{place}"), inputs, outputs });
        if head.batch_norm {
            layers.push(Layer::BatchNorm { name: format!("head.{place}_norm"), features: outputs, epsilon: EPSILON });
        }
        layers.push(Layer::Relu);
        if head.dropout > 0.0 {
            layers.push(Layer::Dropout(head.dropout));
        }
        inputs = outputs;
    }
    layers.push(Layer::Linear { name: "head.scores".into(), inputs, outputs: classes });
    if head.batch_norm_scores {
        layers.push(Layer::BatchNorm { name: "head.scores_norm".into(), features: classes, epsilon: EPSILON });
    }
}
