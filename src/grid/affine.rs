//! Map positions of a regular grid.

use serde::{Deserialize, Serialize};

/// `xy = origin + inline_index * per_inline + crossline_index * per_crossline`, in the survey's map unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// Position of grid cell (0, 0).
    pub origin: [f64; 2],
    /// Step from one inline to the next.
    pub per_inline: [f64; 2],
    /// Step from one crossline to the next.
    pub per_crossline: [f64; 2],
}

impl Affine {
    /// Map position of a grid cell.
    pub fn xy(&self, inline_index: usize, crossline_index: usize) -> [f64; 2] {
        let (i, j) = (inline_index as f64, crossline_index as f64);
        [0, 1].map(|k| self.origin[k] + i * self.per_inline[k] + j * self.per_crossline[k])
    }
}
