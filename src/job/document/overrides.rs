//! `--set path.to.key=value`: changes to a job from outside its file.

use super::node::{Content, Entry, Node, Origin};
use super::{KeyPath, KeyPathError, Segment};

/// One `--set` argument, split and typed.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    path: KeyPath,
    value: Node,
}

/// Why a `--set` argument cannot be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// There is no `=`.
    #[error("`=` is missing")]
    NoValue,
    /// The left side is no key.
    #[error(transparent)]
    Key(#[from] KeyPathError),
    /// The right side is no YAML.
    #[error("the value is no YAML: {reason}")]
    Value {
        /// The parser's words.
        reason: String,
    },
    /// A key leads into a list past its entries.
    #[error("`{parent}` is a list: its first entry's is `{parent}[0].{child}`")]
    List {
        /// The list.
        parent: String,
        /// What was looked for in it.
        child: String,
    },
    /// A key leads into a value that holds none.
    #[error("`{parent}` is a single value and holds no `{child}`")]
    NotAMap {
        /// The value.
        parent: String,
        /// What was looked for in it.
        child: String,
    },
    /// A place behind the end of a list.
    #[error("`{list}` has {length} entries, so there is no [{index}]")]
    NoSuchEntry {
        /// The list.
        list: String,
        /// How many it has.
        length: usize,
        /// The place asked for.
        index: usize,
    },
}

impl Override {
    /// Splits and types the argument at `place` among all `--set` arguments.
    pub(crate) fn parse(place: usize, argument: &str) -> Result<Self, OverrideError> {
        let (key, value) = argument.split_once('=').ok_or(OverrideError::NoValue)?;
        let path = KeyPath::parse(key.trim())?;
        let mut value = if value.trim().is_empty() {
            Node { origin: Origin::Set(place), content: Content::Null }
        } else {
            super::parse(value).map_err(|error| OverrideError::Value { reason: error.message })?
        };
        claim(&mut value, Origin::Set(place));
        Ok(Self { path, value })
    }

    /// Puts the value into `root`, making the maps on the way that are not there.
    pub(crate) fn apply(self, root: &mut Node) -> Result<(), OverrideError> {
        let origin = self.value.origin;
        let mut node = root;
        let mut reached = KeyPath::default();
        let mut segments = self.path.0.into_iter().peekable();
        while let Some(segment) = segments.next() {
            if node.content == Content::Null {
                node.content = Content::Map(Vec::new());
            }
            node = match (&mut node.content, &segment) {
                (Content::Map(entries), Segment::Key(key)) => {
                    let place = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
                        let value = Node { origin, content: Content::Null };
                        entries.push(Entry { key: key.clone(), origin, value });
                        entries.len() - 1
                    });
                    let entry = &mut entries[place];
                    if segments.peek().is_none() {
                        // What is wrong with a whole map is shown at its key, which the file no longer decides about.
                        entry.origin = origin;
                    }
                    &mut entry.value
                }
                (Content::List(items), Segment::Index(index)) => {
                    let length = items.len();
                    items.get_mut(*index).ok_or_else(|| OverrideError::NoSuchEntry {
                        list: reached.to_string(),
                        length,
                        index: *index,
                    })?
                }
                (content, _) => {
                    let is_list = matches!(content, Content::List(_));
                    let (parent, child) = (reached.to_string(), KeyPath(vec![segment]).to_string());
                    return Err(match is_list {
                        true => OverrideError::List { parent, child },
                        false => OverrideError::NotAMap { parent, child },
                    });
                }
            };
            reached.0.push(segment);
        }
        *node = self.value;
        Ok(())
    }
}

/// Marks everything in `node` as written at `origin`.
fn claim(node: &mut Node, origin: Origin) {
    node.origin = origin;
    match &mut node.content {
        Content::List(items) => items.iter_mut().for_each(|item| claim(item, origin)),
        Content::Map(entries) => entries.iter_mut().for_each(|entry| {
            entry.origin = origin;
            claim(&mut entry.value, origin);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Aim, parse};
    use super::*;

    fn set(yaml: &str, argument: &str) -> Result<Node, String> {
        let mut root = parse(yaml).unwrap();
        Override::parse(0, argument)
            .and_then(|change| change.apply(&mut root))
            .map_err(|error| error.to_string())
            .map(|()| root)
    }

    fn without_origins(mut node: Node) -> Node {
        claim(&mut node, Origin::Set(0));
        node
    }

    #[test]
    fn a_set_value_stands_where_its_key_says() {
        for (yaml, argument, expected) in [
            ("a: 1", "a=2", "a: 2"),
            ("a: 1", "b.c=x", "{a: 1, b: {c: x}}"),
            ("a: {b: 1, c: 2}", "a.c={d: [1, 2]}", "a: {b: 1, c: {d: [1, 2]}}"),
            ("a: [{b: 1}, {b: 2}]", "a[1].b=3.5", "a: [{b: 1}, {b: 3.5}]"),
            ("a: [1, 2]", "a=[]", "a: []"),
            ("a: {b: 1}", "a=", "a: null"),
            ("a:", "a.b='x=y'", "a: {b: 'x=y'}"),
        ] {
            let changed = set(yaml, argument).unwrap();
            assert_eq!(without_origins(changed), without_origins(parse(expected).unwrap()), "{yaml} {argument}");
        }
    }

    #[test]
    fn a_set_value_is_found_at_its_argument_and_its_neighbours_in_the_file() {
        let file = "a: {b: 1}\nc: {d: 1, e: 2}";
        let whole = set(file, "a={b: 2}").unwrap();
        let at = |root: &Node, key: &str| root.locate(&KeyPath::parse(key).unwrap(), Aim::Value).0;
        assert_eq!((at(&whole, "a"), at(&whole, "a.b")), (Origin::Set(0), Origin::Set(0)));
        assert_eq!(at(&whole, "c"), Origin::File { line: 2, column: 1 });
        let part = set(file, "c.d=[3]").unwrap();
        assert_eq!((at(&part, "c.d"), at(&part, "c")), (Origin::Set(0), Origin::File { line: 2, column: 1 }));
    }

    #[test]
    fn arguments_that_fit_nowhere_say_why() {
        for (argument, words) in [
            ("a", "`=` is missing"),
            ("a..b=1", "is no key"),
            ("a=[1", "no YAML"),
            ("a.b=1", "`a` is a single value and holds no `b`"),
            ("l[2]=1", "`l` has 2 entries, so there is no [2]"),
            ("l.x=1", "`l` is a list: its first entry's is `l[0].x`"),
        ] {
            let error = set("{a: 1, l: [1, 2]}", argument).unwrap_err();
            assert!(error.contains(words), "{argument}: {error}");
        }
    }
}
