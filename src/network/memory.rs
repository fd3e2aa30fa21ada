//! How much memory a prediction takes, known before it is begun.

use super::layer::leaves;
use super::polyphase::few_pixels;
use super::{Convolution, Device, Layer, Layers, Precision, extent};

/// Phases on their way through the dense form.
#[derive(Clone, Copy)]
struct Extent {
    count: u64,
    channels: u64,
    rows: u64,
    columns: u64,
}

impl Extent {
    fn pixels(self) -> u64 {
        self.count * self.rows * self.columns
    }

    fn values(self) -> u64 {
        self.pixels() * self.channels
    }
}

/// What becomes of dropout in a prediction.
#[derive(Clone, Copy, PartialEq)]
enum Lots {
    /// It is left out.
    None,
    /// Passes part at the first one, which is still ahead; above it values are sums over passes.
    Ahead,
    /// A pass is under way.
    Drawn,
}

impl Layers {
    /// About the most bytes that are taken while `tiles` dense tiles of `[rows, columns]` outputs are computed at a time: the
    /// walk of the dense form, in numbers. 0 where there is no dense form.
    pub fn dense_bytes(&self, tiles: usize, shape: [usize; 2], precision: Precision, device: Device) -> u64 {
        self.dense_bytes_with(Lots::None, tiles, shape, precision, device)
    }

    /// The same for passes with dropout.
    pub fn sampled_dense_bytes(&self, tiles: usize, shape: [usize; 2], precision: Precision, device: Device) -> u64 {
        self.dense_bytes_with(Lots::Ahead, tiles, shape, precision, device)
    }

    fn dense_bytes_with(
        &self,
        lots: Lots,
        tiles: usize,
        shape: [usize; 2],
        precision: Precision,
        device: Device,
    ) -> u64 {
        let Some(field) = self.receptive_field() else { return 0 };
        let stride = self.total_stride();
        let [rows, columns] = shape.map(|side| (side.next_multiple_of(stride) + field - 1) as u64);
        let input = Extent { count: tiles as u64, channels: self.channels() as u64, rows, columns };
        let outputs = (tiles * shape[0] * shape[1]) as u64 * self.woven_channels(lots);
        // Scores, their softmax and its transpose are float32 whatever the precision.
        self.peak(input, 0, device, lots) * bytes_per_value(precision) + 3 * 4 * outputs + self.scratch_bytes()
    }

    /// About the most bytes that are taken while `pictures` of `[rows, columns]` are segmented at a time.
    pub fn native_bytes(&self, pictures: usize, [rows, columns]: [usize; 2], precision: Precision) -> u64 {
        let input = extent::Extent { channels: self.channels(), depth: 1, rows, columns };
        let peak = (pictures * self.patch_peak(input, &self.layers)) as u64;
        let outputs = (pictures * rows * columns * self.outputs()) as u64;
        // Scores, their softmax and its transpose are float32 whatever the precision.
        peak * bytes_per_value(precision) + 3 * 4 * outputs + self.scratch_bytes()
    }

    /// The same for passes with dropout: beside each of them stand the sums, and what the passes share, mask and product.
    pub fn sampled_native_bytes(&self, pictures: usize, [rows, columns]: [usize; 2], precision: Precision) -> u64 {
        let input = extent::Extent { channels: self.channels(), depth: 1, rows, columns };
        let shared = 4 * (pictures * self.shared_by_passes(input, &self.layers)) as u64;
        // Probabilities, mean, squares, and what one pass adds to them; and the moments, put together and transposed.
        let classes = self.outputs();
        let sums = 4 * (pictures * rows * columns * (5 * classes + 2 * (2 * classes + 1))) as u64;
        self.native_bytes(pictures, [rows, columns], precision) + shared + sums
    }

    /// Values of one picture that are kept from pass to pass or, of what is dropped, stand there up to three times.
    fn shared_by_passes(&self, input: extent::Extent, layers: &[Layer]) -> usize {
        let (mut extent, mut shared) = (input, 0);
        for layer in layers {
            let after = extent.after(layer, self.padding).unwrap_or(extent);
            shared += match layer {
                Layer::Dropout(share) if *share > 0.0 => 3 * extent.values(),
                Layer::Branches { branches, .. } if leaves(std::slice::from_ref(layer)).into_iter().any(draws) => {
                    extent.values() + branches.iter().map(|branch| self.shared_by_passes(extent, branch)).sum::<usize>()
                }
                _ => 0,
            };
            extent = after;
        }
        shared
    }

