//! The HDF5 library's words, made fit for a reader.

use std::path::Path;

use crate::predict::SinkError;

/// Names the output and, where the system is to blame, the system's reason.
pub(super) fn sink_error(path: &Path, error: &hdf5::Error) -> SinkError {
    let message = match error.stack() {
        Some(stack) => {
            let outermost = stack.first().map_or("the HDF5 library failed", |frame| frame.desc());
            let reason = stack.iter().rev().find_map(|frame| system_reason(frame.desc()));
            let innermost = stack.last().map_or("", |frame| frame.desc());
            match reason {
                Some(reason) => format!("{outermost}: {reason}"),
                None if innermost == outermost => outermost.to_owned(),
                None => format!("{outermost}: {innermost}"),
            }
        }
        None => error.to_string(),
    };
    SinkError::Hdf5 { path: path.to_owned(), message }
}

/// The part of a driver's report that says why; the rest is times, addresses and descriptors.
fn system_reason(description: &str) -> Option<&str> {
    let (_, rest) = description.split_once("error message = '")?;
    rest.split_once('\'').map(|(reason, _)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_reason_is_found_in_a_driver_report() {
        let report = "file write failed: time = Thu Jan  1 00:00:00 1970\n, filename = 'a.h5', file descriptor = 3, \
                      errno = 28, error message = 'No space left on device', buf = 0x1, total write size = 96";
        assert_eq!(system_reason(report), Some("No space left on device"));
        assert_eq!(system_reason("can't locate ID"), None);
    }

    #[test]
    fn a_missing_folder_is_named_as_the_reason() {
        let error = hdf5::File::create("/nonexistent-folder/cube.h5").unwrap_err();
        let message = sink_error(Path::new("cube.h5"), &error).to_string();
        assert!(message.contains("No such file or directory"), "{message}");
    }
}
