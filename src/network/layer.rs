//! The layers that networks consist of.

use serde::{Deserialize, Serialize};

use super::VolumeConvolution;

/// What convolutions and pools meet at the edge of their input, where they do not say it themselves.
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
    /// Convolution.
    Convolution(Convolution),
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
    /// The same, cut off at 6.
    Relu6,
    /// Zeroes this share of the values while training.
    Dropout(f64),
    /// 2 x 2 maximum with stride 2.
    MaxPool,
    /// Any other pool; patch and native form only.
    Pool(Pool),
    /// Averages over a grid of this many cells on each side, whatever the size of the map; patch form only.
    AveragePoolTo(usize),
    /// Doubles rows and columns, every value four times (PyTorch's `nearest`); native form only.
    Upsample,
    /// `[N, C, H, W]` to `[N, C * H * W]`; patch form only.
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
    /// Channels as slices of volumes, `[N, C * depth, H, W]` to `[N, C, depth, H, W]`; patch form only.
    IntoVolumes {
        /// Slices of one volume.
        depth: usize,
    },
    /// Convolution in three dimensions; patch form only.
    VolumeConvolution(VolumeConvolution),
    /// Ways that part and meet again; patch and native form only.
    Branches {
        /// Each way from input to output; an empty one hands its input on.
        branches: Vec<Vec<Layer>>,
        /// How they meet.
        join: Join,
    },
}

/// How branches meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Sum.
    Add,
    /// Channels side by side, in the order of the branches.
    Concatenate,
}

/// A convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Prefix of `.weight` and `.bias`.
    pub name: String,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Stride; in the dense form it becomes the dilation of later layers.
    pub stride: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Whether a constant is added to each channel.
    pub bias: bool,
    /// Zeros on each side, above and left; what the whole network has where `None`.
    pub padding: Option<[usize; 2]>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// What it takes of a window.
    pub kind: PoolKind,
    /// Side of the window.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Rows and columns added on each side, which no maximum sees; what the whole network has where `None`.
    pub padding: Option<usize>,
}

/// What a pool takes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The maximum.
    Maximum,
    /// The average, zeros of the padding included, as PyTorch counts.
    Average,
}

impl Convolution {
    /// A square one with stride 1 and a bias, padded as the whole network is.
    pub fn square(name: impl Into<String>, inputs: usize, outputs: usize, kernel: usize) -> Self {
        Self {
            name: name.into(),
            inputs,
            outputs,
            kernel: [kernel, kernel],
            stride: 1,
            groups: 1,
            bias: true,
            padding: None,
        }
    }

    /// One that sees each channel by itself.
    pub fn depthwise(name: impl Into<String>, channels: usize, kernel: usize) -> Self {
        Self { groups: channels, ..Self::square(name, channels, channels, kernel) }
    }

    /// The same without a bias.
    pub fn without_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// The same with a stride.
    pub fn with_stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The same with this many zeros on every side.
    pub fn with_padding(self, zeros: usize) -> Self {
        Self { padding: Some([zeros, zeros]), ..self }
    }

    /// `[outputs, inputs of a group, rows, columns]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.outputs, self.inputs / self.groups, self.kernel[0], self.kernel[1]]
    }

    /// How many values enter one output.
    pub fn fan_in(&self) -> usize {
        self.weight_shape()[1..].iter().product()
    }
}

impl Layer {
    /// Prefix of its parameters, where it has some of its own.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Convolution(Convolution { name, .. })
            | Self::VolumeConvolution(VolumeConvolution { name, .. })
            | Self::BatchNorm { name, .. }
            | Self::Linear { name, .. } => Some(name),
            _ => None,
        }
    }

    /// How many times less rows and columns it leaves; of branches, on any of them.
    pub(super) fn stride(&self) -> usize {
        match self {
            Self::Convolution(convolution) => convolution.stride,
            Self::MaxPool => 2,
            Self::Pool(pool) => pool.stride,
            Self::Branches { branches, .. } => {
                let of_branch = |branch: &Vec<Self>| branch.iter().map(Self::stride).product();
                branches.iter().map(of_branch).max().unwrap_or(1)
            }
            _ => 1,
        }
    }

    /// Shows this layer, or those of its branches, one after the other.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Layer)) {
        match self {
            Self::Branches { branches, .. } => branches.iter().flatten().for_each(|layer| layer.visit(see)),
            _ => see(self),
        }
    }
}

/// All layers of `layers`, those of branches in the place of the branches.
pub(super) fn leaves(layers: &[Layer]) -> Vec<&Layer> {
    let mut leaves = Vec::new();
    layers.iter().for_each(|layer| layer.visit(&mut |leaf| leaves.push(leaf)));
    leaves
}