    /// About the most bytes that are taken while `batch` patches are computed at a time.
    pub fn patch_bytes(&self, batch: usize, precision: Precision) -> u64 {
        let side = self.receptive_field().unwrap_or(self.patch);
        let input = extent::Extent { channels: self.channels(), depth: 1, rows: side, columns: side };
        let peak = (batch * self.patch_peak(input, &self.layers)) as u64;
        let patches = 4 * batch as u64 * (self.channels() * self.patch * self.patch) as u64;
        peak * bytes_per_value(precision) + patches + self.scratch_bytes()
    }

    /// As [`Layers::patch_bytes`], for passes with dropout: beside the first one's input stand mask and product, and the sums.
    pub fn sampled_patch_bytes(&self, batch: usize, precision: Precision) -> u64 {
        let side = self.receptive_field().unwrap_or(self.patch);
        let mut extent = extent::Extent { channels: self.channels(), depth: 1, rows: side, columns: side };
        let mut largest = 0;
        for layer in &self.layers {
            let after = extent.after(layer, self.padding).unwrap_or(extent);
            if leaves(std::slice::from_ref(layer)).into_iter().any(draws) {
                largest = largest.max(extent.values().max(after.values()));
            }
            extent = after;
        }
        self.patch_bytes(batch, precision) + 4 * (batch * (4 * largest + 6 * self.outputs())) as u64
    }

    /// What stands for one voxel where phases are woven together: scores, or the moments of all passes, which are float32 and
    /// so count twice.
    fn woven_channels(&self, lots: Lots) -> u64 {
        let classes = self.outputs() as u64;
        if lots == Lots::Ahead { 2 * (2 * classes + 1) } else { classes }
    }

    /// Most values alive while `input` goes through the layers from `from` on.
    fn peak(&self, input: Extent, from: usize, device: Device, lots: Lots) -> u64 {
        let mut extent = input;
        let mut peak = extent.values();
        for (place, layer) in self.layers.iter().enumerate().skip(from) {
            let held = extent.values();
            if draws(layer) && lots != Lots::None {
                // The input, a float32 mask, which may count twice, and the product.
                peak = peak.max(4 * held);
                if lots == Lots::Ahead {
                    let sums = 2 * 5 * extent.pixels() * self.outputs() as u64;
                    return peak.max(held + sums + self.peak(extent, place + 1, device, Lots::Drawn));
                }
            }
            let (stride, kernel) = match layer {
                Layer::MaxPool => (2, 2),
                Layer::Convolution(Convolution { stride, kernel: [side, _], .. }) => (*stride as u64, *side as u64),
                _ => (1, 1),
            };
            let side = |side: u64| (side + 1).saturating_sub(kernel) / stride;
            extent = Extent { rows: side(extent.rows), columns: side(extent.columns), ..with_channels(layer, extent) };
            if stride == 1 {
                let changes = matches!(layer, Layer::Convolution(_) | Layer::Linear { .. });
                peak = peak.max(if changes { held + extent.values() } else { held });
                continue;
            }
            let phases = stride * stride;
            // Together: all phases, apart and as one batch. One by one: one of them, and the maxima of pairs of rows.
            let (below, beside) = if extent.pixels() < few_pixels(device.is_cuda()) as u64 {
                (Extent { count: extent.count * phases, ..extent }, extent.values() * phases)
            } else {
                (extent, held.div_ceil(2))
            };
            let woven = extent.pixels() * phases * self.woven_channels(lots);
            return peak.max(held + beside + woven + self.peak(below, place + 1, device, lots));
        }
        peak
    }

    /// Most values of one entry of a batch alive while it goes through the patch form of `layers`.
    fn patch_peak(&self, input: extent::Extent, layers: &[Layer]) -> usize {
        let mut extent = input;
        let mut peak = 0;
        for layer in layers {
            let held = extent.values();
            // Where nothing is left of a map, the network is refused before it is run.
            let after = extent.after(layer, self.padding).unwrap_or(extent);
            let within = match layer {
                // The input and what the branches gave so far, beside what one of them holds on its way.
                Layer::Branches { branches, .. } => {
                    let mut given = held;
                    let mut within = 0;
                    for branch in branches {
                        within = within.max(given + self.patch_peak(extent, branch));
                        // An empty one hands on what is there.
                        if !branch.is_empty() {
                            given += extent.after_all(branch, self.padding).map_or(0, extent::Extent::values);
                        }
                    }
                    within.max(given + after.values())
                }
                _ => held + after.values(),
            };
            peak = peak.max(within);
            extent = after;
        }
        peak
    }

    /// The largest weights once more: kernels reorder them at every call.
    fn scratch_bytes(&self) -> u64 {
        let weights = |layer: &Layer| match layer {
            Layer::Convolution(convolution) => convolution.outputs * convolution.fan_in(),
            Layer::VolumeConvolution(convolution) => convolution.outputs * convolution.fan_in(),
            Layer::Linear { inputs, outputs, .. } => inputs * outputs,
            _ => 0,
        };
        4 * leaves(&self.layers).into_iter().map(weights).max().unwrap_or(0) as u64
    }
}

