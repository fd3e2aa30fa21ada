//! serde's and garde's messages in the words of a job.

/// serde's message for a form with keys of its own that is written without them.
const WORD_ALONE: &str = "invalid type: unit variant, expected newtype variant";

/// serde's message in the words of a job, and a remedy where one can be guessed.
pub(super) fn reworded(message: &str) -> (String, Option<String>) {
    let mut text = message.replace("unknown field", "unknown key").replace("missing field", "missing key");
    text = text.replace("unknown variant", "unknown form").replace("there are no fields", "there are no keys");
    for (rust, plain) in [
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected usize", "expected a whole number, 0 or more"),
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected u16", "expected a whole number, 0 to 65535"),
        ("expected u8", "expected a whole number, 0 to 255"),
        ("expected i32", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected a string", "expected a text"),
        ("expected path string", "expected a path"),
        ("expected a boolean", "expected `true` or `false`"),
        ("expected a sequence", "expected a list"),
        ("expected unit", "expected no value"),
        ("invalid type: unit value", "found nothing"),
        ("invalid type: null", "found nothing"),
        ("invalid type: sequence", "found a list"),
        ("invalid type: map", "found a map"),
        ("invalid type: string", "found the text"),
        ("invalid type: integer", "found the number"),
        ("invalid type: floating point", "found the number"),
        ("invalid type: boolean", "found"),
        ("invalid value: string", "found the text"),
        ("invalid value: integer", "found the number"),
    ] {
        text = text.replace(rust, plain);
    }
    if text == WORD_ALONE {
        let help = "write `{ NAME: { ... } }`; `{ NAME: {} }` takes what is usual for all that may be left out";
        return ("found a word alone, expected a map from that word to its keys".to_owned(), Some(help.to_owned()));
    }
    let help = text.starts_with("unknown").then(|| likely(&text)).flatten();
    (text, help.map(|name| format!("did you mean `{name}`?")))
}

/// The expected name closest to the unknown one, where they are close.
fn likely(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let distance = |name: &str| strsim::damerau_levenshtein(unknown, name);
    let closest = names.min_by_key(|name| distance(name))?;
    (distance(closest) <= 1 + unknown.chars().count() / 4).then(|| closest.to_owned())
}

/// garde's message in the words of a job.
pub(super) fn range(message: &str) -> String {
    if let Some(bound) = message.strip_prefix("greater than ") {
        return format!("{bound} is the most");
    }
    if let Some(bound) = message.strip_prefix("lower than ") {
        return format!("{bound} is the least");
    }
    if let Some(bound) = message.strip_prefix("length is greater than ") {
        return format!("holds too many; {bound} is the most");
    }
    if let Some(bound) = message.strip_prefix("length is lower than ") {
        return format!("holds too few; {bound} is the least");
    }
    message.to_owned()
}
