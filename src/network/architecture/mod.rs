//! The networks facies knows, one file a family, as trees of layers.

mod backbone;
mod densenet121;
mod head;
mod inception_v3;
mod malenov;
mod minerals;
mod mobilenet_v2;
mod resnet;
mod unet;
mod vgg;
mod waldeland;
mod xception;

use serde::{Deserialize, Serialize};

use super::{Layers, NetworkError, Padding};

pub use backbone::{Backbone, Dialect, Input};
pub use head::{Head, Pooling, Top};
pub use unet::{Encoder, Unet};
pub use vgg::CONVOLUTIONS as VGG16_CONVOLUTIONS;
pub(super) use vgg::vgg_parameter;

/// Which network, with all that fixes its layers except input, patch size and number of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Waldeland et al. (2018) in two dimensions, as Dramsch and Lüthje (2018) published it.
    Waldeland {
        /// `same`: as published. `valid`: with an exact dense form.
        padding: Padding,
    },
    /// The same in three dimensions, as MalenoV published it, for patches that are cubes.
    Malenov,
    /// Simonyan and Zisserman (2014), whole or cut, with a new head.
    Vgg16 {
        /// Last convolution kept, `conv1_1` to `conv5_3`; `None` keeps all thirteen and the last pool.
        cut: Option<String>,
        /// `same`: as published. `valid`: with an exact dense form, for cut networks.
        padding: Padding,
        /// What follows the convolutions.
        head: Head,
    },
    /// A published network with a new end, patch by patch.
    Backbone {
        /// Which.
        backbone: Backbone,
        /// Its end.
        top: Top,
    },
    /// A published network that segments whole sections.
    Unet(Unet),
}

impl Architecture {
    /// The layers for patches of side `patch` of one amplitude and `classes` classes.
    ///
    /// # Errors
    /// When the cut is unknown or the window does not fit the patch.
    pub fn layers(&self, patch: usize, classes: usize) -> Result<Layers, NetworkError> {
        self.layers_for(Input::Amplitude(1), patch, classes)
    }

    /// The layers for patches of side `patch` of this input and `classes` classes.
    ///
    /// # Errors
    /// As [`Architecture::layers`].
    pub fn layers_for(&self, input: Input, patch: usize, classes: usize) -> Result<Layers, NetworkError> {
        let channels = input.channels();
        let layers = match self {
            Self::Waldeland { padding: Padding::Same } => waldeland::published(channels, patch, classes),
            Self::Waldeland { padding: Padding::Valid } => waldeland::valid(channels, patch, classes),
            Self::Malenov => malenov::layers(channels, patch, classes),
            Self::Vgg16 { cut, padding, head } => {
                vgg::layers(cut.as_deref(), *padding, head, channels, patch, classes)?
            }
            Self::Backbone { backbone, top } => backbone.with_top(input, patch, top, classes)?,
            Self::Unet(unet) => unet.layers(channels, patch, classes)?,
        };
        match layers.receptive_field() {
            Some(receptive_field) if receptive_field > patch => {
                Err(NetworkError::PatchTooSmall { receptive_field, patch })
            }
            _ => Ok(layers),
        }
    }

    /// How many neighbouring sections a patch of this side holds; more than one where it is a volume.
    pub fn thickness(&self, patch: usize) -> usize {
        if *self == Self::Malenov { patch } else { 1 }
    }

    /// The published network whose pretrained weights it takes, if there are such.
    pub fn backbone(&self) -> Option<Backbone> {
        match self {
            Self::Waldeland { .. } | Self::Malenov => None,
            Self::Vgg16 { .. } => Some(Backbone::Vgg16),
            Self::Backbone { backbone, .. } => Some(*backbone),
            Self::Unet(unet) => Some(unet.encoder.backbone()),
        }
    }

    /// Those of its `layers` that pretrained weights are for, and perhaps some behind them.
    ///
    /// # Errors
    /// As [`Architecture::layers`].
    pub(super) fn pretrained_layers(&self, layers: &Layers) -> Result<Layers, NetworkError> {
        match self {
            Self::Unet(unet) => unet.encoder_layers(layers.channels(), layers.patch),
            _ => Ok(layers.clone()),
        }
    }

    /// Name for people.
    pub fn title(&self) -> String {
        match self {
            Self::Waldeland { padding: Padding::Same } => "Waldeland (published, same padding)".into(),
            Self::Waldeland { padding: Padding::Valid } => "Waldeland (valid padding)".into(),
            Self::Malenov => "MalenoV (Waldeland in three dimensions)".into(),
            Self::Vgg16 { cut: None, .. } => "VGG16".into(),
            Self::Vgg16 { cut: Some(cut), padding, .. } => {
                let padding = if *padding == Padding::Valid { "valid" } else { "same" };
                format!("VGG16 cut after {cut} ({padding} padding)")
            }
            Self::Backbone { backbone, .. } => backbone.title().into(),
            Self::Unet(unet) => format!("U-Net ({})", unet.encoder.backbone().title()),
        }
    }
}
