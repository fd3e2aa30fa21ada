//! What all figures have in common.

use std::path::Path;

use crate::report::{ReportError, write_atomically};

/// A picture that can be drawn.
pub trait Figure {
    /// The picture as the bytes of a PNG file.
    ///
    /// # Errors
    /// When arrays do not fit the axes, or there is nothing to draw.
    fn png(&self) -> Result<Vec<u8>, ReportError>;

    /// Writes the picture to `path`.
    ///
    /// # Errors
    /// As [`Figure::png`], and when the file cannot be written.
    fn draw(&self, path: &Path) -> Result<(), ReportError> {
        write_atomically(path, &self.png()?).map_err(ReportError::write(path))
    }
}
