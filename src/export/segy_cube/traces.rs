//! Which traces of a file lie in which section.

/// Traces by section, those of one section in file order; four bytes a trace.
pub(super) struct TracesOfSections {
    /// Where the traces of each section begin, and where the last ones end.
    starts: Vec<usize>,
    traces: Vec<u32>,
    /// Traces that lie in no section.
    others: Vec<u32>,
}

impl TracesOfSections {
    /// Sorts `trace_count` traces, fewer than 2^32, into `sections`; `section_of` names each one's.
    pub(super) fn new(trace_count: u64, sections: usize, section_of: impl Fn(u64) -> Option<usize>) -> Self {
        let mut starts = vec![0; sections + 1];
        let mut others = Vec::new();
        for trace in 0..trace_count {
            match section_of(trace) {
                Some(section) => starts[section + 1] += 1,
                None => others.push(trace as u32),
            }
        }
        for section in 0..sections {
            starts[section + 1] += starts[section];
        }
        let mut next = starts.clone();
        let mut traces = vec![0; starts[sections]];
        for trace in 0..trace_count {
            if let Some(section) = section_of(trace) {
                traces[next[section]] = trace as u32;
                next[section] += 1;
            }
        }
        Self { starts, traces, others }
    }

    /// The traces of one section.
    pub(super) fn of(&self, section: usize) -> &[u32] {
        &self.traces[self.starts[section]..self.starts[section + 1]]
    }

    /// The traces of no section.
    pub(super) fn others(&self) -> &[u32] {
        &self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_is_found_once_in_file_order() {
        let sections = [Some(2), Some(0), None, Some(2), Some(0), Some(2)];
        let sorted = TracesOfSections::new(6, 3, |trace| sections[trace as usize]);
        assert_eq!(sorted.of(0), [1, 4]);
        assert!(sorted.of(1).is_empty());
        assert_eq!(sorted.of(2), [0, 3, 5]);
        assert_eq!(sorted.others(), [2]);
    }
}
