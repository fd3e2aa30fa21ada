//! Networks that give every voxel of a picture its scores at a time: which sides they take, and how far they see.

use super::{Layer, Layers, Padding};

/// What a network that segments asks of its pictures. Sides that are no multiples are filled up with zeros and cut off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segmentation {
    /// What the sides of a picture must be multiples of: how far the smallest map is apart.
    pub multiple: usize,
    /// Voxels on each side of a voxel that its scores may depend on. What lies further away changes nothing, as long as the
    /// picture begins at a multiple.
    pub reach: usize,
}

impl Segmentation {
    /// Side of the square that the scores of a voxel may depend on.
    pub fn window(self) -> usize {
        2 * self.reach + 1
    }
}

impl Layers {
    /// Of a network that undoes its strides; `None` of the others.
    pub fn segmentation(&self) -> Option<Segmentation> {
        if !self.leaves().into_iter().any(|leaf| matches!(leaf, Layer::Upsample)) {
            return None;
        }
        let end = Sight { spacing: 1, widest: 1, before: 0, behind: 0 }.after_all(&self.layers, self.padding);
        Some(Segmentation { multiple: end.widest, reach: end.before.max(end.behind) })
    }
}

/// How far the values of a map see, all lengths in voxels of the picture.
#[derive(Clone, Copy)]
struct Sight {
    /// From one value to the next.
    spacing: usize,
    /// The widest spacing so far.
    widest: usize,
    before: usize,
    behind: usize,
}

impl Sight {
    fn after_all(self, layers: &[Layer], padding: Padding) -> Self {
        layers.iter().fold(self, |sight, layer| sight.after(layer, padding))
    }

    fn after(self, layer: &Layer, padding: Padding) -> Self {
        match layer {
            Layer::Convolution(convolution) => {
                let own = convolution.padding.map(|zeros| zeros[0].max(zeros[1]));
                self.through(convolution.kernel[0].max(convolution.kernel[1]), convolution.stride, own, padding)
            }
            Layer::Pool(pool) => self.through(pool.kernel, pool.stride, pool.padding, padding),
            Layer::MaxPool => self.through(2, 2, Some(0), padding),
            // The second of two equal values stands half a spacing behind what it was made of.
            Layer::Upsample => {
                let spacing = self.spacing / 2;
                Self { spacing, before: self.before + spacing, ..self }
            }
            Layer::Branches { branches, .. } => {
                let ends = branches.iter().map(|branch| self.after_all(branch, padding));
                let wider = |one: Self, other: Self| Self {
                    spacing: other.spacing,
                    widest: one.widest.max(other.widest),
                    before: one.before.max(other.before),
                    behind: one.behind.max(other.behind),
                };
                ends.reduce(wider).unwrap_or(self)
            }
            _ => self,
        }
    }

    /// After a kernel that begins `zeros` values before its place.
    fn through(self, kernel: usize, stride: usize, own: Option<usize>, padding: Padding) -> Self {
        let zeros = own.unwrap_or(if padding == Padding::Same { kernel / 2 } else { 0 });
        let spacing = self.spacing * stride;
        Self {
            spacing,
            widest: self.widest.max(spacing),
            before: self.before + zeros * self.spacing,
            behind: self.behind + (kernel - 1).saturating_sub(zeros) * self.spacing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::prepared::Prepared;
    use super::super::sequential::Sequential;
    use super::super::{Architecture, Encoder, Precision, Unet};
    use super::*;

    fn layers(encoder: Encoder, decoder: Vec<usize>) -> Layers {
        Architecture::Unet(Unet { encoder, decoder, dropout: 0.0, batch_norm: false }).layers(65, 3).unwrap()
    }

    #[test]
    fn multiples_and_reaches_are_those_counted_by_hand() {
        for (encoder, decoder, multiple, reach) in [
            // Two convolutions; a pool; two at spacing 2; back; two, and the scores.
            (Encoder::Vgg16, vec![4], 2, 2 + 1 + 4 + 2 + 1),
            (Encoder::Vgg16, vec![4, 4, 4, 4], 16, 136),
            (Encoder::Resnet18, vec![4; 5], 32, 311),
        ] {
            let expected = Segmentation { multiple, reach };
            assert_eq!(layers(encoder, decoder).segmentation(), Some(expected), "{encoder:?}");
        }
        let published = Encoder::Resnet18.backbone().published(super::super::Input::Amplitude(1), 65, 3).unwrap();
        assert_eq!(published.segmentation(), None);
    }

    #[test]
    fn a_voxel_changes_scores_up_to_the_reach_and_no_further() {
        for (encoder, decoder, side) in [(Encoder::Vgg16, vec![4, 4], 96), (Encoder::Resnet18, vec![4, 4], 128)] {
            let layers = layers(encoder, decoder);
            let Segmentation { multiple, reach } = layers.segmentation().unwrap();
            let mut network = Sequential::fresh(layers, 3).unwrap();
            for (name, parameter) in network.parameters.0.iter_mut().filter(|(name, _)| !name.contains(".running_")) {
                // Nothing comes of zeros, and what comes of one voxel is lost nowhere on its way.
                let value = if name.ends_with(".weight") { 0.01 } else { 0.0 };
                let _ = parameter.tensor.f_fill_(value).unwrap();
            }
            let network = Prepared::new(&network, Precision::Float32).unwrap();
            let silent = tch::Tensor::zeros([1, 1, side, side], (tch::Kind::Float, tch::Device::Cpu));
            let unchanged = network.native_scores(&silent).unwrap();
            let mut furthest = 0;
            for place in side / 2..side / 2 + multiple as i64 {
                let section = silent.copy();
                let _ = section.narrow(2, place, 1).narrow(3, place, 1).fill_(1.0);
                let scores = network.native_scores(&section).unwrap();
                let differs = scores.ne_tensor(&unchanged).any_dim(1, false).squeeze();
                for row in 0..side {
                    let changed = i64::try_from(differs.get(row).any()).unwrap() != 0;
                    let distance = (row - place).unsigned_abs() as usize;
                    assert!(!changed || distance <= reach, "{encoder:?}: {place} changes {row}");
                    furthest = furthest.max(if changed { distance } else { 0 });
                }
            }
            assert_eq!(furthest, reach, "{encoder:?}");
        }
    }
}
