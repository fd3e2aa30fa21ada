//! Attributes of objects in an HDF5 file.

use std::fmt::Write as _;

use hdf5::types::VarLenUnicode;
use hdf5::{H5Type, Location};

use crate::grid::ClassTable;

/// Writes one text, as a string that h5py gives back as `str`.
pub(super) fn text(object: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    object.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&unicode(value)?)
}

/// Writes a list of texts.
pub(super) fn texts<'t>(
    object: &Location,
    name: &str,
    values: impl ExactSizeIterator<Item = &'t str>,
) -> hdf5::Result<()> {
    let attribute = object.new_attr::<VarLenUnicode>().shape(values.len()).create(name)?;
    attribute.write_raw(&values.map(unicode).collect::<hdf5::Result<Vec<_>>>()?)
}

/// Writes one number.
pub(super) fn number<T: H5Type>(object: &Location, name: &str, value: T) -> hdf5::Result<()> {
    object.new_attr::<T>().create(name)?.write_scalar(&value)
}

/// Writes a list of numbers.
pub(super) fn numbers<T: H5Type>(object: &Location, name: &str, values: &[T]) -> hdf5::Result<()> {
    object.new_attr::<T>().shape(values.len()).create(name)?.write_raw(values)
}

/// The class table as the CF conventions (section 3.5) want it: values beside names without blanks.
pub(super) fn flags(object: &Location, classes: &ClassTable) -> hdf5::Result<()> {
    numbers(object, "flag_values", &class_values(classes))?;
    text(object, "flag_meanings", &flag_meanings(classes))
}

/// Values of the classes in exported cubes: 1 to K.
pub(super) fn class_values(classes: &ClassTable) -> Vec<u8> {
    (0..classes.len()).map(|code| crate::grid::volume_code(code as u8)).collect()
}

/// Class names joined by blanks; what CF does not allow within a word becomes `_`, and equal words are numbered.
fn flag_meanings(classes: &ClassTable) -> String {
    let mut words: Vec<String> = Vec::with_capacity(classes.len());
    for (class, value) in classes.iter().zip(class_values(classes)) {
        let allowed = |letter: char| letter.is_alphanumeric() || "_-.+@".contains(letter);
        let mut word: String =
            class.name.trim().chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect();
        while words.contains(&word) {
            write!(word, "_{value}").expect("writing to a string cannot fail");
        }
        words.push(word);
    }
    words.join(" ")
}

/// HDF5 strings end at the first NUL.
fn unicode(value: &str) -> hdf5::Result<VarLenUnicode> {
    value.replace('\0', " ").parse().map_err(|error| hdf5::Error::Internal(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_meanings_hold_one_distinct_word_per_class() {
        let classes = ClassTable::from_names(["high amp", "high_amp", "grès", "a\u{a0}b\tc", "x/y", "x y"]).unwrap();
        assert_eq!(flag_meanings(&classes), "high_amp high_amp_2 grès a_b_c x_y x_y_6");
        assert_eq!(class_values(&classes), [1, 2, 3, 4, 5, 6]);
    }
}
