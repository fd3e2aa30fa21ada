//! How threads wait for each other.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Read by the OpenMP library when it is loaded, before `main`; peers inherit it.
const POLICY: &str = "OMP_WAIT_POLICY";

/// Starts the benchmark anew, in the same process, with threads that sleep while they wait, as `facies` does. Those that spin
/// would take the processor from whoever is measured next.
pub(crate) fn wait_asleep() {
    if std::env::var_os(POLICY).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        // Comes back only when it fails, and then this process goes on as it is.
        let _ = Command::new(program).args(std::env::args_os().skip(1)).env(POLICY, "PASSIVE").exec();
    }
}
