//! A Rust file with its comments and literals blanked out, so that rules look at code only.

/// One Rust file.
pub(super) struct Source {
    /// Path from the project's folder, with forward slashes.
    pub name: String,
    /// The text as it stands.
    pub text: String,
    /// The text with every comment and literal replaced by spaces; lines stay where they are.
    pub code: String,
    /// Byte at which `#[cfg(test)]` starts the test module (`#![cfg(test)]` the whole file), or the end.
    pub tests_start: usize,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let code = blank(text);
        let tests_start = code.find("[cfg(test)]").unwrap_or(code.len());
        Self { name: name.to_owned(), text: text.to_owned(), code, tests_start }
    }

    /// The room a file of `src/` belongs to, with the depth of its module under the crate.
    pub(super) fn room(&self) -> Option<(&str, usize)> {
        let inside = self.name.strip_prefix("src/")?;
        let (room, rest) = inside.split_once('/')?;
        let folders = rest.matches('/').count();
        Some((room, if rest.ends_with("mod.rs") { folders + 1 } else { folders + 2 }))
    }

    /// 1-based line of a byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Bytes at which `word` stands in the code as a whole word.
    pub(super) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        self.code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
            !self.code[..at].ends_with(in_word) && !self.code[at + word.len()..].starts_with(in_word)
        })
    }
}

/// Replaces comments, strings and character literals by spaces.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = literal_length(rest, after_word);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// Length of the comment or literal that `rest` starts with, or 0.
fn literal_length(rest: &str, after_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if !after_word && let Some(raw) = raw_string_length(rest) {
        return raw;
    }
    if rest.starts_with('"') {
        return quoted_length(rest, '"').unwrap_or(rest.len());
    }
    // `'a'` and `'\n'` are characters, `'a` alone is a lifetime.
    let mut after_quote = rest.strip_prefix('\'').into_iter().flat_map(str::chars);
    match (after_quote.next(), after_quote.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted_length(rest, '\'').unwrap_or(0),
        _ => 0,
    }
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn raw_string_length(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let content = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - content.len();
    Some(content.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

fn quoted_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + c.len_utf8());
        }
    }
    None
}

#[test]
fn comments_and_literals_vanish_and_every_byte_keeps_its_line() {
    for (text, code) in [
        ("a // tch\nb", "a b"),
        ("a /* x /* tch */ y\n */ b", "a b"),
        ("f(\"tch \\\" tch\") + g", "f( ) + g"),
        ("r#\"tch \" tch\"# + g", "+ g"),
        ("br\"tch\" + g", "+ g"),
        ("f('\"', '\\'', \"x\")", "f( , , )"),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("for_r\"x\"", "for_r"),
        ("\"é\"", ""),
    ] {
        let blanked = blank(text);
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>().join(" "), code, "{text}");
        assert_eq!(blanked.len(), text.len(), "{text}");
        assert_eq!(blanked.find('\n'), text.find('\n'), "{text}");
    }
}
