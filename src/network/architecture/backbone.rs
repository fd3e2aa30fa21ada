//! Networks that others published, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::super::extent::Extent;
use super::super::{Layer, Layers, NamedArray, NetworkError, Normalization, Padding};
use super::head::Top;
use super::resnet::Block;
use super::{densenet121, inception_v3, minerals, mobilenet_v2, resnet, vgg, xception};

/// A published network. What follows its features is its own end or a new one ([`Top`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backbone {
    /// Simonyan and Zisserman (2014), 13 convolutions.
    Vgg16,
    /// The same with 16.
    Vgg19,
    /// Page's small residual network as taught by Jovian (2020).
    Resnet9,
    /// He et al. (2015), as torchvision has it.
    Resnet18,
    /// The same with 34 layers.
    Resnet34,
    /// The same with 50 layers, strides in the 3 x 3 convolutions.
    Resnet50,
    /// The same with 101 layers.
    Resnet101,
    /// The same with 152 layers.
    Resnet152,
    /// As Keras published it: strides in the first 1 x 1 convolutions, biases.
    Resnet50Keras,
    /// Sandler et al. (2018).
    MobilenetV2,
    /// Szegedy et al. (2015).
    InceptionV3,
    /// Chollet (2016), as Keras has it.
    Xception,
    /// Huang et al. (2016).
    Densenet121,
    /// The narrow network of the minerals project.
    Minerals1,
    /// Its wider one.
    Minerals2,
}

/// What a network looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many amplitudes of one place, each in [-1, 1]; a pretrained first layer is folded to them.
    Amplitude(usize),
    /// Red, green and blue, normalised as the weights want it.
    Colour,
}

/// How weights name and order their tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PyTorch's: `[outputs, inputs, rows, columns]`.
    Torch,
    /// Keras': `[rows, columns, inputs, outputs]`.
    Keras,
}

const VGG16: [usize; 5] = [2, 2, 3, 3, 3];
const VGG19: [usize; 5] = [2, 2, 4, 4, 4];
/// Sides that are tried to tell how small a picture may be.
const LARGEST_MINIMUM: usize = 256;

impl Input {
    /// Channels of the first convolution.
    pub fn channels(self) -> usize {
        match self {
            Self::Amplitude(channels) => channels,
            Self::Colour => 3,
        }
    }
}

