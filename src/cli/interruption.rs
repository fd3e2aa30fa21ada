//! Ctrl-C and other signals.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::INTERRUPTED;

/// A flag that the first Ctrl-C (or SIGTERM, SIGHUP) sets, so that work stops at the next safe point; the second ends the
/// program at once.
pub(super) fn interruption() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            end_now();
        }
        let _ = writeln!(io::stderr().lock(), "\nstopping at the next safe point; once more ends at once");
    };
    // Fails where signals cannot be caught; Ctrl-C then ends the program, as it would without this.
    let _ = ctrlc::set_handler(handler);
    interrupted
}

/// Lets a write beyond the file-size limit (`ulimit -f`) fail with an error, as on a full disk, instead of ending the
/// program without a word.
pub(super) fn survive_file_size_limit() {
    // A signal that has a handler interrupts nothing but the write. Fails where the signal does not exist.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// The user asked twice, and checkpoints are written under temporary names. Without the clean-up of libraries, whose threads are still
/// at work: libtorch's crashes then.
fn end_now() {
    signal_hook::low_level::exit(INTERRUPTED.into());
}
