//! How much may be made of a file.

/// How many times longer than the file all that is made of it may be: 16-bit weights become twice as long, and weights hardly
/// compress.
const MOST: u64 = 8;

/// Bytes that may still be made of a file. Names of tensors may share what lies in it once, so each that is fine by itself does not
/// mean that all of them are.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    /// For a file of `length` bytes.
    pub(super) fn of_file(length: u64) -> Self {
        Self { left: MOST.saturating_mul(length) }
    }

    /// Takes the bytes of `count` values of `each` bytes; `what` says of what, where there are too many.
    pub(super) fn take(&mut self, count: u64, each: usize, what: impl FnOnce() -> String) -> Result<(), String> {
        let bytes = count.checked_mul(each as u64);
        let rest = bytes.and_then(|bytes| self.left.checked_sub(bytes)).ok_or_else(|| {
            format!(
                "with {} its tensors come to more than {MOST} times the length of the file, which no weights do",
                what()
            )
        })?;
        self.left = rest;
        Ok(())
    }
}
