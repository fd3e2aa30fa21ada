//! The classes of an interpretation: code, name, colour.

use serde::{Deserialize, Serialize};

use super::Color;

/// Code of a voxel that carries no label, inside the program.
pub const UNLABELLED: u8 = 255;

/// Value of a voxel without a class in every volume that leaves the program.
pub const NO_CLASS: u8 = 0;

/// Value that a volume holds for the class `code`: one more, so that 0 stays free for "no class".
pub fn volume_code(code: u8) -> u8 {
    if code == UNLABELLED { NO_CLASS } else { code + 1 }
}

/// One facies class; its code is its place in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaciesClass {
    /// Name as the interpreter wrote it.
    pub name: String,
    /// Colour in every figure and colour table.
    pub color: Color,
}

/// The classes of a job, in code order. At least one and at most 254; names are unique and not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<FaciesClass>", into = "Vec<FaciesClass>")]
pub struct ClassTable {
    classes: Vec<FaciesClass>,
}

/// Classes that cannot form a table.
#[derive(Debug, thiserror::Error)]
pub enum ClassTableError {
    /// No class at all.
    #[error("no class is named: list at least two under `classes`")]
    Empty,
    /// More classes than one byte can tell apart.
    #[error("{count} classes are named, 254 is the most that fits one byte beside `no class`")]
    TooMany {
        /// How many were named.
        count: usize,
    },
    /// The same name twice.
    #[error("class `{name}` is named twice")]
    Duplicate {
        /// The repeated name.
        name: String,
    },
    /// A name without a visible character.
    #[error("class {code} has an empty name")]
    Unnamed {
        /// Its code.
        code: usize,
    },
}

/// Twelve colours that stay apart for colour-blind readers and in print: Okabe and Ito (2008), then Tol's muted set.
const PALETTE: [[u8; 3]; 12] = [
    [0xE6, 0x9F, 0x00],
    [0x56, 0xB4, 0xE9],
    [0x00, 0x9E, 0x73],
    [0xF0, 0xE4, 0x42],
    [0x00, 0x72, 0xB2],
    [0xD5, 0x5E, 0x00],
    [0xCC, 0x79, 0xA7],
    [0x33, 0x22, 0x88],
    [0x88, 0x22, 0x55],
    [0x99, 0x99, 0x33],
    [0x44, 0xAA, 0x99],
    [0x66, 0x66, 0x66],
];

impl ClassTable {
    /// A table of `classes`, in code order.
    ///
    /// # Errors
    /// When there is none, more than 254, a name is empty or occurs twice.
    pub fn new(classes: Vec<FaciesClass>) -> Result<Self, ClassTableError> {
        if classes.is_empty() {
            return Err(ClassTableError::Empty);
        }
        if classes.len() > 254 {
            return Err(ClassTableError::TooMany { count: classes.len() });
        }
        for (code, class) in classes.iter().enumerate() {
            if class.name.trim().is_empty() {
                return Err(ClassTableError::Unnamed { code });
            }
            if classes[..code].iter().any(|other| other.name == class.name) {
                return Err(ClassTableError::Duplicate { name: class.name.clone() });
            }
        }
        Ok(Self { classes })
    }

    /// A table of `names` in the standard colours.
    ///
    /// # Errors
    /// As [`ClassTable::new`].
    pub fn from_names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, ClassTableError> {
        let classes = names.into_iter().enumerate();
        Self::new(
            classes.map(|(code, name)| FaciesClass { name: name.into(), color: Self::standard_color(code) }).collect(),
        )
    }

    /// The colour that class `code` gets when the job names none. From the thirteenth class on the twelve repeat, darker.
    pub fn standard_color(code: usize) -> Color {
        let shade = [4u16, 3, 2][(code / PALETTE.len()) % 3];
        Color(PALETTE[code % PALETTE.len()].map(|channel| (u16::from(channel) * shade / 4) as u8))
    }

    /// How many classes there are.
    #[expect(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// The classes in code order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &FaciesClass> {
        self.classes.iter()
    }

    /// The class of `code`, if there is one.
    pub fn get(&self, code: u8) -> Option<&FaciesClass> {
        self.classes.get(usize::from(code))
    }

    /// Code of the class called `name`.
    pub fn code(&self, name: &str) -> Option<u8> {
        self.classes.iter().position(|class| class.name == name).map(|code| code as u8)
    }
}

impl TryFrom<Vec<FaciesClass>> for ClassTable {
    type Error = ClassTableError;

    fn try_from(classes: Vec<FaciesClass>) -> Result<Self, ClassTableError> {
        Self::new(classes)
    }
}

impl From<ClassTable> for Vec<FaciesClass> {
    fn from(table: ClassTable) -> Self {
        table.classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thirty_six_standard_colours_differ() {
        let colors: Vec<_> = (0..36).map(ClassTable::standard_color).collect();
        for (code, color) in colors.iter().enumerate() {
            assert!(!colors[..code].contains(color), "class {code} repeats {color}");
        }
    }

    #[test]
    fn names_must_be_unique() {
        assert!(matches!(ClassTable::from_names(["salt", "salt"]), Err(ClassTableError::Duplicate { .. })));
        let table = ClassTable::from_names(["else", "salt"]).unwrap();
        assert_eq!(table.code("salt"), Some(1));
        assert_eq!(volume_code(1), 2);
        assert_eq!(volume_code(UNLABELLED), NO_CLASS);
    }
}
