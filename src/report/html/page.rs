//! The page as a whole.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::content::{ReportContent, ReportFigure};
use super::scores;
use super::split_words::split_statement;
use super::survey;
use super::writer::{Cell, Html};
use crate::report::{Judged, ReportError, write_atomically};

const STYLE: &str = include_str!("style.css");

/// Writes `report.html`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_report(path: &Path, content: &ReportContent) -> Result<(), ReportError> {
    write_atomically(path, report_html(content).as_bytes()).map_err(ReportError::write(path))
}

/// The report as one HTML page with its figures and style inside; it runs no script and loads nothing.
pub fn report_html(content: &ReportContent) -> String {
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\" ")
        .raw("content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<title>")
        .text(&content.name)
        .raw(" — facies report</title>\n<style>\n")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<header><p>facies report</p><h1>")
        .text(&content.name)
        .raw("</h1></header>\n<main>\n");
    judgement(&mut html, content);
    if !content.summary.is_empty() {
        html.heading("run", "Run");
        survey::pairs(&mut html, content.summary.iter().map(|(name, value)| (&**name, Cell::Text(value.clone()))));
    }
    let shown = if content.judged == Judged::Pictures { "Pictures" } else { "Sections" };
    figures(&mut html, "sections", shown, &content.section_figures);
    if let Some(metrics) = &content.metrics {
        html.heading("scores", "Scores");
        scores::tables(&mut html, metrics, &content.classes, content.judged);
    }
    figures(&mut html, "confusion", "Confusion", &content.score_figures);
    figures(&mut html, "training", "Training", &content.training_figures);
    if !content.volumes.is_empty() {
        html.heading("survey", "Survey");
        content.volumes.iter().for_each(|volume| survey::volume(&mut html, volume));
    }
    if !content.labels.is_empty() || !content.voxels.is_empty() {
        html.heading("labels", if content.judged == Judged::Pictures { "Pictures of each class" } else { "Labels" });
        survey::labels(&mut html, content);
    }
    files(&mut html, content);
    html.raw("</main>\n<footer>facies ").raw(env!("CARGO_PKG_VERSION")).raw("</footer>\n</body>\n</html>\n");
    html.into_string()
}

/// What a reader must know before any number: scores, how far they can be trusted, warnings.
fn judgement(html: &mut Html, content: &ReportContent) {
    if let Some(metrics) = &content.metrics {
        scores::headline(html, metrics, content.judged);
        let statement = split_statement(metrics);
        html.raw(if statement.alarms { "<section class=\"alarm\">" } else { "<section class=\"assurance\">" });
        html.raw("<h2>").raw(statement.title).raw("</h2>").paragraph(&statement.text).raw("</section>\n");
    }
    if !content.warnings.is_empty() {
        html.raw("<section class=\"warnings\"><h2>Warnings</h2><ul>\n");
        for warning in &content.warnings {
            html.raw("<li>").text(warning).raw("</li>\n");
        }
        html.raw("</ul></section>\n");
    }
}

fn figures(html: &mut Html, id: &'static str, title: &'static str, figures: &[ReportFigure]) {
    if figures.is_empty() {
        return;
    }
    html.heading(id, title);
    for figure in figures {
        html.raw("<figure><img alt=\"").text(&figure.caption).raw("\" src=\"data:image/png;base64,");
        html.text(&STANDARD.encode(&figure.png))
            .raw("\"><figcaption>")
            .text(&figure.caption)
            .raw("</figcaption></figure>\n");
    }
}

fn files(html: &mut Html, content: &ReportContent) {
    if !content.files.is_empty() {
        html.heading("files", "Files");
        let rows = content.files.iter().map(|file| {
            vec![Cell::Code(file.name.clone()), Cell::Text(file.description.clone()), Cell::Number(size(file.bytes))]
        });
        html.table(&["file", "holds", "size"], &rows.collect::<Vec<_>>());
    }
    if !content.job_yaml.is_empty() {
        html.heading("job", "Job");
        html.raw("<details><summary>with every default written out</summary><pre>").text(&content.job_yaml);
        html.raw("</pre></details>\n");
    }
}

