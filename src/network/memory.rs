//! How much memory a prediction needs before it is begun.

use super::polyphase::{few_pixels, stride_and_kernel};
use super::prepared::{Prepared, Step};
use super::{Padding, Precision};

/// Phases or patches on their way through the network.
#[derive(Clone, Copy)]
struct Extent {
    count: u64,
    channels: u64,
    rows: u64,
    columns: u64,
}

impl Extent {
    fn values(self) -> u64 {
        self.count * self.channels * self.rows * self.columns
    }
}

impl Prepared {
    /// Most bytes of values between steps while `tiles` dense tiles of `[rows, columns]` outputs are computed: the same
    /// walk as the dense form's, in numbers. 0 where there is no dense form.
    pub(super) fn dense_bytes(&self, tiles: usize, shape: [usize; 2], on_cuda: bool) -> u64 {
        let (Some(field), stride) = (self.receptive_field, self.total_stride()) else { return 0 };
        let [rows, columns] = shape.map(|side| (side.next_multiple_of(stride) + field - 1) as u64);
        let outputs = (tiles * shape[0] * shape[1] * self.classes) as u64;
        let input = Extent { count: tiles as u64, channels: 1, rows, columns };
        // Scores, their softmax and its transpose are float32 whatever the precision.
        let between = self.peak(input, 0, on_cuda) * self.bytes_per_value();
        between + 3 * outputs * 4 + self.scratch_bytes()
    }

    /// Most bytes of values between steps while `batch` patches are computed.
    pub(super) fn patch_bytes(&self, batch: usize) -> u64 {
        let side = self.receptive_field.unwrap_or(self.patch) as u64;
        let mut extent = Extent { count: batch as u64, channels: 1, rows: side, columns: side };
        let mut peak = 2 * extent.values();
        for step in &self.steps {
            let before = extent.values();
            extent = self.after(step, extent);
            peak = peak.max(before + extent.values());
        }
        peak * self.bytes_per_value() + batch as u64 * (self.patch as u64).pow(2) * 4 + self.scratch_bytes()
    }

    /// Most values alive while `input` goes through the steps from `from` on.
    fn peak(&self, input: Extent, from: usize, on_cuda: bool) -> u64 {
        let mut extent = input;
        let mut peak = extent.values();
        for (place, step) in self.steps.iter().enumerate().skip(from) {
            let held = extent.values();
            let Some((stride, kernel)) = stride_and_kernel(step) else {
                extent = match step {
                    Step::Convolution { kernel, .. } => {
                        let less = *kernel as u64 - 1;
                        let narrowed = Extent { rows: extent.rows - less, columns: extent.columns - less, ..extent };
                        self.after_channels(step, narrowed)
                    }
                    _ => self.after_channels(step, extent),
                };
                peak = peak.max(held + extent.values());
                continue;
            };
            let side = |side: u64| (side + 1 - kernel as u64) / stride as u64;
            let phase = Extent { rows: side(extent.rows), columns: side(extent.columns), ..extent };
            let phase = self.after_channels(step, phase);
            let together = phase.count * phase.rows * phase.columns < few_pixels(on_cuda) as u64;
            let phases = (stride * stride) as u64;
            // Together: all phases, once apart and once as a batch. One by one: one of them, and the maxima of row pairs.
            let (below, beside) = if together {
                (Extent { count: phase.count * phases, ..phase }, phase.values() * phases)
            } else {
                (phase, held.div_ceil(2))
            };
            let woven = phase.count * phase.rows * phase.columns * phases * self.classes as u64;
            return peak.max(held + beside + woven + self.peak(below, place + 1, on_cuda));
        }
        peak
    }

    /// What a patch step leaves.
    fn after(&self, step: &Step, extent: Extent) -> Extent {
        let extent = self.after_channels(step, extent);
        let side = |side: u64| match step {
            Step::Convolution { kernel, stride, .. } => match self.padding {
                Padding::Same => side.div_ceil(*stride as u64),
                Padding::Valid => (side - *kernel as u64) / *stride as u64 + 1,
            },
            Step::MaxPool => side / 2,
            Step::Flatten | Step::Linear { .. } => 1,
            Step::Relu | Step::Scale { .. } => side,
        };
        Extent { rows: side(extent.rows), columns: side(extent.columns), ..extent }
    }

    fn after_channels(&self, step: &Step, extent: Extent) -> Extent {
        match step {
            Step::Convolution { weight, .. } | Step::Linear { weight, .. } => {
                Extent { channels: weight.size()[0] as u64, ..extent }
            }
            _ => extent,
        }
    }

    /// The largest weights once more: kernels reorder them at every call.
    fn scratch_bytes(&self) -> u64 {
        let count = |step: &Step| match step {
            Step::Convolution { weight, .. } | Step::Linear { weight, .. } => weight.numel() as u64,
            _ => 0,
        };
        self.steps.iter().map(count).max().unwrap_or(0) * 4
    }

    fn bytes_per_value(&self) -> u64 {
        if self.precision == Precision::Bfloat16 { 2 } else { 4 }
    }
}
