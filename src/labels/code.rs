//! Class codes as they stand in files.

use crate::grid::{ClassTable, UNLABELLED};

/// What a code in a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// This class, counted from 0.
    Class(u8),
    /// No class: 255, or 0 where the classes count from 1.
    None,
    /// A class that the table lacks.
    Unknown,
}

/// Reads `value` as a code whose first class is `base`.
pub(super) fn code_of(value: i64, base: u8, classes: &ClassTable) -> Code {
    if value == i64::from(UNLABELLED) || (base > 0 && value == 0) {
        return Code::None;
    }
    match u8::try_from(value - i64::from(base)) {
        Ok(code) if classes.get(code).is_some() => Code::Class(code),
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_moves_the_codes_and_frees_zero() {
        let classes = ClassTable::from_names(["a", "b"]).unwrap();
        for (value, base, expected) in [
            (0, 0, Code::Class(0)),
            (1, 0, Code::Class(1)),
            (2, 0, Code::Unknown),
            (-1, 0, Code::Unknown),
            (255, 0, Code::None),
            (0, 1, Code::None),
            (1, 1, Code::Class(0)),
            (2, 1, Code::Class(1)),
            (3, 1, Code::Unknown),
            (255, 1, Code::None),
            (1, 2, Code::Unknown),
            (i64::from(i32::MIN), 1, Code::Unknown),
            (257, 1, Code::Unknown),
        ] {
            assert_eq!(code_of(value, base, &classes), expected, "{value} from {base}");
        }
    }
}