/// A size for people: `12.3 MB`, in powers of a thousand.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 999.95 {
            return if unit == "bytes" { format!("{bytes} bytes") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{ClassTable, Domain, Geometry, LineAxis, VerticalAxis};
    use crate::metrics::{ConfusionMatrix, Metrics, SplitSummary};
    use crate::report::{ReportFile, ReportVolume, SubsetVoxels};

    const HOSTILE: &str = "</title></pre><script src=\"http://evil\">x</script>&\"'<img onerror=1>";

    fn empty() -> ReportContent {
        ReportContent {
            name: "f3".into(),
            summary: vec![],
            warnings: vec![],
            volumes: vec![],
            classes: ClassTable::from_names(["salt", HOSTILE]).unwrap(),
            labels: vec![],
            voxels: vec![],
            judged: Judged::Voxels,
            metrics: None,
            score_figures: vec![],
            training_figures: vec![],
            section_figures: vec![],
            files: vec![],
            job_yaml: String::new(),
        }
    }

    /// A report in which every text that a user or a file can choose is hostile.
    fn hostile() -> ReportContent {
        let text = || HOSTILE.to_owned();
        let geometry = Geometry {
            inline: LineAxis { first: 1110, step: -1, count: 36 },
            crossline: LineAxis { first: 1000, step: 1, count: 481 },
            vertical: VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 1501 },
            xy_from_grid: None,
        };
        let classes = empty().classes;
        let mut confusion = ConfusionMatrix::new(2);
        [(0, 0), (0, 1)].iter().for_each(|&(truth, predicted)| confusion.add(truth, predicted));
        let scores = confusion.scores(&classes);
        let split = SplitSummary { kind: text(), leak: 1, context: None, test_voxels: 2, gap: None };
        let figure = || vec![ReportFigure { caption: text(), png: vec![1, 2, 3] }];
        ReportContent {
            name: text(),
            summary: vec![(text(), text())],
            warnings: vec![text()],
            volumes: vec![ReportVolume {
                role: text(),
                name: text(),
                geometry,
                statistics: None,
                clip: Some((-1.0, 1.0)),
            }],
            voxels: vec![SubsetVoxels { subset: text(), counts: vec![1] }],
            metrics: Some(Metrics { train: scores.clone(), validation: None, test: scores, split }),
            score_figures: figure(),
            training_figures: figure(),
            section_figures: figure(),
            files: vec![ReportFile { name: text(), description: text(), bytes: 12_345_678 }],
            job_yaml: text(),
            ..empty()
        }
    }

    /// Checks that every element is closed in order; returns the names of all elements.
    fn elements(html: &str) -> Vec<&str> {
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for tag in html.split('<').skip(2).map(|rest| &rest[..rest.find('>').expect("tags end")]) {
            let name = tag.split_whitespace().next().unwrap();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "near {tag}"),
                None => {
                    all.push(name);
                    if !["meta", "img"].contains(&name) {
                        open.push(name);
                    }
                }
            }
        }
        assert!(open.is_empty(), "{open:?} stay open");
        all
    }

    #[test]
    fn markup_is_well_formed_whatever_the_text() {
        let html = report_html(&hostile());
        let elements = elements(&html);
        assert!(!elements.contains(&"script") && !elements.contains(&"link"));
        assert_eq!(elements.iter().filter(|name| **name == "img").count(), 3);
        assert!(html.contains("data:image/png;base64,AQID"));
        assert!(html.contains("12.3 MB"));
        assert!(!html.replace("src=&quot;http://evil", "").contains("http:"), "something is loaded");
    }

    #[test]
    fn parts_without_content_are_left_out() {
        let html = report_html(&empty());
        elements(&html);
        for id in ["scores", "confusion", "training", "sections", "survey", "labels", "files", "job"] {
            assert!(!html.contains(&format!("id=\"{id}\"")), "{id}");
            assert!(report_html(&hostile()).contains(&format!("id=\"{id}\"")), "{id}");
        }
    }

    #[test]
    fn sizes_have_one_decimal() {
        for (bytes, text) in
            [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (999_960, "1.0 MB"), (u64::MAX, "18446744.1 TB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
