//! A published network with its published end, for colour pictures.

use super::parameters::Parameters;
use super::sequential::Sequential;
use super::{Backbone, Device, Explainer, Input, NetworkError, Normalization, Precision, Predictor, Pretrained};

/// A network that tells the classes it was published for.
#[derive(Debug)]
pub struct PictureNetwork {
    network: Sequential,
    normalization: Normalization,
}

impl PictureNetwork {
    /// `backbone` for pictures of side `size`, all its weights from a file.
    ///
    /// # Errors
    /// When the file does not hold the whole network, its end included, or nothing would be left of such a picture.
    pub fn published(backbone: Backbone, size: usize, weights: &Pretrained) -> Result<Self, NetworkError> {
        let classes = weights.classes(backbone)?.ok_or_else(|| weights.lacks_end(backbone))?;
        let layers = backbone.published(Input::Colour, size, classes)?;
        let mut network = Sequential::new(layers, Parameters::default());
        weights.load_whole(&network.layers, backbone, &mut network.parameters)?;
        Ok(Self { network, normalization: weights.normalization(backbone) })
    }

    /// What its pictures must look like.
    pub fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// The network to be asked what it looked at in pictures normalised as it wants them.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn explainer(&self, device: Device) -> Result<Explainer, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Ok(Explainer::new(network, device))
    }

    /// The network for prediction on `device`.
    ///
    /// # Errors
    /// When the device refuses the weights.
    pub fn predictor(&self, device: Device) -> Result<Predictor, NetworkError> {
        let mut network = self.network.shared();
        network.move_to(device.0)?;
        Predictor::new(&network, device, Precision::Float32)
    }
}
