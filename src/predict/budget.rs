//! Tiles and batches that fit the memory.

use super::dense::Tiling;
use super::segments::Parts;
use super::{Engine, PredictError, SectionWindow};
use crate::network::{Device, Layers, Precision};

/// Sides that tiles may have, the best first. Few of them, so that another machine with memory enough takes the same.
const SIDES: [usize; 9] = [512, 384, 256, 192, 128, 96, 64, 48, 32];
/// The same for networks that segment, which see far beyond a tile: whole sections where they fit.
const SIDES_WHOLE: [usize; 11] = [8192, 4096, 2048, 1536, 1024, 768, 512, 384, 256, 128, 64];
/// Batches of patches on a CPU, the best first.
const BATCHES_CPU: [usize; 6] = [32, 16, 8, 4, 2, 1];
/// Batches of patches on a CUDA device.
const BATCHES_CUDA: [usize; 9] = [4096, 2048, 1024, 512, 256, 128, 64, 16, 1];
/// Share of the free memory that a prediction takes if it is not told.
const SHARE: f64 = 0.5;
/// Taken for free memory where the system does not say.
const UNKNOWN: u64 = 2 << 30;

/// What computes, in how much memory.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPlan<'a> {
    /// The network.
    pub layers: &'a Layers,
    /// Where it computes.
    pub device: Device,
    /// In what.
    pub precision: Precision,
    /// Whether passes with dropout are computed.
    pub sampled: bool,
    /// Sections computed at a time on one device.
    pub workers: usize,
    /// The part of each section that is interpreted.
    pub window: &'a SectionWindow,
    /// Traces and samples of the sections that the window is a part of.
    pub section: [usize; 2],
    /// What sections on their way to and from the device take, in bytes.
    pub pipeline_bytes: u64,
    /// All that may be taken, in bytes.
    pub budget: u64,
}