impl Backbone {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Vgg16,
        Self::Vgg19,
        Self::Resnet9,
        Self::Resnet18,
        Self::Resnet34,
        Self::Resnet50,
        Self::Resnet101,
        Self::Resnet152,
        Self::Resnet50Keras,
        Self::MobilenetV2,
        Self::InceptionV3,
        Self::Xception,
        Self::Densenet121,
        Self::Minerals1,
        Self::Minerals2,
    ];

    /// Name in jobs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vgg16 => "vgg16",
            Self::Vgg19 => "vgg19",
            Self::Resnet9 => "resnet9",
            Self::Resnet18 => "resnet18",
            Self::Resnet34 => "resnet34",
            Self::Resnet50 => "resnet50",
            Self::Resnet101 => "resnet101",
            Self::Resnet152 => "resnet152",
            Self::Resnet50Keras => "resnet50_keras",
            Self::MobilenetV2 => "mobilenet_v2",
            Self::InceptionV3 => "inception_v3",
            Self::Xception => "xception",
            Self::Densenet121 => "densenet121",
            Self::Minerals1 => "minerals1",
            Self::Minerals2 => "minerals2",
        }
    }

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Vgg16 => "VGG16",
            Self::Vgg19 => "VGG19",
            Self::Resnet9 => "ResNet9",
            Self::Resnet18 => "ResNet18",
            Self::Resnet34 => "ResNet34",
            Self::Resnet50 => "ResNet50",
            Self::Resnet101 => "ResNet101",
            Self::Resnet152 => "ResNet152",
            Self::Resnet50Keras => "ResNet50 (Keras)",
            Self::MobilenetV2 => "MobileNetV2",
            Self::InceptionV3 => "InceptionV3",
            Self::Xception => "Xception",
            Self::Densenet121 => "DenseNet121",
            Self::Minerals1 => "minerals network 1",
            Self::Minerals2 => "minerals network 2",
        }
    }

    /// Side of the pictures that it was published for.
    pub fn published_side(self) -> usize {
        match self {
            Self::InceptionV3 | Self::Xception => 299,
            Self::Resnet9 => 32,
            Self::Minerals1 => 321,
            Self::Minerals2 => 180,
            _ => 224,
        }
    }

    /// The layer after which the last block begins: the stage that learns first when a pretrained network is tuned to new pictures.
    pub fn before_last_block(self) -> &'static str {
        match self {
            Self::Vgg16 => "conv4_3",
            Self::Vgg19 => "conv4_4",
            Self::Resnet9 => "conv4",
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 | Self::Resnet101 | Self::Resnet152 => "layer3",
            Self::Resnet50Keras => "bn4f_branch2c",
            Self::MobilenetV2 => "features.16",
            Self::InceptionV3 => "Mixed_7b",
            Self::Xception => "batch_normalization_4",
            Self::Densenet121 => "features.transition3",
            Self::Minerals1 => "norm4",
            Self::Minerals2 => "convolution4",
        }
    }

    /// The whole network with the end that was published, for pictures of side `size`.
    ///
    /// # Errors
    /// When nothing would be left of such a picture.
    pub fn published(self, input: Input, size: usize, classes: usize) -> Result<Layers, NetworkError> {
        let layers = self.published_layers(input, [size, size], classes)?;
        Ok(Layers { layers, padding: Padding::Same, patch: size })
    }

    /// The same for pictures of `[rows, columns]`, as a mere list.
    pub(in super::super) fn published_layers(
        self,
        input: Input,
        size: [usize; 2],
        classes: usize,
    ) -> Result<Vec<Layer>, NetworkError> {
        let (mut layers, features) = self.features(input, size)?;
        layers.extend(match self {
            Self::Vgg16 | Self::Vgg19 => vgg::published_head(classes),
            Self::Resnet9 => resnet::small_head(features.rows, features.columns, classes),
            Self::Resnet50Keras => pooled_scores("fc1000", features, classes),
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 | Self::Resnet101 | Self::Resnet152 => {
                pooled_scores("fc", features, classes)
            }
            Self::MobilenetV2 => mobilenet_v2::published_head(classes),
            Self::InceptionV3 => inception_v3::published_head(classes),
            Self::Xception => xception::published_head(classes),
            Self::Densenet121 => densenet121::published_head(classes),
            Self::Minerals1 => minerals::first_head(features, classes),
            Self::Minerals2 => minerals::second_head(features, classes),
        });
        Ok(layers)
    }

    /// The features with a new end, for patches of side `patch`.
    pub(super) fn with_top(
        self,
        input: Input,
        patch: usize,
        top: &Top,
        classes: usize,
    ) -> Result<Layers, NetworkError> {
        let (mut layers, features) = self.features(input, [patch, patch])?;
        layers.extend(top.layers(features, classes));
        Ok(Layers { layers, padding: Padding::Same, patch })
    }

    /// All layers before the end, and what they leave of a picture.
    fn features(self, input: Input, size: [usize; 2]) -> Result<(Vec<Layer>, Extent), NetworkError> {
        let layers = self.body(input.channels());
        let after = |[rows, columns]: [usize; 2]| self.extent(&layers, input, rows, columns);
        match after(size) {
            Some(features) => Ok((layers, features)),
            None => {
                let smallest = (1..LARGEST_MINIMUM).find(|&side| after([side, side]).is_some());
                Err(NetworkError::PictureTooSmall {
                    network: self.title().to_owned(),
                    size,
                    smallest: smallest.unwrap_or(LARGEST_MINIMUM),
                })
            }
        }
    }

    fn extent(self, layers: &[Layer], input: Input, rows: usize, columns: usize) -> Option<Extent> {
        let features =
            Extent { channels: input.channels(), depth: 1, rows, columns }.after_all(layers, Padding::Same)?;
        // ResNet9 ends in a 4 x 4 pool.
        let least = if self == Self::Resnet9 { 4 } else { 1 };
        (features.rows >= least && features.columns >= least).then_some(features)
    }

    /// Everything before the end.
    pub(super) fn body(self, channels: usize) -> Vec<Layer> {
        match self {
            Self::Vgg16 => vgg::body(channels, VGG16),
            Self::Vgg19 => vgg::body(channels, VGG19),
            Self::Resnet9 => resnet::small_body(channels),
            Self::Resnet18 => resnet::body(channels, Block::Basic, [2, 2, 2, 2]),
            Self::Resnet34 => resnet::body(channels, Block::Basic, [3, 4, 6, 3]),
            Self::Resnet50 => resnet::body(channels, Block::Bottleneck, [3, 4, 6, 3]),
            Self::Resnet101 => resnet::body(channels, Block::Bottleneck, [3, 4, 23, 3]),
            Self::Resnet152 => resnet::body(channels, Block::Bottleneck, [3, 8, 36, 3]),
            Self::Resnet50Keras => resnet::keras_body(channels),
            Self::MobilenetV2 => mobilenet_v2::body(channels),
            Self::InceptionV3 => inception_v3::body(channels),
            Self::Xception => xception::body(channels),
            Self::Densenet121 => densenet121::body(channels),
            Self::Minerals1 => minerals::first_body(channels),
            Self::Minerals2 => minerals::second_body(channels),
        }
    }

    /// How published weights of this kind want their pictures; what they were published for, where nothing else is known.
    pub fn normalization(self, dialect: Dialect) -> Normalization {
        match (self, dialect) {
            // torchvision's InceptionV3 turns its input into this range first.
            (Self::Xception | Self::InceptionV3, _) => Normalization::Inception,
            (Self::MobilenetV2, Dialect::Keras) => Normalization::Inception,
            (Self::Vgg16 | Self::Vgg19, Dialect::Keras) | (Self::Resnet50Keras, _) => Normalization::CaffeBgr,
            (Self::Minerals1 | Self::Minerals2, _) => Normalization::Unit,
            _ => Normalization::ImageNet,
        }
    }

    /// Keras' names of the layers where they differ from ours.
    pub(in super::super) fn keras_names(self) -> Vec<(String, String)> {
        match self {
            Self::Vgg16 => vgg::keras_names(VGG16),
            Self::Vgg19 => vgg::keras_names(VGG19),
            Self::Resnet50Keras => resnet::keras_names(),
            Self::Densenet121 => densenet121::keras_names(),
            _ => Vec::new(),
        }
    }

    /// What Keras added to the variances in the release that gave the layers of `arrays` their names, where our layers add another
    /// figure.
    pub(in super::super) fn keras_epsilon(self, arrays: &[NamedArray]) -> Option<f64> {
        match self {
            Self::Resnet50Keras => resnet::keras_epsilon(arrays),
            Self::Densenet121 => Some(densenet121::KERAS_EPSILON),
            _ => None,
        }
    }

    /// Whether Keras' network of the name is the same function as this one.
    pub(in super::super) fn takes_keras(self) -> bool {
        matches!(self, Self::Vgg16 | Self::Vgg19 | Self::Resnet50Keras | Self::Xception | Self::Densenet121)
    }
}

