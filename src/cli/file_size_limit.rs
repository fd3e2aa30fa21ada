//! Files that may not grow beyond a limit (`ulimit -f`, batch systems).

/// Has a write beyond the limit fail with an error, as on a full disk, rather than the system end the program.
///
/// Threads started later inherit this, so it must come before any.
#[cfg(unix)]
pub(super) fn report_file_size_limit() {
    use nix::sys::signal::{SigSet, Signal};
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    // Fails only for signals that do not exist.
    let _ = signals.thread_block();
}

/// Other systems report it anyway.
#[cfg(not(unix))]
pub(super) fn report_file_size_limit() {}
