//! Which network.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Waldeland et al. (2018) in two dimensions, as Dramsch and Lüthje (2018) published it: 100,000 weights, from
    /// scratch.
    Waldeland(#[garde(dive)] Waldeland),
    /// Simonyan and Zisserman (2014), whole or cut, pretrained or not.
    Vgg16(#[garde(dive)] Vgg16),
}

/// Waldeland's network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `padding`")]
pub struct Waldeland {
    /// `same`: as published, patch by patch. `valid`: whole sections at once, with the same result as patch by patch.
    #[garde(skip)]
    pub padding: Padding,
}

/// VGG16.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `padding`")]
pub struct Vgg16 {
    /// Last convolution that is kept, `conv1_1` to `conv5_3`; all thirteen if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(length(min = 1)))]
    pub cut: Option<String>,
    /// `same`: as published, patch by patch. `valid`: whole sections at once, with the same result as patch by patch;
    /// needs a cut.
    #[garde(skip)]
    pub padding: Padding,
    /// Pretrained convolutions, as safetensors or as PyTorch publishes them (.pth); random ones if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub weights: Option<PathBuf>,
    /// What keeps its weights while the rest learns; nothing if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub freeze: Option<Freeze>,
    /// Widths of the fully connected layers between convolutions and classes.
    #[serde(default = "default_head")]
    #[garde(length(max = 8), inner(range(min = 1, max = 8192)))]
    pub head: Vec<usize>,
    /// Share of the values dropped after each of them while training.
    #[serde(default = "default_dropout")]
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Batch normalisation after each of them.
    #[serde(default = "default_true")]
    #[garde(skip)]
    pub batch_norm: bool,
    /// Batch normalisation of the class scores, as the published networks have it.
    #[serde(default)]
    #[garde(skip)]
    pub batch_norm_scores: bool,
}

/// Zeros at the edges of a convolution's input, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Zeros, so that a map keeps its size.
    Same,
    /// None.
    Valid,
}

/// How far a network keeps its weights, counted from its input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Freeze {
    /// The first N convolutions.
    Convolutions(#[garde(range(max = 13))] usize),
    /// The first N layers as Keras counts them: convolutions, pools and dense layers.
    Layers(#[garde(range(max = 26))] usize),
    /// Everything up to and with this convolution, `conv3_1`.
    Through(#[garde(length(min = 1))] String),
}

impl Network {
    /// Of all its convolutions.
    pub fn padding(&self) -> Padding {
        match self {
            Self::Waldeland(waldeland) => waldeland.padding,
            Self::Vgg16(vgg16) => vgg16.padding,
        }
    }

    /// The key that tells the kinds apart.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Waldeland(_) => "waldeland",
            Self::Vgg16(_) => "vgg16",
        }
    }
}

fn default_head() -> Vec<usize> {
    vec![256]
}

fn default_dropout() -> f64 {
    0.5
}

fn default_true() -> bool {
    true
}
