//! A network as a tree of layers, and what can be told from it without weights.

use super::extent::Extent;
use super::layer::leaves;
use super::parameters::needed;
use super::{Convolution, Layer, Padding, Segmentation, VolumeConvolution};

/// A network, and the patch it is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// From input to logits.
    pub layers: Vec<Layer>,
    /// Of all its convolutions and pools that do not have their own.
    pub padding: Padding,
    /// Side of the square patch round a voxel; the voxel lies at `patch / 2`.
    pub patch: usize,
}

impl Layers {
    /// Side of the window that one output depends on, for networks with valid padding.
    pub fn receptive_field(&self) -> Option<usize> {
        match self.padding {
            Padding::Same => None,
            Padding::Valid => self.layers.iter().rev().try_fold(1, |window, layer| match layer {
                Layer::Convolution(Convolution { kernel: [side, _], stride, .. }) => Some((window - 1) * stride + side),
                Layer::MaxPool => Some(window * 2),
                Layer::Pool(_)
                | Layer::AveragePoolTo(_)
                | Layer::Upsample
                | Layer::Flatten
                | Layer::IntoVolumes { .. }
                | Layer::VolumeConvolution(_)
                | Layer::Branches { .. } => None,
                Layer::BatchNorm { .. } | Layer::Relu | Layer::Relu6 | Layer::Dropout(_) | Layer::Linear { .. } => {
                    Some(window)
                }
            }),
        }
    }

    /// Product of all strides: dense tiles whose sides are multiples of it waste no arithmetic.
    pub fn total_stride(&self) -> usize {
        let stride = |layer: &Layer| match layer {
            Layer::Convolution(convolution) => convolution.stride,
            Layer::MaxPool => 2,
            _ => 1,
        };
        self.layers.iter().map(stride).product()
    }

    /// How many values it holds, running statistics included.
    pub fn parameters(&self) -> usize {
        needed(&self.layers).iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }

    /// Channels of the input, the slices of volumes among them.
    pub fn channels(&self) -> usize {
        let mut slices = 1;
        for layer in self.leaves() {
            match layer {
                Layer::IntoVolumes { depth } => slices = *depth,
                Layer::Convolution(Convolution { inputs, .. })
                | Layer::VolumeConvolution(VolumeConvolution { inputs, .. }) => return inputs * slices,
                _ => {}
            }
        }
        slices
    }

    /// How many values the last layer gives: the number of classes.
    pub fn outputs(&self) -> usize {
        let last = self.layers.iter().rev().find_map(|layer| match layer {
            Layer::Convolution(convolution) => Some(convolution.outputs),
            Layer::Linear { outputs, .. } => Some(*outputs),
            _ => None,
        });
        last.unwrap_or(0)
    }

    /// Floating-point operations of the dense form per output voxel, a multiply-add counted as two, without halos.
    pub fn dense_flop_per_voxel(&self) -> u64 {
        if let Some(Segmentation { multiple, .. }) = self.segmentation() {
            let block = Extent { channels: self.channels(), depth: 1, rows: multiple, columns: multiple };
            return self.flop(block, &self.layers) / (multiple * multiple) as u64;
        }
        let per_layer = self.leaves().into_iter().map(|layer| match layer {
            Layer::Convolution(convolution) => 2 * convolution.outputs * convolution.fan_in(),
            Layer::VolumeConvolution(convolution) => 2 * convolution.outputs * convolution.fan_in(),
            Layer::Linear { inputs, outputs, .. } => 2 * inputs * outputs,
            _ => 0,
        });
        per_layer.sum::<usize>() as u64
    }

    /// Floating-point operations of the patch form of one patch, a multiply-add counted as two.
    pub fn patch_flop(&self) -> u64 {
        let multiple = self.segmentation().map_or(1, |segmentation| segmentation.multiple);
        let side = self.receptive_field().unwrap_or(self.patch.next_multiple_of(multiple));
        self.flop(Extent { channels: self.channels(), depth: 1, rows: side, columns: side }, &self.layers)
    }

    fn flop(&self, mut extent: Extent, layers: &[Layer]) -> u64 {
        let mut flop = 0;
        for layer in layers {
            // Where nothing is left of a map, the network is refused before it is run.
            let after = extent.after(layer, self.padding).unwrap_or(extent);
            flop += match layer {
                Layer::Convolution(convolution) => 2 * (after.values() * convolution.fan_in()) as u64,
                Layer::VolumeConvolution(convolution) => 2 * (after.values() * convolution.fan_in()) as u64,
                Layer::Linear { inputs, outputs, .. } => 2 * (inputs * outputs) as u64,
                Layer::Branches { branches, .. } => branches.iter().map(|branch| self.flop(extent, branch)).sum(),
                _ => 0,
            };
            extent = after;
        }
        flop
    }

    /// Where the end of the network begins: the first layer that treats a map as a whole.
    pub fn body_end(&self) -> usize {
        body_end(&self.layers)
    }

    /// Whether something is dropped while it trains.
    pub fn drops(&self) -> bool {
        self.leaves().iter().any(|layer| matches!(layer, Layer::Dropout(share) if *share > 0.0))
    }

    /// All layers, those of branches in the place of the branches.
    pub fn leaves(&self) -> Vec<&Layer> {
        leaves(&self.layers)
    }
}

/// Where the end of a network begins: the first layer that treats a map as a whole.
pub(super) fn body_end(layers: &[Layer]) -> usize {
    let is_end = |layer: &Layer| matches!(layer, Layer::AveragePoolTo(_) | Layer::Flatten | Layer::Linear { .. });
    layers.iter().position(is_end).unwrap_or(layers.len())
}

#[cfg(test)]
mod tests {
    use super::super::{Backbone, Input};

    /// Multiply-adds of one 224 x 224 picture as torchvision states them (`_ops`), within its rounding.
    #[test]
    fn networks_do_the_published_arithmetic() {
        for (backbone, side, published) in [
            (Backbone::Vgg16, 224, 15.47),
            (Backbone::Resnet18, 224, 1.814),
            (Backbone::Resnet50, 224, 4.089),
            (Backbone::Resnet152, 224, 11.514),
            (Backbone::MobilenetV2, 224, 0.301),
            (Backbone::InceptionV3, 299, 5.713),
            (Backbone::Densenet121, 224, 2.834),
        ] {
            let flop = backbone.published(Input::Colour, side, 1000).unwrap().patch_flop();
            let multiply_adds = flop as f64 / 2e9;
            assert!((multiply_adds / published - 1.0).abs() < 0.005, "{backbone}: {multiply_adds}");
        }
    }
}
