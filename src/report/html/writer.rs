//! Markup that cannot be broken by the text in it.

use crate::grid::Color;

/// HTML under construction. Markup comes from the program's source only; everything else is escaped.
#[derive(Default)]
pub(super) struct Html {
    text: String,
}

/// One cell of a table.
pub(super) enum Cell {
    Text(String),
    /// Set in monospace: paths and file names.
    Code(String),
    /// Aligned to the right.
    Number(String),
    /// A class: colour and name.
    Class(Color, String),
    /// A share from 0 to 1 with a bar under it, or none.
    Share(Option<f64>),
}

impl Html {
    /// Appends markup.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Appends text, escaped; also fit for attributes in double quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                '\n' | '\t' => self.text.push(character),
                control if control.is_control() => self.text.push(char::REPLACEMENT_CHARACTER),
                other => self.text.push(other),
            }
        }
        self
    }

    /// Appends a paragraph.
    pub(super) fn paragraph(&mut self, text: &str) -> &mut Self {
        self.raw("<p>").text(text).raw("</p>\n")
    }

    /// Appends a heading of the second rank; `id` is where links to it point.
    pub(super) fn heading(&mut self, id: &'static str, title: &'static str) -> &mut Self {
        self.raw("<h2 id=\"").raw(id).raw("\">").raw(title).raw("</h2>\n")
    }

    /// Appends a table. Where a column holds numbers, so does its head.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<Cell>]) -> &mut Self {
        self.raw("<div class=\"wide\"><table>\n");
        if !head.is_empty() {
            self.raw("<thead><tr>");
            for (column, title) in head.iter().enumerate() {
                let is_number =
                    rows.iter().any(|row| matches!(row.get(column), Some(Cell::Number(_) | Cell::Share(_))));
                self.raw(if is_number { "<th scope=\"col\" class=\"number\">" } else { "<th scope=\"col\">" });
                self.text(title).raw("</th>");
            }
            self.raw("</tr></thead>\n");
        }
        self.raw("<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            row.iter().for_each(|cell| self.cell(cell));
            self.raw("</tr>\n");
        }
        self.raw("</tbody></table></div>\n")
    }

    fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Text(text) => self.raw("<td>").text(text),
            Cell::Code(text) => self.raw("<td><code>").text(text).raw("</code>"),
            Cell::Number(text) => self.raw("<td class=\"number\">").text(text),
            Cell::Class(color, name) => self
                .raw("<td class=\"class\"><i style=\"background:")
                .text(&color.to_string())
                .raw("\"></i>")
                .text(name),
            Cell::Share(None) => self.raw("<td class=\"number\">–"),
            Cell::Share(Some(share)) => {
                let part = format!("{:.3}", share.clamp(0.0, 1.0));
                self.raw("<td class=\"number share\" style=\"--share:").text(&part).raw("\">");
                self.text(&format!("{share:.3}"))
            }
        };
        self.raw("</td>");
    }

    /// The finished markup.
    pub(super) fn into_string(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_in_elements_and_attributes() {
        let mut html = Html::default();
        html.text("<script>alert('a & \"b\"')</script>\u{0}\u{1b}[31m");
        let expected = "&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)&lt;/script&gt;\u{FFFD}\u{FFFD}[31m";
        assert_eq!(html.into_string(), expected);
    }

    #[test]
    fn heads_stand_over_their_numbers() {
        let mut html = Html::default();
        html.table(&["class", "IoU"], &[vec![Cell::Text("salt".into()), Cell::Share(Some(0.25))]]);
        let html = html.into_string();
        assert!(html.contains("<th scope=\"col\">class</th><th scope=\"col\" class=\"number\">IoU</th>"), "{html}");
        assert!(html.contains("<td class=\"number share\" style=\"--share:0.250\">0.250</td>"), "{html}");
    }
}