/// The average of each channel, then scores.
fn pooled_scores(name: &str, features: Extent, classes: usize) -> Vec<Layer> {
    let scores = Layer::Linear { name: name.to_owned(), inputs: features.channels, outputs: classes };
    vec![Layer::AveragePoolTo(1), Layer::Flatten, scores]
}

impl fmt::Display for Backbone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backbone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|backbone| backbone.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|backbone| backbone.name()).collect();
            format!("there is no network `{text}`; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::parameters::needed;
    use super::super::{Head, Pooling};
    use super::*;

    /// Trainable values, and those of running statistics.
    fn count(layers: &[Layer]) -> [usize; 2] {
        needed(layers).into_iter().fold([0, 0], |[weights, statistics], needed| {
            let values = needed.shape.iter().product::<usize>();
            if needed.name.contains(".running_") {
                [weights, statistics + values]
            } else {
                [weights + values, statistics]
            }
        })
    }

    #[test]
    fn published_numbers_of_parameters() {
        // torchvision counts no running statistics, Keras does.
        let torchvision = [
            (Backbone::Vgg16, 138_357_544),
            (Backbone::Vgg19, 143_667_240),
            (Backbone::Resnet18, 11_689_512),
            (Backbone::Resnet34, 21_797_672),
            (Backbone::Resnet50, 25_557_032),
            (Backbone::Resnet101, 44_549_160),
            (Backbone::Resnet152, 60_192_808),
            (Backbone::MobilenetV2, 3_504_872),
            (Backbone::InceptionV3, 23_834_568),
            (Backbone::Densenet121, 7_978_856),
        ];
        for (backbone, published) in torchvision {
            let layers = backbone.published_layers(Input::Colour, [224, 224], 1000).unwrap();
            assert_eq!(count(&layers)[0], published, "{backbone}");
        }
        let keras = [
            (Backbone::Resnet50Keras, [224, 224], 1000, 25_636_712),
            (Backbone::Xception, [299, 299], 1000, 22_910_480),
            (Backbone::Densenet121, [224, 224], 1000, 8_062_504),
            (Backbone::Minerals1, [400, 321], 3, 779_349),
            (Backbone::Minerals2, [180, 180], 3, 1_016_131),
        ];
        for (backbone, size, classes, published) in keras {
            let layers = backbone.published_layers(Input::Colour, size, classes).unwrap();
            assert_eq!(count(&layers).iter().sum::<usize>(), published, "{backbone}");
        }
        let resnet9 = Backbone::Resnet9.published_layers(Input::Colour, [32, 32], 10).unwrap();
        assert_eq!(count(&resnet9)[0], 6_575_370);
    }

    #[test]
    fn the_resnet50_of_dramsch_and_luthje_has_its_published_number_of_parameters() {
        let head = Head { hidden: vec![10], dropout: 0.0, batch_norm: true, batch_norm_scores: true };
        let top = Top { pooling: Pooling::Average, batch_norm_features: true, head };
        let layers = Backbone::Resnet50Keras.with_top(Input::Colour, 244, &top, 9).unwrap();
        assert_eq!(count(&layers.layers).iter().sum::<usize>(), 23_616_569);
    }

    #[test]
    fn features_and_scores_have_the_published_shapes() {
        for (backbone, size, channels, side) in [
            (Backbone::Vgg16, 224, 512, 7),
            (Backbone::Resnet18, 224, 512, 7),
            (Backbone::Resnet50, 224, 2048, 7),
            (Backbone::Resnet50Keras, 224, 2048, 7),
            (Backbone::MobilenetV2, 224, 1280, 7),
            (Backbone::InceptionV3, 299, 2048, 8),
            (Backbone::Xception, 299, 2048, 10),
            (Backbone::Densenet121, 224, 1024, 7),
            (Backbone::Resnet50, 65, 2048, 3),
        ] {
            let (_, features) = backbone.features(Input::Colour, [size, size]).unwrap();
            assert_eq!(features, Extent { channels, depth: 1, rows: side, columns: side }, "{backbone}");
        }
        for backbone in Backbone::ALL {
            let layers = backbone.published(Input::Amplitude(2), 299, 17).unwrap();
            assert_eq!((layers.channels(), layers.outputs(), layers.receptive_field()), (2, 17, None), "{backbone}");
            let input = Extent { channels: 2, depth: 1, rows: 299, columns: 299 };
            let scores = input.after_all(&layers.layers, layers.padding);
            assert_eq!(scores, Some(Extent { channels: 17, depth: 1, rows: 1, columns: 1 }), "{backbone}");
        }
    }

    #[test]
    fn pictures_of_which_nothing_is_left_are_refused_with_the_smallest_that_will_do() {
        let error = Backbone::InceptionV3.published(Input::Colour, 65, 9).unwrap_err();
        assert!(matches!(error, NetworkError::PictureTooSmall { smallest: 75, .. }), "{error}");
        assert!(Backbone::InceptionV3.published(Input::Colour, 75, 9).is_ok());
        assert!(Backbone::Resnet9.published(Input::Colour, 31, 9).is_err());
    }

    #[test]
    fn names_are_those_of_model_files_and_read_back() {
        for backbone in Backbone::ALL {
            assert_eq!(backbone.name().parse(), Ok(backbone));
            assert_eq!(serde_json::to_value(backbone).unwrap(), backbone.name());
        }
        assert!("resnet51".parse::<Backbone>().unwrap_err().contains("resnet50"));
    }
}
