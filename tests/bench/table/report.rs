//! The table as text: aligned columns for a terminal, Markdown for the results folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::machine::Machine;
use crate::row::{Findings, Row};

/// A section that was measured.
#[derive(Debug)]
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) findings: Findings,
}

const COLUMNS: [&str; 6] =
    ["subject", "ours: best (median)", "peer", "theirs: best (median)", "times better", "promised"];

/// What was measured on, first thing on the terminal.
pub(crate) fn head(machine: &Machine, quick: bool) -> String {
    let mut text = String::new();
    for (name, value) in facts(machine, quick) {
        let _ = writeln!(text, "{name:<10} {value}");
    }
    text
}

/// A section in aligned columns.
pub(crate) fn terminal(chapter: &Chapter) -> String {
    let rows: Vec<[String; 6]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(chapter.findings.rows.iter().map(cells)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = format!("\n{}\n", chapter.title);
    for note in &chapter.findings.notes {
        let _ = writeln!(text, "  {note}");
    }
    for row in rows {
        let padded: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "  {}", padded.join("  ").trim_end());
    }
    text
}

/// Writes the whole table to `tests/bench/results/DATE-MACHINE.md`, in place of one of the same name.
///
/// # Errors
/// When the system cannot write it.
pub(crate) fn write(machine: &Machine, quick: bool, chapters: &[Chapter]) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/results");
    fs::create_dir_all(&folder)?;
    let kind = if quick { "-quick" } else { "" };
    let path = folder.join(format!("{}-{}{kind}.md", machine.date, machine.words()));
    fs::write(&path, markdown(machine, quick, chapters))?;
    Ok(path)
}

fn markdown(machine: &Machine, quick: bool, chapters: &[Chapter]) -> String {
    let mut text = format!("# Measured {} on {}\n\n", machine.date, machine.processor);
    for (name, value) in facts(machine, quick) {
        let _ = writeln!(text, "- {name}: {value}");
    }
    text += "\nEach row was measured in turn with its peer. \"Times better\" compares the best figures; how to read the table \
             stands in [../README.md](../README.md).\n";
    for chapter in chapters {
        let _ = write!(text, "\n## {}\n\n", chapter.title);
        for note in &chapter.findings.notes {
            let _ = writeln!(text, "- {note}");
        }
        let _ = write!(text, "\n| {} |\n|{}\n", COLUMNS.join(" | "), " --- |".repeat(COLUMNS.len()));
        for row in &chapter.findings.rows {
            let _ = writeln!(text, "| {} |", cells(row).join(" | "));
        }
    }
    text
}

fn facts(machine: &Machine, quick: bool) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("date", machine.date.clone()),
        ("processor", format!("{}, {} threads, {}", machine.processor, machine.threads, machine.vectors)),
        ("memory", format!("{:.0} GiB", machine.memory_gib)),
        ("libtorch", machine.libtorch.to_owned()),
        ("commit", machine.commit.clone()),
        ("load", format!("{} at the start (1, 5, 15 minutes)", machine.load)),
    ];
    if quick {
        facts.push(("quick", "small cubes and few repetitions: no figure here says how fast anything is".to_owned()));
    }
    facts
}

fn cells(row: &Row) -> [String; 6] {
    let figure =
        |figure: crate::row::Figure| format!("{} ({}) {}", number(figure.best), number(figure.median), row.unit);
    let promise = match (row.at_least, row.passed()) {
        (None, _) => String::new(),
        (Some(least), None) => format!("{}: not measured", number(least)),
        (Some(least), Some(true)) => format!("{}: kept", number(least)),
        (Some(least), Some(false)) => format!("{}: MISSED", number(least)),
    };
    [
        row.subject.clone(),
        figure(row.ours),
        row.peer.clone(),
        row.theirs.map_or_else(|| "-".to_owned(), figure),
        row.ratio().map_or_else(|| "-".to_owned(), number),
        promise,
    ]
}

/// Three significant digits, more before the point.
fn number(value: f64) -> String {
    let digits = if value == 0.0 || !value.is_finite() { 0 } else { 2 - value.abs().log10().floor() as i32 };
    let text = format!("{value:.*}", digits.clamp(0, 9) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