impl MemoryPlan<'_> {
    /// A share of the memory that is free where `device` has its tensors, in bytes.
    pub fn default_budget(device: Device) -> u64 {
        let free = device.free_memory().unwrap_or(UNKNOWN);
        (free as f64 * SHARE) as u64
    }

    /// The engine with the largest of the usual tiles that fits.
    ///
    /// # Errors
    /// When the smallest does not.
    pub fn dense(&self) -> Result<Engine, PredictError> {
        let sides: &[usize] = if self.layers.segmentation().is_some() { &SIDES_WHOLE } else { &SIDES };
        let engines: Vec<Engine> = sides.iter().map(|&tile| Engine::Dense { tile }).collect();
        self.first_that_fits(&engines)
    }

    /// The patch engine with the largest of the usual batches that fits.
    ///
    /// # Errors
    /// When one patch does not.
    pub fn patches(&self, stride: usize) -> Result<Engine, PredictError> {
        let batches: &[usize] = if self.device.is_cuda() { &BATCHES_CUDA } else { &BATCHES_CPU };
        let engines: Vec<Engine> = batches.iter().map(|&batch| Engine::Patch { batch, stride }).collect();
        self.first_that_fits(&engines)
    }

    /// Looks whether `engine` fits.
    ///
    /// # Errors
    /// With what it needs, when it does not.
    pub fn check(&self, engine: Engine) -> Result<(), PredictError> {
        self.first_that_fits(&[engine]).map(|_| ())
    }

    /// About the bytes that a prediction with `engine` takes.
    pub fn bytes(&self, engine: Engine) -> u64 {
        let each = match engine {
            Engine::Dense { tile } => {
                if let Some(parts) = self.parts(tile) {
                    let bytes = if self.sampled { Layers::sampled_native_bytes } else { Layers::native_bytes };
                    let computing = bytes(self.layers, parts.together, parts.input(), self.precision);
                    return self.in_all(computing + self.section_bytes(parts.filled()));
                }
                let tiling = Tiling::new(self.layers.total_stride(), self.device, tile, self.window.shape());
                let section = tiling.padded(self.layers.receptive_field().unwrap_or(1));
                let bytes = if self.sampled { Layers::sampled_dense_bytes } else { Layers::dense_bytes };
                let computing = bytes(self.layers, tiling.together, tiling.shape, self.precision, self.device);
                computing + self.section_bytes(section)
            }
            Engine::Patch { batch, .. } => {
                let [traces, samples] = self.window.shape();
                let side = self.layers.patch - 1;
                let bytes = if self.sampled { Layers::sampled_patch_bytes } else { Layers::patch_bytes };
                bytes(self.layers, batch, self.precision) + self.section_bytes([samples + side, traces + side])
            }
        };
        self.in_all(each)
    }

    /// How a network that segments goes through a section.
    fn parts(&self, tile: usize) -> Option<Parts> {
        let segmentation = self.layers.segmentation()?;
        let [traces, samples] = [&self.window.traces, &self.window.samples].map(|range| (range.start, range.len()));
        let section = [self.section[1], self.section[0]];
        Some(Parts::new(segmentation, self.device, tile, section, [samples, traces]))
    }

    /// Of `each` worker and the pipeline.
    fn in_all(&self, each: u64) -> u64 {
        // The pipeline holds host memory, the tensors of a CUDA device are in its own.
        self.workers as u64 * each + if self.device.is_cuda() { 0 } else { self.pipeline_bytes }
    }

    /// A padded section and its copy on the device.
    fn section_bytes(&self, [rows, columns]: [usize; 2]) -> u64 {
        2 * 4 * (self.layers.channels() * rows * columns) as u64
    }

    fn first_that_fits(&self, engines: &[Engine]) -> Result<Engine, PredictError> {
        let fits = engines.iter().find(|&&engine| self.bytes(engine) <= self.budget);
        fits.copied().ok_or_else(|| PredictError::Budget {
            needed: engines.iter().map(|&engine| self.bytes(engine)).min().unwrap_or(0),
            budget: self.budget,
            workers: self.workers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_network::{layers, unet, vgg16};
    use super::*;

    fn plan<'a>(layers: &'a Layers, window: &'a SectionWindow, budget: u64) -> MemoryPlan<'a> {
        let (device, precision) = (Device::cpu(), Precision::Float32);
        let section = window.shape();
        let (sampled, workers, pipeline_bytes) = (false, 2, 1000);
        MemoryPlan { layers, device, precision, sampled, workers, window, section, pipeline_bytes, budget }
    }

    #[test]
    fn less_memory_gives_smaller_tiles_and_at_last_a_refusal_with_the_figure() {
        let (layers, window) = (layers(vgg16("conv4_1")), SectionWindow::whole([1000, 900]));
        let side = |budget| match plan(&layers, &window, budget).dense().unwrap() {
            Engine::Dense { tile } => tile,
            Engine::Patch { .. } => 0,
        };
        assert_eq!(side(8 << 30), 512);
        let needed = |tile| plan(&layers, &window, 0).bytes(Engine::Dense { tile });
        assert_eq!(side(needed(192)), 192);
        assert_eq!(side(needed(192) - 1), 128);
        let refused = plan(&layers, &window, needed(32) - 1).dense().unwrap_err().to_string();
        assert!(refused.contains("MiB"), "{refused}");
        assert!(plan(&layers, &window, needed(256)).check(Engine::Dense { tile: 512 }).is_err());
    }

    #[test]
    fn networks_that_segment_take_whole_sections_where_they_fit() {
        let (layers, window) = (layers(unet()), SectionWindow { traces: 20..1000, samples: 0..900 });
        let plan = |budget| MemoryPlan { section: [1000, 900], ..plan(&layers, &window, budget) };
        let side = |budget| plan(budget).dense().unwrap().size();
        let needed = |tile| plan(0).bytes(Engine::Dense { tile });
        assert_eq!(side(8 << 30), 8192);
        assert_eq!(needed(8192), needed(1024));
        assert_eq!(side(needed(1024) - 1), 768);
        // A part sees 28 voxels more on each side, and begins at a multiple of 4.
        assert!(needed(64) > plan(0).bytes(Engine::Dense { tile: 1 }));
        assert!(plan(needed(64) - 1).dense().is_err());
    }

    #[test]
    fn batches_shrink_too() {
        let (layers, window) = (layers(vgg16("conv4_1")), SectionWindow::whole([1000, 900]));
        let needed = |batch| plan(&layers, &window, 0).bytes(Engine::Patch { batch, stride: 1 });
        let engine = plan(&layers, &window, needed(16)).patches(3).unwrap();
        assert_eq!(engine, Engine::Patch { batch: 16, stride: 3 });
        assert!(plan(&layers, &window, needed(1) - 1).patches(1).is_err());
    }

    #[test]
    fn there_is_memory_here() {
        assert!(MemoryPlan::default_budget(Device::cpu()) > 64 << 20);
    }
}