fn draws(layer: &Layer) -> bool {
    matches!(layer, Layer::Dropout(share) if *share > 0.0)
}

fn with_channels(layer: &Layer, extent: Extent) -> Extent {
    match layer {
        Layer::Convolution(Convolution { outputs, .. }) | Layer::Linear { outputs, .. } => {
            Extent { channels: *outputs as u64, ..extent }
        }
        _ => extent,
    }
}

fn bytes_per_value(precision: Precision) -> u64 {
    if precision == Precision::Bfloat16 { 2 } else { 4 }
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Encoder, Head, Padding, Unet};
    use super::*;

    #[test]
    fn phases_one_by_one_take_far_less_than_all_at_once_would() {
        let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        let architecture = Architecture::Vgg16 { cut: Some("conv4_1".into()), padding: Padding::Valid, head };
        let layers = architecture.layers(65, 9).unwrap();
        let per_voxel = |side: usize| {
            layers.dense_bytes(1, [side, side], Precision::Float32, Device::cpu()) as f64 / (side * side) as f64
        };
        // The last convolution alone would give 2048 bytes a voxel; halos weigh more on small tiles.
        assert!((800.0..1100.0).contains(&per_voxel(1024)), "{}", per_voxel(1024));
        assert!(per_voxel(128) > per_voxel(512));
        let half = layers.dense_bytes(1, [512, 512], Precision::Bfloat16, Device::cpu());
        assert!(half < layers.dense_bytes(1, [512, 512], Precision::Float32, Device::cpu()) * 6 / 10);
    }

    #[test]
    fn passes_with_dropout_take_more_and_networks_without_take_the_same_but_their_moments() {
        let bytes = |dropout: f64| {
            let head = Head { hidden: vec![256], dropout, batch_norm: true, batch_norm_scores: true };
            let architecture = Architecture::Vgg16 { cut: Some("conv4_1".into()), padding: Padding::Valid, head };
            let layers = architecture.layers(65, 9).unwrap();
            let dense = |side: usize| {
                layers.sampled_dense_bytes(1, [side, side], Precision::Float32, Device::cpu())
                    - layers.dense_bytes(1, [side, side], Precision::Float32, Device::cpu())
            };
            (dense(512), layers.sampled_patch_bytes(8, Precision::Float32))
        };
        let (with, without) = (bytes(0.5), bytes(0.0));
        // Three copies of the moments of 512 x 512 voxels, counted twice, and those woven below.
        let moments = 512 * 512 * (2 * 19 - 9) * 4;
        assert!((3 * moments..5 * moments).contains(&without.0), "{without:?}");
        assert!(with.0 > without.0);
        // The hidden layer's 256 values are dropped.
        assert_eq!(with.1 - without.1, 4 * 8 * 4 * 256);
    }

    #[test]
    fn patches_take_their_widest_pair_of_layers() {
        let head = Head { hidden: vec![256], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        let layers = Architecture::Vgg16 { cut: None, padding: Padding::Same, head }.layers(65, 9).unwrap();
        let ten = layers.patch_bytes(10, Precision::Float32) - layers.patch_bytes(0, Precision::Float32);
        // conv1_2 reads and writes 64 channels of 65 x 65 values; and the patches themselves.
        assert_eq!(ten, 10 * 65 * 65 * (2 * 64 + 1) * 4);
    }

    #[test]
    fn a_u_net_takes_what_meets_before_its_last_widths() {
        let decoder = Encoder::Vgg16.decoder();
        let unet = Unet { encoder: Encoder::Vgg16, decoder, dropout: 0.5, batch_norm: true };
        let layers = Architecture::Unet(unet).layers(65, 8).unwrap();
        let bytes = |side| {
            layers.native_bytes(1, [side, side], Precision::Float32)
                - layers.native_bytes(1, [0, 0], Precision::Float32)
        };
        // Beside 64 channels that go across and 64 from below: both put together. And the scores, their softmax, its transpose.
        assert_eq!(bytes(512), 512 * 512 * 4 * (64 + 64 + 128 + 3 * 8));
        // What goes across at four resolutions, and three times the smallest map.
        let shared = 64 + 128 / 4 + 256 / 16 + 512 / 64 + 3 * 512 / 256;
        let sampled = layers.sampled_native_bytes(1, [512, 512], Precision::Float32);
        let sums = 5 * 8 + 2 * 17;
        assert_eq!(sampled - layers.native_bytes(1, [512, 512], Precision::Float32), 512 * 512 * 4 * (shared + sums));
    }
}
