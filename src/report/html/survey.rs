//! Cubes and labels as tables.

use super::content::{ReportContent, ReportVolume};
use super::writer::{Cell, Html};
use crate::grid::LineAxis;
use crate::report::counts::grouped;

/// Axes and amplitudes of one cube.
pub(super) fn volume(html: &mut Html, volume: &ReportVolume) {
    let geometry = &volume.geometry;
    let vertical = &geometry.vertical;
    let unit = vertical.domain.unit();
    let mut rows = vec![
        ("file", Cell::Code(volume.name.clone())),
        ("inlines", Cell::Text(lines(&geometry.inline))),
        ("crosslines", Cell::Text(lines(&geometry.crossline))),
        (
            vertical.domain.title(),
            Cell::Text(format!(
                "{} to {} {unit}, step {} {unit}, {} samples",
                vertical.start,
                vertical.end(),
                vertical.step,
                grouped(vertical.count as u64)
            )),
        ),
    ];
    let map = match &geometry.xy_from_grid {
        Some(affine) => {
            let [x, y] = affine.origin;
            let spacing = |[x, y]: [f64; 2]| x.hypot(y);
            let (inline, crossline) = (spacing(affine.per_inline), spacing(affine.per_crossline));
            format!("first trace at {x:.1}, {y:.1}; inlines {inline:.2} and crosslines {crossline:.2} apart")
        }
        None => "no usable coordinates in the headers".to_owned(),
    };
    rows.push(("map", Cell::Text(map)));
    if let Some(statistics) = &volume.statistics {
        let text = format!(
            "{} to {}, mean {:.4}, standard deviation {:.4}, 1 % and 99 % at {} and {}",
            statistics.min, statistics.max, statistics.mean, statistics.std, statistics.p01, statistics.p99
        );
        rows.push(("amplitude", Cell::Text(text)));
        let share = 100.0 * statistics.zeros as f64 / statistics.samples.max(1) as f64;
        let text =
            format!("{} zeros ({share:.1} %), {} not finite", grouped(statistics.zeros), grouped(statistics.nonfinite));
        rows.push(("samples", Cell::Text(text)));
    }
    if let Some((low, high)) = volume.clip {
        rows.push(("clipped at", Cell::Text(format!("{low} and {high}"))));
    }
    html.raw("<h3>").text(&volume.role).raw("</h3>\n");
    pairs(html, rows);
}

/// A table of names and values.
pub(super) fn pairs<'a>(html: &mut Html, rows: impl IntoIterator<Item = (&'a str, Cell)>) {
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![Cell::Text(name.to_owned()), value]).collect();
    html.raw("<div class=\"pairs\">").table(&[], &rows).raw("</div>\n");
}

/// Label inputs, and voxels by class and subset.
pub(super) fn labels(html: &mut Html, content: &ReportContent) {
    if !content.labels.is_empty() {
        let rows = content.labels.iter().map(|report| {
            let left_out = [
                (report.unlabelled, "unlabelled"),
                (report.unknown, "of no class"),
                (report.off_survey, "off the survey"),
                (report.between_samples, "between samples"),
                (report.duplicates, "repeated"),
                (report.conflicts, "contradicting"),
            ];
            let left_out = left_out.iter().filter(|(count, _)| *count > 0);
            let left_out = left_out.map(|(count, why)| format!("{} {why}", grouped(*count))).collect::<Vec<_>>();
            vec![
                Cell::Code(report.path.display().to_string()),
                Cell::Number(format!("{} {}", grouped(report.read), report.unit)),
                Cell::Number(grouped(report.used)),
                Cell::Text(left_out.join(", ")),
            ]
        });
        html.table(&["input", "read", "voxels labelled", "left out"], &rows.collect::<Vec<_>>());
    }
    if content.voxels.is_empty() {
        return;
    }
    let head: Vec<&str> =
        ["class"].into_iter().chain(content.voxels.iter().map(|voxels| voxels.subset.as_str())).collect();
    let count = |class: usize, counts: &[u64]| Cell::Number(grouped(counts.get(class).copied().unwrap_or(0)));
    let mut rows: Vec<_> = content
        .classes
        .iter()
        .enumerate()
        .map(|(code, class)| {
            let counts = content.voxels.iter().map(|voxels| count(code, &voxels.counts));
            [Cell::Class(class.color, class.name.clone())].into_iter().chain(counts).collect::<Vec<_>>()
        })
        .collect();
    let totals = content.voxels.iter().map(|voxels| Cell::Number(grouped(voxels.counts.iter().sum())));
    rows.push([Cell::Text("all".to_owned())].into_iter().chain(totals).collect());
    html.table(&head, &rows);
}

fn lines(axis: &LineAxis) -> String {
    if axis.count == 1 {
        return format!("{} only", axis.first);
    }
    format!("{} to {}, step {}, {} lines", axis.first, axis.last(), axis.step, grouped(axis.count as u64))
}
