//! What a network may see beside the amplitudes of the cube itself.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::AmplitudeScaling;
use crate::grid::VerticalAxis;

/// A channel beside the amplitudes, fitted once and stored with the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Another volume on the grid of the cube: an attribute, or an offset stack.
    Attribute {
        /// What the job calls it.
        name: String,
        /// Its own clip and scale.
        scaling: AmplitudeScaling,
    },
    /// Where on the vertical axis a sample lies: -1 at `first`, 1 at `last`, and no further beyond them.
    Depth {
        /// In ms or m.
        first: f64,
        /// In ms or m.
        last: f64,
    },
}

impl Channel {
    /// The depth channel of a cube with this vertical axis.
    pub fn depth(vertical: &VerticalAxis) -> Self {
        Self::Depth { first: vertical.start, last: vertical.end() }
    }

    /// What it is called in messages and reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Attribute { name, .. } => name,
            Self::Depth { .. } => "depth",
        }
    }

    /// A section `[trace, sample]` of the depth channel between `first` and `last`.
    pub(super) fn depth_section([first, last]: [f64; 2], vertical: &VerticalAxis, traces: usize) -> Array2<f32> {
        let half = ((last - first) / 2.0).max(f64::MIN_POSITIVE);
        let value = |sample: usize| ((vertical.position(sample) - first) / half - 1.0).clamp(-1.0, 1.0) as f32;
        Array2::from_shape_fn((traces, vertical.count), |(_, sample)| value(sample))
    }
}

/// One section as a network sees it: scaled values `[trace, sample]` of every channel, all of one shape.
///
/// Networks in three dimensions see neighbouring sections too: they stand in the place of channels, those of the first volume
/// before those of the second, and are shared between the sections that see them.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionChannels(Vec<Arc<Array2<f32>>>);

impl SectionChannels {
    /// `channels` must have one shape.
    pub(super) fn new(channels: Vec<Arc<Array2<f32>>>) -> Self {
        debug_assert!(channels.windows(2).all(|pair| pair[0].dim() == pair[1].dim()));
        Self(channels)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Traces and samples.
    pub fn shape(&self) -> [usize; 2] {
        self.0.first().map_or([0, 0], |channel| [channel.nrows(), channel.ncols()])
    }

    /// Every channel in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ArrayView2<'_, f32>> {
        self.0.iter().map(|channel| channel.view())
    }
}

/// A section of one channel.
impl From<Array2<f32>> for SectionChannels {
    fn from(channel: Array2<f32>) -> Self {
        Self(vec![Arc::new(channel)])
    }
}
