//! Layers of a sequential network and how its window grows through them.

use serde::{Deserialize, Serialize};

/// What convolutions meet at the edge of their input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Nothing: outputs exist only where the kernel fits. Patch and dense form are the same function.
    Valid,
    /// Zeros, so that a stride-1 convolution keeps its size (as Keras distributes them). Patch form only.
    Same,
}

/// One layer. Names are those of its parameters in the model file.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Square convolution with bias.
    Convolution {
        /// Prefix of `.weight` and `.bias`.
        name: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Side of the kernel.
        kernel: usize,
        /// Stride; in the dense form it becomes the dilation of later layers.
        stride: usize,
    },
    /// Batch normalisation per channel.
    BatchNorm {
        /// Prefix of `.weight`, `.bias`, `.running_mean`, `.running_var`.
        name: String,
        /// Channels.
        features: usize,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Rectified linear unit.
    Relu,
    /// Zeroes this share of the values while training.
    Dropout(f64),
    /// 2 x 2 maximum with stride 2.
    MaxPool,
    /// `[N, C, H, W]` to `[N, C * H * W]`; only with same padding.
    Flatten,
    /// Fully connected layer; a 1 x 1 convolution in the dense form.
    Linear {
        /// Prefix of `.weight` and `.bias`.
        name: String,
        /// Values in.
        inputs: usize,
        /// Values out.
        outputs: usize,
    },
}

/// A sequential network, and the patch it is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// From input to logits.
    pub layers: Vec<Layer>,
    /// Of all its convolutions.
    pub padding: Padding,
    /// Side of the square patch round a voxel; the voxel lies at `patch / 2`.
    pub patch: usize,
}

impl Layers {
    /// Side of the window that one output depends on, for networks with valid padding.
    pub fn receptive_field(&self) -> Option<usize> {
        match self.padding {
            Padding::Same => None,
            Padding::Valid => Some(self.layers.iter().rev().fold(1, |window, layer| match *layer {
                Layer::Convolution { kernel, stride, .. } => (window - 1) * stride + kernel,
                Layer::MaxPool => window * 2,
                _ => window,
            })),
        }
    }

    /// Product of all strides: dense tiles whose sides are multiples of it waste no arithmetic.
    pub fn total_stride(&self) -> usize {
        let stride = |layer: &Layer| match *layer {
            Layer::Convolution { stride, .. } => stride,
            Layer::MaxPool => 2,
            _ => 1,
        };
        self.layers.iter().map(stride).product()
    }

    /// How many values the last layer gives: the number of classes.
    pub fn outputs(&self) -> usize {
        let last = self.layers.iter().rev().find_map(|layer| match *layer {
            Layer::Convolution { outputs, .. } | Layer::Linear { outputs, .. } => Some(outputs),
            _ => None,
        });
        last.unwrap_or(0)
    }

    /// Floating-point operations of the dense form per output voxel, a multiply-add counted as two, without halos.
    pub fn dense_flop_per_voxel(&self) -> u64 {
        let per_layer = self.layers.iter().map(|layer| match *layer {
            Layer::Convolution { inputs, outputs, kernel, .. } => 2 * inputs * outputs * kernel * kernel,
            Layer::Linear { inputs, outputs, .. } => 2 * inputs * outputs,
            _ => 0,
        });
        per_layer.sum::<usize>() as u64
    }
}
