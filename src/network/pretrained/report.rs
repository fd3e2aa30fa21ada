//! What of a file fits a network.

use std::fmt;

/// What of a weights file fits a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Tensors that both have, in the same shape.
    pub loaded: Vec<String>,
    /// Tensors that the network needs and the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network does not use.
    pub unexpected: Vec<String>,
    /// Tensors whose shapes differ: name, shape in the file, shape needed.
    pub wrong_shape: Vec<(String, Vec<usize>, Vec<usize>)>,
}

/// Names that a message lists before it breaks off.
const LISTED: usize = 8;

impl ImportReport {
    /// Whether the network finds all that it needs.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.wrong_shape.is_empty()
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors fit", self.loaded.len())?;
        if !self.missing.is_empty() {
            write!(f, ", missing {}", shortened(&self.missing))?;
        }
        for (name, actual, needed) in self.wrong_shape.iter().take(LISTED) {
            write!(f, ", `{name}` is {actual:?} where {needed:?} is needed")?;
        }
        if self.wrong_shape.len() > LISTED {
            write!(f, ", and {} more of wrong shapes", self.wrong_shape.len() - LISTED)?;
        }
        if !self.unexpected.is_empty() {
            write!(f, ", {} not used ({} ...)", self.unexpected.len(), self.unexpected[0])?;
        }
        Ok(())
    }
}

fn shortened(names: &[String]) -> String {
    match names.len().checked_sub(LISTED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..LISTED].join(", ")),
    }
}
