//! The account a reader gives of its input.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Conflict, Placement};
use crate::grid::{ClassTable, Color};

/// Voxels that one class gained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCount {
    /// Name of the class.
    pub class: String,
    /// Voxels labelled with it for the first time.
    pub voxels: u64,
}

/// What became of every point or pixel of one label input:
/// `read = used + unlabelled + unknown + off_survey + between_samples + duplicates + conflicts`.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelReport {
    /// The file.
    pub path: PathBuf,
    /// `points` or `pixels`.
    pub unit: &'static str,
    /// Points or pixels in the input.
    pub read: u64,
    /// Voxels labelled for the first time.
    pub used: u64,
    /// Pixels that are transparent or carry the code of no class.
    pub unlabelled: u64,
    /// Pixels whose colour belongs to no class.
    pub unknown: u64,
    /// The most frequent of those colours, with their pixels.
    pub unknown_colors: Vec<(Color, u64)>,
    /// Points outside the survey, or between its lines.
    pub off_survey: u64,
    /// Points within the survey that fall between two samples.
    pub between_samples: u64,
    /// Labels whose voxel carried the same class already.
    pub duplicates: u64,
    /// Labels whose voxel carried another class already, which stays.
    pub conflicts: u64,
    /// The first of the conflicts, and the names of the class kept and the class refused.
    pub first_conflict: Option<(Conflict, String, String)>,
    /// Voxels gained per class, in code order.
    pub classes: Vec<ClassCount>,
}

impl LabelReport {
    /// Nothing read yet.
    pub(super) fn new(path: &Path, unit: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            unit,
            read: 0,
            used: 0,
            unlabelled: 0,
            unknown: 0,
            unknown_colors: Vec::new(),
            off_survey: 0,
            between_samples: 0,
            duplicates: 0,
            conflicts: 0,
            first_conflict: None,
            classes: Vec::new(),
        }
    }

    /// Takes in what became of the labels on the grid.
    pub(super) fn add(&mut self, placement: Placement, classes: &ClassTable) {
        let name = |code: u8| classes.get(code).map(|class| class.name.clone()).unwrap_or_default();
        self.used = placement.used_total();
        self.duplicates = placement.duplicates;
        self.conflicts = placement.conflicts;
        self.first_conflict =
            placement.first_conflict.map(|conflict| (conflict, name(conflict.kept), name(conflict.refused)));
        let gained = placement.used.into_iter().chain(std::iter::repeat(0));
        self.classes = classes
            .iter()
            .zip(gained)
            .map(|(class, voxels)| ClassCount { class: class.name.clone(), voxels })
            .collect();
    }

    /// `#FFFFFF (12), #000000 (3)`: the most frequent colours of no class, with their pixels.
    pub(super) fn describe_unknown_colors(&self) -> String {
        let colors: Vec<_> = self.unknown_colors.iter().map(|(color, pixels)| format!("{color} ({pixels})")).collect();
        colors.join(", ")
    }

    /// What a user should look into, one sentence each; empty when all went well.
    pub fn warnings(&self) -> Vec<String> {
        let path = self.path.display();
        let mut warnings = Vec::new();
        if self.off_survey > 0 {
            warnings.push(format!("{path}: {} of {} points lie off the survey", self.off_survey, self.read));
        }
        if self.between_samples > 0 {
            warnings.push(format!(
                "{path}: {} of {} points lie between two samples and were left out",
                self.between_samples, self.read
            ));
        }
        if let Some((conflict, kept, refused)) = &self.first_conflict {
            warnings.push(format!(
                "{path}: {} {} contradict earlier labels, which stay; the first at inline {}, crossline {}, \
                 {}: `{kept}` kept, `{refused}` refused",
                self.conflicts, self.unit, conflict.inline, conflict.crossline, conflict.position
            ));
        }
        if self.unknown > 0 {
            warnings.push(format!(
                "{path}: {} of {} pixels have a colour of no class and stay unlabelled, most often {}",
                self.unknown,
                self.read,
                self.describe_unknown_colors()
            ));
        }
        warnings
    }
}

impl fmt::Display for LabelReport {
    /// One line of counts, one line of classes, then the warnings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {} read, {} voxels labelled", self.path.display(), self.read, self.unit, self.used)?;
        for (count, what) in [(self.unlabelled, "unlabelled"), (self.duplicates, "duplicates")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        let gained: Vec<_> = self.classes.iter().filter(|count| count.voxels > 0).collect();
        for (k, count) in gained.iter().enumerate() {
            write!(f, "{}{} {}", if k == 0 { "\n  " } else { ", " }, count.class, count.voxels)?;
        }
        for warning in self.warnings() {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}
