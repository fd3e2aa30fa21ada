//! One line of a point file.

use std::path::Path;

use super::LabelError;

/// A position as it stands in the file.
#[derive(Debug, PartialEq)]
pub(super) struct Point {
    pub(super) inline: f64,
    pub(super) crossline: f64,
    /// Time in ms or depth in m.
    pub(super) position: f64,
    /// Class code, 0 where none was asked for.
    pub(super) code: i64,
    /// Where the code stands in the line, from 1.
    pub(super) code_column: usize,
}

/// Reads a line; `None` where it is empty or a comment. With `coded`, the last column is a class code.
pub(super) fn parse_line(path: &Path, line: u64, text: &[u8], coded: bool) -> Result<Option<Point>, LabelError> {
    let text = text.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii_end();
    if text.is_empty() {
        return Ok(None);
    }
    let mut fields = Fields { text, at: 0 };
    let broken = |field: Option<(usize, &[u8])>, expected| LabelError::BrokenLine {
        path: path.to_owned(),
        line,
        column: field.map_or(text.len(), |(at, _)| at) + 1,
        expected,
        found: field.map_or("the end of the line".to_owned(), |(_, field)| {
            format!("`{}`", String::from_utf8_lossy(&field[..field.len().min(40)]))
        }),
    };
    let mut number = |expected| {
        let field = fields.next();
        field.and_then(|(_, field)| parse_number(field)).ok_or_else(|| broken(field, expected))
    };
    let mut point = Point {
        inline: number("an inline number")?,
        crossline: number("a crossline number")?,
        position: number("a time or depth")?,
        code: 0,
        code_column: 0,
    };
    if coded {
        let last = fields.last();
        let code = last.and_then(|(_, field)| parse_number(field)).filter(|code| code.fract() == 0.0);
        point.code = code.ok_or_else(|| broken(last, "a class code"))? as i64;
        point.code_column = last.map_or(0, |(at, _)| at + 1);
    }
    Ok(Some(point))
}

fn parse_number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The fields of a line and where they start.
struct Fields<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at + self.text[self.at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        let length = self.text[start..].iter().position(u8::is_ascii_whitespace).unwrap_or(self.text.len() - start);
        self.at = start + length;
        Some((start, &self.text[start..self.at]))
    }
}
