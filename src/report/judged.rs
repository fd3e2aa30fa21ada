//! What scores are of.

/// What scores are of, as tables and figures name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judged {
    /// Labelled voxels of a cube.
    #[default]
    Voxels,
    /// Pictures of known class.
    Pictures,
}

impl Judged {
    /// `voxels`, `pictures`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Voxels => "voxels",
            Self::Pictures => "pictures",
        }
    }
}
