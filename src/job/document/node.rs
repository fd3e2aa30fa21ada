//! Values of a YAML file that remember where they were written.

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{KeyPath, Segment};

/// Where a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the file; both count from 1.
    File {
        /// Line.
        line: u64,
        /// Character of the line.
        column: u64,
    },
    /// In this one of the `--set` arguments, counted from 0.
    Set(usize),
}

/// One value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value; keys of one map differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) origin: Origin,
    pub(crate) value: Node,
}

/// Which part of an entry a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    Key,
    Value,
}

impl Node {
    /// The value under `key`, where this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Where `path` leads, as far as it leads anywhere, and the part of it that does.
    ///
    /// `[0]` of a map is either the map itself, written where a list of maps could stand, or its only entry, which is
    /// how garde names the form of an enum.
    pub(crate) fn locate(&self, path: &KeyPath, aim: Aim) -> (Origin, KeyPath) {
        let mut node = self;
        let mut origin = self.origin;
        let mut reached = KeyPath::default();
        let mut segments = path.0.iter().peekable();
        while let Some(segment) = segments.next() {
            let entry = match (&node.content, segment) {
                (Content::List(items), Segment::Index(index)) if *index < items.len() => {
                    node = &items[*index];
                    origin = node.origin;
                    reached.0.push(segment.clone());
                    continue;
                }
                (Content::Map(entries), Segment::Key(key)) => entries.iter().find(|entry| entry.key == *key),
                (Content::Map(entries), Segment::Index(0)) => match segments.peek() {
                    Some(Segment::Key(key)) if node.get(key).is_some() => continue,
                    _ if entries.len() == 1 => entries.first(),
                    _ => None,
                },
                _ => None,
            };
            let Some(entry) = entry else { break };
            node = &entry.value;
            // What is wrong with a whole map is better shown at its key than at the first key inside.
            let whole_map = matches!(node.content, Content::Map(_) | Content::Null);
            let last = segments.peek().is_none();
            origin = if whole_map || (aim == Aim::Key && last) { entry.origin } else { node.origin };
            reached.0.push(Segment::Key(entry.key.clone()));
        }
        (origin, reached)
    }
}

impl From<Location> for Origin {
    fn from(location: Location) -> Self {
        Self::File { line: location.line(), column: location.column() }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { origin: spanned.referenced.into(), content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value, a list or a map with text as keys")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(u64::try_from(value).map_or(Content::Signed(value), Content::Unsigned))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Unsigned(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, Node>()? {
            if entries.iter().any(|entry| entry.key == key.value) {
                return Err(de::Error::custom(format!("key `{}` occurs twice", key.value)));
            }
            entries.push(Entry { key: key.value, origin: key.referenced.into(), value });
        }
        Ok(Content::Map(entries))
    }
}
