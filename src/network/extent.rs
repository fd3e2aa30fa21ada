//! How the size of a map changes on its way through a network.

use super::{Convolution, Join, Layer, Padding, Pool, VolumeConvolution};

/// Size of one entry of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) channels: usize,
    /// Slices of a volume; 1 of a picture.
    pub(super) depth: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Extent {
    pub(super) fn values(self) -> usize {
        self.channels * self.depth * self.rows * self.columns
    }

    /// After the patch form of `layers`; `None` where nothing is left of the map.
    pub(super) fn after_all(self, layers: &[Layer], padding: Padding) -> Option<Self> {
        layers.iter().try_fold(self, |extent, layer| extent.after(layer, padding))
    }

    /// After the patch form of one layer; `None` where nothing is left of the map.
    pub(super) fn after(self, layer: &Layer, padding: Padding) -> Option<Self> {
        match layer {
            Layer::Convolution(Convolution { outputs, kernel, stride, padding: own, .. }) => {
                let side =
                    |axis: usize, length| windows(length, kernel[axis], *stride, own.map(|zeros| zeros[axis]), padding);
                let (rows, columns) = (side(0, self.rows)?, side(1, self.columns)?);
                Some(Self { channels: *outputs, rows, columns, ..self })
            }
            Layer::Pool(Pool { kernel, stride, padding: own, .. }) => {
                let side = |length| windows(length, *kernel, *stride, *own, padding);
                Some(Self { rows: side(self.rows)?, columns: side(self.columns)?, ..self })
            }
            Layer::MaxPool if self.rows < 2 || self.columns < 2 => None,
            Layer::MaxPool => Some(Self { rows: self.rows / 2, columns: self.columns / 2, ..self }),
            Layer::Upsample => Some(Self { rows: 2 * self.rows, columns: 2 * self.columns, ..self }),
            Layer::AveragePoolTo(side) => Some(Self { rows: *side, columns: *side, ..self }),
            Layer::Flatten => Some(Self { channels: self.values(), depth: 1, rows: 1, columns: 1 }),
            Layer::IntoVolumes { depth } => {
                Some(Self { channels: self.channels / depth, depth: self.depth * depth, ..self })
            }
            Layer::VolumeConvolution(VolumeConvolution { outputs, stride, .. }) => {
                let [depth, rows, columns] = [self.depth, self.rows, self.columns].map(|side| side.div_ceil(*stride));
                Some(Self { channels: *outputs, depth, rows, columns })
            }
            Layer::Linear { outputs, .. } => Some(Self { channels: *outputs, ..self }),
            Layer::Branches { branches, join } => {
                let ends = branches.iter().map(|branch| self.after_all(branch, padding));
                let ends = ends.collect::<Option<Vec<_>>>()?;
                let first = *ends.first()?;
                debug_assert!(ends.iter().all(|end| (end.rows, end.columns) == (first.rows, first.columns)));
                let channels = match join {
                    Join::Add => first.channels,
                    Join::Concatenate => ends.iter().map(|end| end.channels).sum(),
                };
                Some(Self { channels, ..first })
            }
            Layer::BatchNorm { .. } | Layer::Relu | Layer::Relu6 | Layer::Dropout(_) => Some(self),
        }
    }
}

/// How often a kernel fits.
fn windows(length: usize, kernel: usize, stride: usize, own: Option<usize>, padding: Padding) -> Option<usize> {
    match (own, padding) {
        (Some(zeros), _) => Some((length + 2 * zeros).checked_sub(kernel)? / stride + 1),
        (None, Padding::Same) => Some(length.div_ceil(stride)),
        (None, Padding::Valid) => Some(length.checked_sub(kernel)? / stride + 1),
    }
}
