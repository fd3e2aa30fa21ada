//! What became of labels when they were put on the grid.

/// A label that contradicts one already there. The earlier one stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conflict {
    /// Inline number.
    pub inline: i32,
    /// Crossline number.
    pub crossline: i32,
    /// Two-way time in ms or depth in m.
    pub position: f64,
    /// Class that was there before.
    pub kept: u8,
    /// Class that was refused.
    pub refused: u8,
}

/// Count of labels put on the grid, by what was there before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Voxels labelled for the first time, per class code.
    pub used: Vec<u64>,
    /// Labels whose voxel carried the same class already.
    pub duplicates: u64,
    /// Labels whose voxel carried another class already, which stays.
    pub conflicts: u64,
    /// The first of the conflicts.
    pub first_conflict: Option<Conflict>,
}

impl Placement {
    /// Voxels labelled for the first time.
    pub fn used_total(&self) -> u64 {
        self.used.iter().sum()
    }

    pub(super) fn count_used(&mut self, code: u8) {
        let code = usize::from(code);
        if self.used.len() <= code {
            self.used.resize(code + 1, 0);
        }
        self.used[code] += 1;
    }

    pub(super) fn count_conflict(&mut self, conflict: impl FnOnce() -> Conflict) {
        self.conflicts += 1;
        if self.first_conflict.is_none() {
            self.first_conflict = Some(conflict());
        }
    }
}
