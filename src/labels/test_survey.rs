//! A survey for the tests of this room.

use crate::grid::{Domain, Geometry, LineAxis, VerticalAxis};

/// Inlines from 100, crosslines from 300, samples every 4 ms from 4 ms.
pub(super) fn survey(inlines: usize, crosslines: usize, samples: usize) -> Geometry {
    Geometry {
        inline: LineAxis { first: 100, step: 1, count: inlines },
        crossline: LineAxis { first: 300, step: 1, count: crosslines },
        vertical: VerticalAxis { domain: Domain::Time, start: 4.0, step: 4.0, count: samples },
        xy_from_grid: None,
    }
}
