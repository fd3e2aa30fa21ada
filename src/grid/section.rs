//! Vertical sections through a cube.

use serde::{Deserialize, Serialize};

/// Along which lines a section runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    /// Sections at constant inline number; their traces run over the crosslines.
    Inline,
    /// Sections at constant crossline number; their traces run over the inlines.
    Crossline,
}

impl Plane {
    /// `inline` or `crossline`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Crossline => "crossline",
        }
    }

    /// The plane at right angles to this one.
    pub fn other(self) -> Self {
        match self {
            Self::Inline => Self::Crossline,
            Self::Crossline => Self::Inline,
        }
    }
}

/// One inline or crossline of a cube, by index. Its values are arrays `[trace, sample]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Section {
    /// Inline or crossline.
    pub plane: Plane,
    /// Index of the line on its axis (not its number).
    pub index: usize,
}

impl Section {
    /// The inline at `index`.
    pub fn inline(index: usize) -> Self {
        Self { plane: Plane::Inline, index }
    }

    /// The crossline at `index`.
    pub fn crossline(index: usize) -> Self {
        Self { plane: Plane::Crossline, index }
    }

    /// Grid position `[inline index, crossline index]` of the section's trace number `trace`.
    pub fn cell(&self, trace: usize) -> [usize; 2] {
        match self.plane {
            Plane::Inline => [self.index, trace],
            Plane::Crossline => [trace, self.index],
        }
    }
}
