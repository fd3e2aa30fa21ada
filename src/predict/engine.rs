//! The two ways to interpret a section. On a network with valid padding they agree.

use std::ops::Range;

use ndarray::{Array3, ArrayView1, s};

use super::{Interpretation, PredictError, PredictOptions, SectionWindow, dense, patch};
use crate::dataset::{Padding, Window};
use crate::grid::Section;
use crate::network::{Draw, NetworkError, Predictor};
use crate::volume::SectionChannels;

/// How class probabilities are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Every voxel of a tile in one pass; needs a network with valid padding, or one that segments.
    Dense {
        /// Largest side of a tile in output voxels.
        tile: usize,
    },
    /// One window a voxel; for any network.
    Patch {
        /// Patches in one pass.
        batch: usize,
        /// 1: every voxel. n: every nth trace and sample, with probabilities interpolated between.
        stride: usize,
    },
}

impl Engine {
    /// Dense with the standard tile. Larger tiles waste less on their halo, and gain little from here on.
    pub const DENSE: Self = Self::Dense { tile: 512 };
    /// Patches with the batch that is fastest on CPUs.
    pub const PATCH: Self = Self::Patch { batch: 32, stride: 1 };

    /// Side of a tile, or patches in a batch: what memory decides.
    pub fn size(self) -> usize {
        match self {
            Self::Dense { tile } => tile,
            Self::Patch { batch, .. } => batch,
        }
    }

    /// The same engine with another tile or batch.
    pub fn with_size(self, size: usize) -> Self {
        match self {
            Self::Dense { .. } => Self::Dense { tile: size },
            Self::Patch { stride, .. } => Self::Patch { batch: size, stride },
        }
    }

    /// Whether the engine can work with this network.
    ///
    /// # Errors
    /// When a dense form is asked of a network that has none, or single patches of one that segments.
    pub fn check(self, predictor: &Predictor) -> Result<(), NetworkError> {
        let segments = predictor.segmentation().is_some();
        match self {
            Self::Dense { .. } if predictor.receptive_field().is_none() && !segments => Err(NetworkError::NoDenseForm),
            Self::Patch { .. } if segments => Err(NetworkError::NoPatchForm),
            _ => Ok(()),
        }
    }
}

/// What a network says of the `window` of a scaled section, with the outputs asked for.
///
/// Where passes with dropout are asked for, `which` section it is decides, beside their seed, what is dropped.
///
/// Windows see the whole section and, beyond its edge, `padding`. Traces that are not `live` get no class.
///
/// # Errors
/// When the network has no dense form or other channels, or the device runs out of memory.
pub fn interpret_section(
    predictor: &Predictor,
    options: &PredictOptions,
    which: Section,
    section: &SectionChannels,
    live: ArrayView1<'_, bool>,
) -> Result<Interpretation, PredictError> {
    let PredictOptions { engine, padding, window, outputs, monte_carlo, .. } = options;
    engine.check(predictor)?;
    options.check_passes()?;
    let view = SectionView { section, live, window, padding: *padding };
    let origin = [window.samples.start, window.traces.start];
    let draw = monte_carlo.map(|monte_carlo| Draw { monte_carlo, section: which, origin });
    Ok(match (*engine, draw) {
        (Engine::Dense { tile }, Some(draw)) => dense::sampled(predictor, tile, &view, *outputs, &draw)?,
        (Engine::Dense { tile }, None) => dense::interpretation(predictor, tile, &view, *outputs)?,
        (Engine::Patch { batch, .. }, Some(draw)) => patch::sampled(predictor, batch, &view, *outputs, &draw)?,
        (Engine::Patch { batch, stride }, None) => {
            let probabilities = patch::probabilities(predictor, batch, stride, &view)?;
            Interpretation::from_probabilities(probabilities, view.live_in_window(), *outputs)
        }
    })
}

/// Class probabilities `[class, trace, sample]` of the `window` of a scaled `section`.
///
/// Windows see the whole section and, beyond its edge, `padding`. Traces that are not `live` get 0 for every class.
///
/// # Errors
/// When the network has no dense form or other channels, or the device runs out of memory.
pub fn section_probabilities(
    predictor: &Predictor,
    engine: Engine,
    padding: Padding,
    section: &SectionChannels,
    live: ArrayView1<'_, bool>,
    window: &SectionWindow,
) -> Result<Array3<f32>, PredictError> {
    engine.check(predictor)?;
    let view = SectionView { section, live, window, padding };
    Ok(match engine {
        Engine::Dense { tile } => dense::probabilities(predictor, tile, &view)?,
        Engine::Patch { batch, stride } => patch::probabilities(predictor, batch, stride, &view)?,
    })
}

