//! `${NAME}` and `${NAME:-default}` in the text of a job.

use super::node::{Content, Node, Origin};
use super::{KeyPath, Segment};

/// A `${...}` that cannot be filled in.
#[derive(Debug)]
pub(crate) struct Unfilled {
    pub(crate) origin: Origin,
    pub(crate) path: KeyPath,
    pub(crate) reason: Reason,
}

/// Why a `${...}` cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The variable is not set and has no default.
    Unset(String),
    /// No `}`, or no name of a variable.
    Malformed(String),
}

/// Replaces every `${NAME}` in every text of `node`; `$$` stands for a dollar sign. Collects what cannot be replaced.
pub(crate) fn expand(node: &mut Node, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Unfilled> {
    let mut unfilled = Vec::new();
    walk(node, &mut KeyPath::default(), variable, &mut unfilled);
    unfilled
}

fn walk(node: &mut Node, path: &mut KeyPath, variable: &dyn Fn(&str) -> Option<String>, unfilled: &mut Vec<Unfilled>) {
    match &mut node.content {
        Content::Text(text) => match expanded(text, variable) {
            Ok(full) => *text = full,
            Err(reason) => unfilled.push(Unfilled { origin: node.origin, path: path.clone(), reason }),
        },
        Content::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.0.push(Segment::Index(index));
                walk(item, path, variable, unfilled);
                path.0.pop();
            }
        }
        Content::Map(entries) => {
            for entry in entries {
                path.0.push(Segment::Key(entry.key.clone()));
                walk(&mut entry.value, path, variable, unfilled);
                path.0.pop();
            }
        }
        _ => {}
    }
}

fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Reason> {
    let mut full = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        full.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            full.push('$');
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let end = inside.find('}').ok_or_else(|| Reason::Malformed(text.to_owned()))?;
            let (name, default) = match inside[..end].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&inside[..end], None),
            };
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(is_name) {
                return Err(Reason::Malformed(text.to_owned()));
            }
            // As in a shell, an empty variable counts as not set.
            let value = variable(name).filter(|value| !value.is_empty());
            let value = value.or_else(|| default.map(str::to_owned));
            full.push_str(&value.ok_or_else(|| Reason::Unset(name.to_owned()))?);
            rest = &inside[end + 1..];
        } else {
            full.push('$');
        }
    }
    full.push_str(rest);
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "DATA" => Some("/data".into()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${DATA}".into()),
            _ => None,
        }
    }

    #[test]
    fn variables_and_defaults_fill_in() {
        for (text, expected) in [
            ("${DATA}/f3.sgy", "/data/f3.sgy"),
            ("a${DATA}b${DATA}c", "a/datab/datac"),
            ("${NONE:-../data}/x", "../data/x"),
            ("${EMPTY:-here}", "here"),
            ("${DATA:-unused}", "/data"),
            ("${NONE:-}x", "x"),
            ("${NESTED}", "${DATA}"),
            ("cost $5, $${DATA}, $", "cost $5, ${DATA}, $"),
            ("é${DATA}é", "é/dataé"),
        ] {
            assert_eq!(expanded(text, &variable), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(expanded("${NONE}/x", &variable), Err(Reason::Unset("NONE".into())));
        assert_eq!(expanded("${EMPTY}", &variable), Err(Reason::Unset("EMPTY".into())));
        for wrong in ["${DATA", "${}", "${a b}", "${-x}"] {
            assert_eq!(expanded(wrong, &variable), Err(Reason::Malformed(wrong.into())), "{wrong}");
        }
    }
}
