//! What pretrained networks expect of a picture.

use ndarray::ArrayViewMut3;
use serde::{Deserialize, Serialize};

/// How a picture with values in 0..1 becomes the input that weights were trained on: minus mean, over deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Red, green, blue over ImageNet's mean and deviation (torchvision).
    ImageNet,
    /// Blue, green, red in 0..255 minus ImageNet's mean (Caffe, and Keras after it).
    CaffeBgr,
    /// Red, green, blue in -1..1 (Inception and its successors).
    Inception,
    /// Red, green, blue in 0..1.
    Unit,
}

impl Normalization {
    /// Means of the three channels in the order of the input, in units of 0..1.
    pub fn mean(self) -> [f32; 3] {
        match self {
            Self::ImageNet => [0.485, 0.456, 0.406],
            Self::CaffeBgr => [103.939 / 255.0, 116.779 / 255.0, 123.68 / 255.0],
            Self::Inception => [0.5; 3],
            Self::Unit => [0.0; 3],
        }
    }

    /// What they are divided by.
    pub fn deviation(self) -> [f32; 3] {
        match self {
            Self::ImageNet => [0.229, 0.224, 0.225],
            Self::CaffeBgr => [1.0 / 255.0; 3],
            Self::Inception => [0.5; 3],
            Self::Unit => [1.0; 3],
        }
    }

    /// Turns a picture `[red, green, blue; rows, columns]` in 0..1 into the input of a network.
    pub fn apply(self, mut picture: ArrayViewMut3<'_, f32>) {
        if self == Self::CaffeBgr {
            picture.invert_axis(ndarray::Axis(0));
            let turned = picture.to_owned();
            picture.invert_axis(ndarray::Axis(0));
            picture.assign(&turned);
        }
        for ((mut channel, mean), deviation) in picture.outer_iter_mut().zip(self.mean()).zip(self.deviation()) {
            channel.mapv_inplace(|value| (value - mean) / deviation);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    #[test]
    fn colours_come_out_as_their_networks_want_them() {
        let red: Array3<f32> = array![[[1.0]], [[0.5]], [[0.0]]];
        for (normalization, expected) in [
            (Normalization::ImageNet, [2.2489, 0.196_43, -1.8044]),
            (Normalization::CaffeBgr, [-103.939, 10.721, 131.32]),
            (Normalization::Inception, [1.0, 0.0, -1.0]),
            (Normalization::Unit, [1.0, 0.5, 0.0]),
        ] {
            let mut picture = red.clone();
            normalization.apply(picture.view_mut());
            for (actual, expected) in picture.iter().zip(expected) {
                assert!((actual - expected).abs() < 1e-3, "{normalization:?}: {picture}");
            }
        }
    }
}