/// A section as engines see it.
pub(super) struct SectionView<'a> {
    pub(super) section: &'a SectionChannels,
    pub(super) live: ArrayView1<'a, bool>,
    pub(super) window: &'a SectionWindow,
    pub(super) padding: Padding,
}

impl SectionView<'_> {
    /// Which traces of the window hold data.
    pub(super) fn live_in_window(&self) -> ArrayView1<'_, bool> {
        self.live.slice(s![self.window.traces.clone()])
    }

    /// A copy `[channel, sample, trace]`, the network's orientation, of `shape` values a channel that begins `before` traces and
    /// samples before the window.
    pub(super) fn padded(&self, shape: [usize; 2], before: usize) -> Array3<f32> {
        let first = |window: &Range<usize>| window.start as i64 - before as i64;
        self.copied(shape, first(&self.window.traces), first(&self.window.samples))
    }

    /// A copy `[channel, sample, trace]` of the whole section, filled up to `shape`.
    pub(super) fn whole(&self, shape: [usize; 2]) -> Array3<f32> {
        self.copied(shape, 0, 0)
    }

    fn copied(&self, [rows, columns]: [usize; 2], first_trace: i64, first_sample: i64) -> Array3<f32> {
        let mut padded = Array3::zeros((self.section.count(), rows, columns));
        let view = Window { first_trace, trace_step: 1, first_sample, padding: self.padding };
        for (channel, padded) in self.section.iter().zip(padded.outer_iter_mut()) {
            view.copy(channel, padded, |value| value);
        }
        padded
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, Axis};

    use super::super::test_network::{model_for, noise, predictor, vgg16, waldeland};
    use super::*;
    use crate::grid::{Domain, Geometry, LineAxis, VerticalAxis};
    use crate::volume::{AmplitudeScaling, Channel, MemoryVolume};

    fn both(predictor: &Predictor, padding: Padding, section: &Array2<f32>) -> [Array3<f32>; 2] {
        [Engine::Dense { tile: 40 }, Engine::Patch { batch: 97, stride: 1 }].map(|engine| {
            let live = Array1::from_elem(section.nrows(), true);
            let window = SectionWindow::whole([section.nrows(), section.ncols()]);
            section_probabilities(predictor, engine, padding, &section.clone().into(), live.view(), &window).unwrap()
        })
    }

    fn largest_difference(a: &Array3<f32>, b: &Array3<f32>) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn engines_agree_up_to_the_survey_edge_for_every_padding() {
        let section = noise(45, 52);
        for architecture in [waldeland(), vgg16("conv3_1")] {
            let predictor = predictor(architecture);
            for padding in [Padding::Zero, Padding::Edge, Padding::Reflect] {
                let [dense, patch] = both(&predictor, padding, &section);
                let difference = largest_difference(&dense, &patch);
                assert!(difference < 1e-5, "{difference}");
                for (dense, patch) in dense.lanes(Axis(0)).into_iter().zip(patch.lanes(Axis(0))) {
                    let mut sorted: Vec<f32> = patch.to_vec();
                    sorted.sort_by(f32::total_cmp);
                    let clear = sorted[sorted.len() - 1] - sorted[sorted.len() - 2] > 1e-4;
                    let class = |lane: ndarray::ArrayView1<'_, f32>| {
                        (0..lane.len()).max_by(|&a, &b| lane[a].total_cmp(&lane[b]))
                    };
                    assert!(!clear || class(dense) == class(patch));
                }
            }
        }
    }

    #[test]
    fn one_voxel_changes_exactly_the_outputs_whose_window_holds_it() {
        let predictor = predictor(waldeland());
        let field = predictor.receptive_field().unwrap() as i64;
        for voxel in [[0, 0], [33, 70], [79, 20]] {
            let silent = Array2::zeros((80, 90));
            let mut section = silent.clone();
            section[voxel] = 1.0;
            let changed = both(&predictor, Padding::Zero, &section);
            let unchanged = both(&predictor, Padding::Zero, &silent);
            for (changed, unchanged) in changed.iter().zip(&unchanged) {
                for trace in 0..80 {
                    for sample in 0..90 {
                        let holds = |at: usize, voxel: usize| {
                            let first = at as i64 - field / 2;
                            (first..first + field).contains(&(voxel as i64))
                        };
                        let inside = holds(trace, voxel[0]) && holds(sample, voxel[1]);
                        let differs =
                            (0..5).any(|class| changed[[class, trace, sample]] != unchanged[[class, trace, sample]]);
                        assert_eq!(differs, inside, "voxel {voxel:?}, output [{trace}, {sample}]");
                    }
                }
            }
        }
    }

    #[test]
    fn tile_size_and_window_change_nothing_but_the_last_digits() {
        let (section, predictor) = (noise(120, 70).into(), predictor(waldeland()));
        let live = Array1::from_elem(120, true);
        let dense = |tile, window: &SectionWindow| {
            let engine = Engine::Dense { tile };
            section_probabilities(&predictor, engine, Padding::Zero, &section, live.view(), window).unwrap()
        };
        let whole = SectionWindow::whole([120, 70]);
        let reference = dense(500, &whole);
        assert!(largest_difference(&reference, &dense(32, &whole)) < 1e-5);
        let window = SectionWindow { traces: 100..120, samples: 3..41 };
        let part = reference.slice(ndarray::s![.., 100..120, 3..41]).to_owned();
        assert!(largest_difference(&part, &dense(32, &window)) < 1e-5);
    }

    #[test]
    fn engines_agree_on_all_channels_and_each_of_them_counts() {
        let line = |count| LineAxis { first: 1, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 38 };
        let geometry = Geometry { inline: line(1), crossline: line(44), vertical, xy_from_grid: None };
        let volume = |values: Array2<f32>| MemoryVolume::new(geometry.clone(), values.insert_axis(Axis(0))).unwrap();
        let (amplitude, coherence) = (volume(noise(44, 38)), volume(noise(44, 38).mapv(|value| 3.0 * value * value)));
        let scaling = AmplitudeScaling::new(-3.0, 3.0).unwrap();
        let channels = vec![Channel::Attribute { name: "coherence".into(), scaling }, Channel::depth(&vertical)];
        for architecture in [waldeland(), vgg16("conv3_1")] {
            let model = model_for(architecture, 65, channels.clone());
            let predictor = model.predictor(crate::network::Device::cpu()).unwrap();
            let scores = |attribute: &MemoryVolume| {
                let reader = model.description.reader(&amplitude, &[("coherence", attribute)]).unwrap();
                let section = reader.read(crate::grid::Section::inline(0)).unwrap();
                assert_eq!(section.channels.count(), 3);
                [Engine::Dense { tile: 24 }, Engine::Patch { batch: 97, stride: 1 }].map(|engine| {
                    let (live, window) = (ArrayView1::from(&section.live), SectionWindow::whole([44, 38]));
                    section_probabilities(&predictor, engine, Padding::Zero, &section.channels, live, &window).unwrap()
                })
            };
            let [dense, patch] = scores(&coherence);
            let difference = largest_difference(&dense, &patch);
            assert!(difference < 1e-5, "{difference}");
            let [other, _] = scores(&amplitude);
            assert!(largest_difference(&dense, &other) > 1e-4);
        }
        let one: SectionChannels = noise(44, 38).into();
        let (live, window) = (Array1::from_elem(44, true), SectionWindow::whole([44, 38]));
        let several = model_for(waldeland(), 65, channels).predictor(crate::network::Device::cpu()).unwrap();
        let refused = section_probabilities(&several, Engine::DENSE, Padding::Zero, &one, live.view(), &window);
        assert_eq!(refused.unwrap_err().to_string(), "the network's input has shape [1], expected 3 channels");
    }

    #[test]
    fn dead_traces_get_no_probability() {
        let (section, predictor) = (noise(30, 20).into(), predictor(waldeland()));
        let mut live = Array1::from_elem(30, true);
        live[7] = false;
        let window = SectionWindow::whole([30, 20]);
        for engine in [Engine::Dense { tile: 8 }, Engine::Patch { batch: 50, stride: 1 }] {
            let values =
                section_probabilities(&predictor, engine, Padding::Zero, &section, live.view(), &window).unwrap();
            for (trace, values) in values.axis_iter(Axis(1)).enumerate() {
                let sums = values.sum_axis(Axis(0));
                let expected = if trace == 7 { 0.0 } else { 1.0 };
                assert!(sums.iter().all(|sum| (sum - expected).abs() < 1e-5));
            }
        }
    }
}
