//! The networks facies knows, one file each, as lists of layers.

mod vgg16;
mod waldeland;

use serde::{Deserialize, Serialize};

use super::{Layers, NetworkError, Padding};

pub use vgg16::CONVOLUTIONS as VGG16_CONVOLUTIONS;

/// Which network, with all that fixes its layers except patch size and number of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Waldeland et al. (2018) in two dimensions, as Dramsch and Lüthje (2018) published it.
    Waldeland {
        /// `same`: as published. `valid`: with an exact dense form.
        padding: Padding,
    },
    /// Simonyan and Zisserman (2014), whole or cut, with a new head.
    Vgg16 {
        /// Last convolution kept, `conv1_1` to `conv5_3`; `None` keeps all thirteen and the last pool.
        cut: Option<String>,
        /// `same`: as published. `valid`: with an exact dense form, for cut networks.
        padding: Padding,
        /// What follows the convolutions.
        head: Head,
    },
}

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

impl Architecture {
    /// The layers for patches of side `patch` and `classes` classes.
    ///
    /// # Errors
    /// When the cut is unknown or the window does not fit the patch.
    pub fn layers(&self, patch: usize, classes: usize) -> Result<Layers, NetworkError> {
        let layers = match self {
            Self::Waldeland { padding: Padding::Same } => waldeland::published(patch, classes),
            Self::Waldeland { padding: Padding::Valid } => waldeland::valid(patch, classes),
            Self::Vgg16 { cut, padding, head } => vgg16::layers(cut.as_deref(), *padding, head, patch, classes)?,
        };
        match layers.receptive_field() {
            Some(receptive_field) if receptive_field > patch => {
                Err(NetworkError::PatchTooSmall { receptive_field, patch })
            }
            _ => Ok(layers),
        }
    }

    /// Name for people.
    pub fn title(&self) -> String {
        match self {
            Self::Waldeland { padding: Padding::Same } => "Waldeland (published, same padding)".into(),
            Self::Waldeland { padding: Padding::Valid } => "Waldeland (valid padding)".into(),
            Self::Vgg16 { cut: None, .. } => "VGG16".into(),
            Self::Vgg16 { cut: Some(cut), padding, .. } => {
                let padding = if *padding == Padding::Valid { "valid" } else { "same" };
                format!("VGG16 cut after {cut} ({padding} padding)")
            }
        }
    }
}
