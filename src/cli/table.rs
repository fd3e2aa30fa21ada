//! Aligned columns.

use std::fmt;

/// A table whose columns are as wide as their widest cell. Columns of numbers stand to the right.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<S: Into<String>>(titles: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![titles.into_iter().map(Into::into).collect()] }
    }

    pub(super) fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: usize, column: usize| self.rows[row].get(column).map_or("", String::as_str);
        let layout: Vec<(usize, bool)> = (0..columns)
            .map(|column| {
                let width = (0..self.rows.len()).map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
                let is_number =
                    |text: &str| text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
                (width, (1..self.rows.len()).all(|row| is_number(cell(row, column))))
            })
            .collect();
        for row in 0..self.rows.len() {
            let mut line = String::new();
            for (column, &(width, numbers)) in layout.iter().enumerate() {
                let text = cell(row, column);
                line += if column > 0 { "  " } else { "" };
                line += &if numbers { format!("{text:>width$}") } else { format!("{text:<width$}") };
            }
            let end = if row + 1 < self.rows.len() { "\n" } else { "" };
            write!(f, "{}{end}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let mut table = Table::new(["class", "voxels"]);
        table.add(["salt".to_owned(), "12".to_owned()]);
        table.add(["low amplitude".to_owned(), "3,456".to_owned()]);
        assert_eq!(table.to_string(), "class          voxels\nsalt               12\nlow amplitude   3,456");
    }
}
