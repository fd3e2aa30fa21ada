//! The frame a cube lives in.

use serde::{Deserialize, Serialize};

use super::{Affine, LineAxis, Plane, Section, VerticalAxis};

/// Axes of a cube `[inline, crossline, sample]` and where it lies on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Inline numbers, the slowest axis.
    pub inline: LineAxis,
    /// Crossline numbers.
    pub crossline: LineAxis,
    /// Two-way time or depth, the fastest axis.
    pub vertical: VerticalAxis,
    /// Map position from grid indices, where the survey has usable coordinates.
    pub xy_from_grid: Option<Affine>,
}

impl Geometry {
    /// `[inlines, crosslines, samples]`.
    pub fn shape(&self) -> [usize; 3] {
        [self.inline.count, self.crossline.count, self.vertical.count]
    }

    /// The axis that numbers the sections of `plane`.
    pub fn section_axis(&self, plane: Plane) -> &LineAxis {
        match plane {
            Plane::Inline => &self.inline,
            Plane::Crossline => &self.crossline,
        }
    }

    /// The axis along which the traces of a section of `plane` lie.
    pub fn trace_axis(&self, plane: Plane) -> &LineAxis {
        self.section_axis(plane.other())
    }

    /// `[traces, samples]` of a section of `plane`.
    pub fn section_shape(&self, plane: Plane) -> [usize; 2] {
        [self.trace_axis(plane).count, self.vertical.count]
    }

    /// Line number of `section`.
    pub fn section_number(&self, section: Section) -> i32 {
        self.section_axis(section.plane).number(section.index)
    }

    /// `inline 339`, for messages and file titles.
    pub fn section_title(&self, section: Section) -> String {
        format!("{} {}", section.plane.name(), self.section_number(section))
    }

    /// The section of `plane` that carries `number`.
    pub fn find_section(&self, plane: Plane, number: i32) -> Option<Section> {
        self.section_axis(plane).index(number).map(|index| Section { plane, index })
    }
}
