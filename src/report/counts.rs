//! Counts for people.

/// A narrow space that does not break.
pub(super) const NARROW_SPACE: char = '\u{202F}';

/// A count with narrow spaces between thousands.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(NARROW_SPACE);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1 000"), (141_111, "141 111"), (1_234_567, "1 234 567")]
        {
            assert_eq!(grouped(count), text.replace(' ', "\u{202F}"));
        }
    }
}
