//! YAML text to values.

use std::borrow::Cow;

use serde_saphyr::localizer::Localizer;
use serde_saphyr::{DuplicateKeyPolicy, Location, SnippetMode, UserMessageFormatter};

use super::node::{Node, Origin};

/// Text that is no YAML.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    /// Where, if the parser knows.
    pub(crate) origin: Option<Origin>,
    /// The parser's words.
    pub(crate) message: String,
}

/// Reads one YAML document.
///
/// `yes`, `no`, `on` and `off` are text. Anchors and aliases work, within limits on what they unfold to.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: 100_000, max_events: 400_000, max_depth: 64 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let formatter = UserMessageFormatter.with_localizer(&PlaceApart);
        let rendering = serde_saphyr::render_options! { formatter: &formatter, snippets: SnippetMode::Off };
        SyntaxError { origin: error.location().map(Origin::from), message: error.render_with_options(rendering) }
    })
}

/// Leaves the place out of the parser's words, since it stands in front of every message.
struct PlaceApart;

impl Localizer for PlaceApart {
    fn attach_location<'a>(&self, words: Cow<'a, str>, _place: Location) -> Cow<'a, str> {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Aim, Content, KeyPath};
    use super::*;

    #[test]
    fn values_know_their_line_and_column() {
        let text = "a: 1\nb:\n  c: [x, {d: 2.5}]\n  e:\n    f: no\n";
        let root = parse(text).unwrap();
        for (path, aim, expected, reached) in [
            ("a", Aim::Value, (1, 4), "a"),
            ("a", Aim::Key, (1, 1), "a"),
            ("b", Aim::Value, (2, 1), "b"),
            ("b.c[0]", Aim::Value, (3, 7), "b.c[0]"),
            ("b.c[1].d", Aim::Value, (3, 14), "b.c[1].d"),
            ("b.e.f", Aim::Value, (5, 8), "b.e.f"),
            ("b.e.missing.more", Aim::Value, (4, 3), "b.e"),
            ("a.too.far", Aim::Value, (1, 4), "a"),
        ] {
            let (origin, path) = root.locate(&KeyPath::parse(path).unwrap(), aim);
            assert_eq!(origin, Origin::File { line: expected.0, column: expected.1 }, "{path}");
            assert_eq!(path.to_string(), reached);
        }
        let f = root.get("b").and_then(|b| b.get("e")?.get("f")).unwrap();
        assert_eq!(f.content, Content::Text("no".into()), "YAML 1.1 booleans stay text");
    }

    #[test]
    fn broken_yaml_is_refused_where_it_breaks() {
        for (text, line, words) in [
            ("a: 1\na: 2\n", 2, "a"),
            ("a: [1, 2\nb: 3\n", 2, ""),
            ("a:\n\t- 1\n", 2, "tab"),
            ("a: 1\n---\nb: 2\n", 3, "document"),
            ("a: *nowhere\n", 1, "unknown"),
            ("? [1, 2]\n: 3\n", 1, ""),
            ("a: .nan\n", 1, ""),
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error.origin, Some(Origin::File { line: at, .. }) if at == line), "{text}: {error:?}");
            assert!(error.message.to_lowercase().contains(words), "{text}: {error:?}");
            assert!(!error.message.contains("line "), "{error:?}");
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(parse(&bomb).is_err(), "an alias bomb must not unfold");
    }
}
