//! The account a reader gives of its input.

use std::fmt;
use std::path::PathBuf;

use super::Conflict;
use crate::grid::Color;

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
                "{path}: {} {} contradict earlier labels, which stay; the first at inline {}, crossline {}, {}: `{kept}` \
                 kept, `{refused}` refused",
                self.conflicts, self.unit, conflict.inline, conflict.crossline, conflict.position
            ));
        }
        if self.unknown > 0 {
            let colors: Vec<_> =
                self.unknown_colors.iter().map(|(color, pixels)| format!("{color} ({pixels})")).collect();
            warnings.push(format!(
                "{path}: {} of {} pixels have a colour of no class and stay unlabelled, most often {}",
                self.unknown,
                self.read,
                colors.join(", ")
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
