//! A job before it has types: values that remember where they were written, changed by `--set` and the environment.

mod environment;
mod key_path;
mod node;
mod overrides;
mod parse;
mod typed;

pub(crate) use environment::{Reason, expand};
pub use key_path::KeyPathError;
pub(crate) use key_path::{KeyPath, Segment};
pub(crate) use node::{Aim, Content, Entry, Node, Origin};
pub(crate) use overrides::Override;
pub use overrides::OverrideError;
pub(crate) use parse::parse;
