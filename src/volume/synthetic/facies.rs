//! The classes of a synthetic cube.

use crate::grid::ClassTable;

/// What a voxel of a synthetic cube consists of. The code of its class is its place in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facies {
    /// Thin, faint, parallel layers: deep-water mud.
    LowAmplitude,
    /// Thick, bright, continuous layers: sheets of sand and shale.
    HighAmplitude,
    /// Layers that build out sideways, inclined against those above and below: a prograding slope.
    Clinoforms,
    /// Folded and broken layers: a mass-transport deposit.
    Chaotic,
    /// A cut-and-filled channel that meanders through the cube.
    Channel,
    /// A salt body without layers.
    Salt,
}

impl Facies {
    /// All classes in code order.
    pub const ALL: [Self; 6] =
        [Self::LowAmplitude, Self::HighAmplitude, Self::Clinoforms, Self::Chaotic, Self::Channel, Self::Salt];

    /// Class code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Name of the class, as a job writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LowAmplitude => "low_amplitude",
            Self::HighAmplitude => "high_amplitude",
            Self::Clinoforms => "clinoforms",
            Self::Chaotic => "chaotic",
            Self::Channel => "channel",
            Self::Salt => "salt",
        }
    }

    /// The class table of every synthetic cube, in the standard colours.
    pub fn class_table() -> ClassTable {
        ClassTable::from_names(Self::ALL.map(Self::name)).expect("six different names make a table")
    }
}
