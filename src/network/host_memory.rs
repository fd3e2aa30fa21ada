//! The machine's own memory.

use sysinfo::{MemoryRefreshKind, System};

/// Bytes that this process could still take, within the limit of its control group where there is one; `None` where the
/// system does not say.
pub(super) fn free() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let available = system.available_memory();
    let limited = system.cgroup_limits().map_or(available, |limits| limits.free_memory.min(available));
    (limited > 0).then_some(limited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_the_machine_is_free() {
        let mut system = System::new().unwrap();
        system.refresh_memory();
        assert!((1 << 20..=system.total_memory()).contains(&free().unwrap()));
    }
}
