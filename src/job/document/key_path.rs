//! Names of places in a job: `training.form.dense.crop`, `labels[2].points.class`.

use std::fmt;

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Under a key, or into the form of an enum.
    Key(String),
    /// At a place of a list, from 0.
    Index(usize),
}

/// Where a value stands in a job, from its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(pub(crate) Vec<Segment>);

/// Text that is no path.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no key: write keys joined by points, places in lists in brackets, as `labels[0].points.class`")]
pub struct KeyPathError {
    /// What was given.
    text: String,
}

impl KeyPath {
    /// Reads `labels[0].points.class`.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyPathError> {
        let error = || KeyPathError { text: text.to_owned() };
        let mut segments = Vec::new();
        for part in text.split('.') {
            let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            if key.is_empty() || !key.chars().all(is_key) {
                return Err(error());
            }
            segments.push(Segment::Key(key.to_owned()));
            let Some(indices) = indices.strip_prefix('[') else { continue };
            for index in indices.strip_suffix(']').ok_or_else(error)?.split("][") {
                segments.push(Segment::Index(index.parse().map_err(|_| error())?));
            }
        }
        Ok(Self(segments))
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if place == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&serde_path_to_error::Path> for KeyPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Tracked;
        Self(
            path.iter()
                .filter_map(|segment| match segment {
                    Tracked::Seq { index } => Some(Segment::Index(*index)),
                    Tracked::Map { key } => Some(Segment::Key(key.clone())),
                    Tracked::Enum { variant } => Some(Segment::Key(variant.clone())),
                    Tracked::Unknown => None,
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_they_were_written() {
        for text in ["seed", "training.form.dense.crop", "labels[0].points.class", "a[1][2].b-c"] {
            assert_eq!(KeyPath::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", ".", "a.", "a..b", "[0]", "a[", "a[x]", "a[0", "a[0]b", "a b", "a[-1]"] {
            assert!(KeyPath::parse(wrong).is_err(), "{wrong}");
        }
    }
}
