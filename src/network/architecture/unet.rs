//! U-Net: O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation" (MICCAI 2015), with a
//! published network in the place of its contracting path.
//!
//! The form is that of P. Yakubovskiy's Segmentation Models (PyTorch), whose numbers of parameters ResNet encoders have here:
//! where the encoder halves a map, what it was before goes to the other side; there the map is doubled by repeating its values
//! (A. Odena et al., "Deconvolution and Checkerboard Artifacts", Distill 2016), put before what came across, and goes through
//! two 3 x 3 convolutions. A last 3 x 3 convolution gives the scores. VGG16's five blocks are five resolutions, the first of
//! which goes across as well; its last pool has nothing behind it and is left out. Values are dropped at the end of the
//! contracting path, as Ronneberger et al. do.
//!
//! Encoders keep the names of their published weights.

use serde::{Deserialize, Serialize};

use super::super::extent::Extent;
use super::super::{Convolution, Join, Layer, Layers, NetworkError, Padding};
use super::Backbone;

/// PyTorch's default.
const EPSILON: f64 = 1e-5;
/// Any picture that no encoder brings to nothing; the widths of its maps do not depend on it.
const ANY_SIDE: usize = 256;

/// A U-Net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unet {
    /// The contracting path.
    pub encoder: Encoder,
    /// Widths of the expanding path from the smallest map to the largest: as many as the encoder halves its maps.
    pub decoder: Vec<usize>,
    /// Share of the values of the smallest map that are dropped while training.
    pub dropout: f64,
    /// Batch normalisation after the convolutions of the expanding path, which then have no bias.
    pub batch_norm: bool,
}

/// The published networks that can be a U-Net's contracting path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoder {
    /// Simonyan and Zisserman (2014), 13 convolutions.
    Vgg16,
    /// He et al. (2015), 18 layers.
    Resnet18,
    /// The same with 34.
    Resnet34,
    /// The same with 50.
    Resnet50,
}

impl Encoder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Vgg16, Self::Resnet18, Self::Resnet34, Self::Resnet50];

    /// The network it is the beginning of.
    pub fn backbone(self) -> Backbone {
        match self {
            Self::Vgg16 => Backbone::Vgg16,
            Self::Resnet18 => Backbone::Resnet18,
            Self::Resnet34 => Backbone::Resnet34,
            Self::Resnet50 => Backbone::Resnet50,
        }
    }

    /// The usual widths of the expanding path behind all of it.
    pub fn decoder(self) -> Vec<usize> {
        match self {
            Self::Vgg16 => vec![256, 128, 64, 32],
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 => vec![256, 128, 64, 32, 16],
        }
    }

    /// Its layers for so many channels, parted where maps are halved: those of the full resolution first.
    fn resolutions(self, channels: usize) -> Vec<Vec<Layer>> {
        let mut resolutions = vec![Vec::new()];
        for layer in self.backbone().body(channels) {
            if layer.stride() > 1 {
                resolutions.push(Vec::new());
            }
            if let Some(last) = resolutions.last_mut() {
                last.push(layer);
            }
        }
        // VGG16 ends in a pool.
        resolutions.retain(|layers| layers.is_empty() || layers.iter().any(|layer| *layer != Layer::MaxPool));
        resolutions
    }
}

impl Unet {
    /// Its layers for so many channels and classes.
    ///
    /// # Errors
    /// When the encoder has fewer resolutions than the decoder.
    pub(super) fn layers(&self, channels: usize, patch: usize, classes: usize) -> Result<Layers, NetworkError> {
        let kept = self.kept(channels)?;
        let full = Extent { channels, depth: 1, rows: ANY_SIDE, columns: ANY_SIDE };
        let (mut layers, width) = self.resolution(&kept, full);
        let scores = Convolution::square("head.scores", width, classes, 3).with_padding(1);
        layers.push(Layer::Convolution(scores));
        Ok(Layers { layers, padding: Padding::Same, patch })
    }

    /// The contracting path alone, which pretrained weights are for.
    ///
    /// # Errors
    /// As [`Unet::layers`].
    pub(in super::super) fn encoder_layers(&self, channels: usize, patch: usize) -> Result<Layers, NetworkError> {
        Ok(Layers { layers: self.kept(channels)?.concat(), padding: Padding::Same, patch })
    }

    /// The encoder's resolutions that the decoder goes back through.
    fn kept(&self, channels: usize) -> Result<Vec<Vec<Layer>>, NetworkError> {
        let mut resolutions = self.encoder.resolutions(channels);
        let (wanted, most) = (self.decoder.len(), resolutions.len() - 1);
        if wanted == 0 || wanted > most {
            let encoder = self.encoder.backbone().title();
            return Err(NetworkError::DecoderDepth { encoder: encoder.to_owned(), wanted, most });
        }
        resolutions.truncate(wanted + 1);
        Ok(resolutions)
    }

    /// The first of `resolutions` and all that lies below it, and how many channels come out.
    fn resolution(&self, resolutions: &[Vec<Layer>], input: Extent) -> (Vec<Layer>, usize) {
        let [here, below @ ..] = resolutions else { return (Vec::new(), input.channels) };
        let mut layers = here.clone();
        let across = input.after_all(here, Padding::Same).unwrap_or(input);
        if below.is_empty() {
            if self.dropout > 0.0 {
                layers.push(Layer::Dropout(self.dropout));
            }
            return (layers, across.channels);
        }
        let (mut path, mut width) = self.resolution(below, across);
        path.push(Layer::Upsample);
        if here.is_empty() {
            layers.extend(path);
        } else {
            layers.push(Layer::Branches { branches: vec![path, Vec::new()], join: Join::Concatenate });
            width += across.channels;
        }
        let place = below.len() - 1;
        self.push_block(&mut layers, place, width);
        (layers, self.decoder[place])
    }

    /// Two convolutions of the expanding path.
    fn push_block(&self, layers: &mut Vec<Layer>, place: usize, mut inputs: usize) {
        let width = self.decoder[place];
        for number in 1..=2 {
            let name = format!("decoder.{place}.conv{number}");
            let convolution = Convolution::square(name, inputs, width, 3).with_padding(1);
            if self.batch_norm {
                layers.push(Layer::Convolution(convolution.without_bias()));
                let name = format!("decoder.{place}.bn{number}");
                layers.push(Layer::BatchNorm { name, features: width, epsilon: EPSILON });
            } else {
                layers.push(Layer::Convolution(convolution));
            }
            layers.push(Layer::Relu);
            inputs = width;
        }
    }
}
