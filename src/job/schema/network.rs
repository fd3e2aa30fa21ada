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
    /// The same in three dimensions, as MalenoV published it: 300,000 weights, from scratch, patch by patch. A patch is a cube
    /// of `patch.size` voxels a side, published with 65.
    Malenov(#[garde(dive)] Malenov),
    /// Simonyan and Zisserman (2014), whole or cut, pretrained or not.
    Vgg16(#[garde(dive)] Vgg16),
    /// The same with sixteen convolutions, whole.
    Vgg19(#[garde(dive)] PublishedNetwork),
    /// Page's small residual network, for patches of at least 32.
    Resnet9(#[garde(dive)] PublishedNetwork),
    /// He et al. (2015), with torchvision's weights.
    Resnet18(#[garde(dive)] PublishedNetwork),
    /// The same with 34 layers.
    Resnet34(#[garde(dive)] PublishedNetwork),
    /// The same with 50 layers.
    Resnet50(#[garde(dive)] PublishedNetwork),
    /// The same with 101 layers.
    Resnet101(#[garde(dive)] PublishedNetwork),
    /// The same with 152 layers.
    Resnet152(#[garde(dive)] PublishedNetwork),
    /// ResNet50 as Keras published it, with Keras' weights: strides in the first 1 x 1 convolutions, biases.
    Resnet50Keras(#[garde(dive)] PublishedNetwork),
    /// Sandler et al. (2018), with torchvision's weights.
    MobilenetV2(#[garde(dive)] PublishedNetwork),
    /// Szegedy et al. (2015), with torchvision's weights, for patches of at least 75.
    InceptionV3(#[garde(dive)] PublishedNetwork),
    /// Chollet (2016), with Keras' weights.
    Xception(#[garde(dive)] PublishedNetwork),
    /// Huang et al. (2016), with torchvision's or Keras' weights.
    Densenet121(#[garde(dive)] PublishedNetwork),
    /// Five narrow convolutions and four dense layers, made for pictures of minerals.
    Minerals1(#[garde(dive)] PublishedNetwork),
    /// Five wider convolutions, likewise, for patches of at least 78.
    Minerals2(#[garde(dive)] PublishedNetwork),
    /// Ronneberger et al. (2015) with a published network as its encoder: segments whole sections, and learns from crops of
    /// which only some voxels are labelled. Sees far more than a patch.
    Unet(#[garde(dive)] Unet),
}

/// Waldeland's network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `padding`")]
pub struct Waldeland {
    /// `same`: as published, patch by patch. `valid`: whole sections at once, with the same result as patch by patch.
    #[garde(skip)]
    pub padding: Padding,
}

/// MalenoV's network, which has nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map, `{}` here")]
pub struct Malenov {}

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
    /// Pretrained convolutions, as safetensors or as PyTorch (.pth) or Keras (.h5) publishes them; random ones if left out.
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

/// A published network with a new end, computed patch by patch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map, `{}` if nothing is to be set")]
pub struct PublishedNetwork {
    /// Pretrained weights (.safetensors, .pth, Keras' .h5); random ones if left out. `facies weights list` shows which there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub weights: Option<PathBuf>,
    /// What keeps its weights while the rest learns; nothing if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub freeze: Option<DeepFreeze>,
    /// What frozen batch normalisation takes for mean and deviation while the rest learns.
    #[serde(skip_serializing_if = "FrozenStatistics::are_running")]
    #[garde(skip)]
    pub frozen_statistics: FrozenStatistics,
    /// What becomes of the last map before the dense layers.
    #[garde(skip)]
    pub pooling: Pooling,
    /// Batch normalisation and activation before the dense layers, as the published ResNet50 has it.
    #[garde(skip)]
    pub batch_norm_features: bool,
    /// Widths of the fully connected layers between features and classes.
    #[garde(length(max = 8), inner(range(min = 1, max = 8192)))]
    pub head: Vec<usize>,
    /// Share of the values dropped after each of them, or before the classes where there are none, while training.
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Batch normalisation after each of them.
    #[garde(skip)]
    pub batch_norm: bool,
    /// Batch normalisation of the class scores, as the published networks have it.
    #[garde(skip)]
    pub batch_norm_scores: bool,
}

impl Default for PublishedNetwork {
    fn default() -> Self {
        Self {
            weights: None,
            freeze: None,
            frozen_statistics: FrozenStatistics::Running,
            pooling: Pooling::Average,
            batch_norm_features: false,
            head: Vec::new(),
            dropout: default_dropout(),
            batch_norm: true,
            batch_norm_scores: false,
        }
    }
}

/// U-Net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `encoder`")]
pub struct Unet {
    /// The network that looks at ever coarser maps.
    #[garde(skip)]
    pub encoder: UnetEncoder,
    /// Its pretrained weights (.safetensors, .pth, Keras' .h5); random ones if left out. `facies weights list` shows which
    /// there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub weights: Option<PathBuf>,
    /// What of the encoder keeps its weights while the rest learns; nothing if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub freeze: Option<DeepFreeze>,
    /// Widths on the way back to full resolution, the coarsest first. As many as the encoder shall halve its maps: fewer see
    /// less far and compute faster. `[256, 128, 64, 32]` behind all of vgg16, `[256, 128, 64, 32, 16]` behind all of a resnet,
    /// if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(length(min = 1, max = 5), inner(range(min = 1, max = 2048))))]
    pub decoder: Option<Vec<usize>>,
    /// Share of the values of the coarsest map that are dropped while training.
    #[serde(default = "default_dropout")]
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Batch normalisation on the way back.
    #[serde(default = "default_true")]
    #[garde(skip)]
    pub batch_norm: bool,
}

/// The published networks that can be a U-Net's encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnetEncoder {
    /// Simonyan and Zisserman (2014), with torchvision's or Keras' weights; halves its maps 4 times.
    Vgg16,
    /// He et al. (2015), with torchvision's weights; halves its maps 5 times.
    Resnet18,
    /// The same with 34 layers.
    Resnet34,
    /// The same with 50 layers.
    Resnet50,
}

/// What frozen batch normalisation takes for mean and deviation while the rest learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FrozenStatistics {
    /// Those that came with the weights, as the finished network does.
    #[default]
    Running,
    /// Those of each batch, which the finished network does not: a defect of Keras 2.2, here to be compared with.
    Batch,
}

impl FrozenStatistics {
    fn are_running(&self) -> bool {
        *self == Self::Running
    }
}

/// What becomes of the last map before the dense layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The average of each channel.
    Average,
    /// Every value by itself.
    Flatten,
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
    /// All before the head except for its last N layers, counted likewise; 0 trains the head alone.
    AllButLast(#[garde(range(max = 18))] usize),
    /// Everything up to and with this convolution, `conv3_1`.
    Through(#[garde(length(min = 1))] String),
}

/// How far a published network keeps its weights, counted from its input. Frozen batch normalisation keeps its statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum DeepFreeze {
    /// The first N convolutions and all between them.
    Convolutions(#[garde(range(max = 1000))] usize),
    /// The first N layers as Keras lists them, without input and padding: convolutions, batch normalisations, pools, sums, and
    /// activations that belong to no convolution. The published ResNet50 keeps 44.
    Layers(#[garde(range(max = 2000))] usize),
    /// All before the head except for its last N layers, counted likewise; 0 trains the head alone.
    AllButLast(#[garde(range(max = 2000))] usize),
    /// Everything up to and with this layer or stage, by the name of its weights: `layer2`, `features.13`, `block5_sepconv3`.
    Through(#[garde(length(min = 1))] String),
}

impl Network {
    /// Of all its convolutions.
    pub fn padding(&self) -> Padding {
        match self {
            Self::Waldeland(waldeland) => waldeland.padding,
            Self::Vgg16(vgg16) => vgg16.padding,
            _ => Padding::Same,
        }
    }

    /// The key that tells the kinds apart.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Waldeland(_) => "waldeland",
            Self::Malenov(_) => "malenov",
            Self::Vgg16(_) => "vgg16",
            Self::Vgg19(_) => "vgg19",
            Self::Resnet9(_) => "resnet9",
            Self::Resnet18(_) => "resnet18",
            Self::Resnet34(_) => "resnet34",
            Self::Resnet50(_) => "resnet50",
            Self::Resnet101(_) => "resnet101",
            Self::Resnet152(_) => "resnet152",
            Self::Resnet50Keras(_) => "resnet50_keras",
            Self::MobilenetV2(_) => "mobilenet_v2",
            Self::InceptionV3(_) => "inception_v3",
            Self::Xception(_) => "xception",
            Self::Densenet121(_) => "densenet121",
            Self::Minerals1(_) => "minerals1",
            Self::Minerals2(_) => "minerals2",
            Self::Unet(_) => "unet",
        }
    }

    /// The settings of a published network; `None` of those with settings of their own.
    pub fn published(&self) -> Option<&PublishedNetwork> {
        match self {
            Self::Waldeland(_) | Self::Malenov(_) | Self::Vgg16(_) | Self::Unet(_) => None,
            Self::Vgg19(network)
            | Self::Resnet9(network)
            | Self::Resnet18(network)
            | Self::Resnet34(network)
            | Self::Resnet50(network)
            | Self::Resnet101(network)
            | Self::Resnet152(network)
            | Self::Resnet50Keras(network)
            | Self::MobilenetV2(network)
            | Self::InceptionV3(network)
            | Self::Xception(network)
            | Self::Densenet121(network)
            | Self::Minerals1(network)
            | Self::Minerals2(network) => Some(network),
        }
    }

    /// The file of pretrained weights.
    pub fn weights_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Waldeland(_) | Self::Malenov(_) => None,
            Self::Vgg16(vgg16) => vgg16.weights.as_mut(),
            Self::Unet(unet) => unet.weights.as_mut(),
            Self::Vgg19(network)
            | Self::Resnet9(network)
            | Self::Resnet18(network)
            | Self::Resnet34(network)
            | Self::Resnet50(network)
            | Self::Resnet101(network)
            | Self::Resnet152(network)
            | Self::Resnet50Keras(network)
            | Self::MobilenetV2(network)
            | Self::InceptionV3(network)
            | Self::Xception(network)
            | Self::Densenet121(network)
            | Self::Minerals1(network)
            | Self::Minerals2(network) => network.weights.as_mut(),
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
