//! Surveys and real interpretations for tests.

#![cfg(test)]

use std::path::PathBuf;

use super::{LabelReport, Labels, PointClass, read_points};
use crate::grid::{ClassTable, Domain, Geometry, LineAxis, VerticalAxis};

/// Inlines from 100, crosslines from 300, samples every 4 ms from 4 ms.
pub(crate) fn survey(inlines: usize, crosslines: usize, samples: usize) -> Geometry {
    Geometry {
        inline: LineAxis { first: 100, step: 1, count: inlines },
        crossline: LineAxis { first: 300, step: 1, count: crosslines },
        vertical: VerticalAxis { domain: Domain::Time, start: 4.0, step: 4.0, count: samples },
        xy_from_grid: None,
    }
}

/// A file of the real data, unless it is not here, which is said.
fn real_data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FACIES_DATA").filter(|folder| !folder.is_empty());
    let folder = folder.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(path);
    if !path.exists() {
        println!("skipped: {} is not there; set FACIES_DATA to the folder of real data", path.display());
        return None;
    }
    Some(path)
}

/// The interpretation of F3's inline 339 by the authors of MalenoV, nine classes in nine files.
pub(crate) fn f3_labels() -> Option<(Labels, Vec<LabelReport>)> {
    let folder = real_data("f3/labels")?;
    let names = [
        "else",
        "grizzly",
        "high_amp_continuous",
        "high_amplitude",
        "low_amp_dips",
        "low_amplitude",
        "low_coherency",
        "salt",
        "steep_dips",
    ];
    let classes = ClassTable::from_names(names).unwrap();
    let mut labels =
        Labels::new(Geometry { inline: LineAxis { first: 339, step: 1, count: 1 }, ..survey(1, 951, 462) });
    let reports = names.iter().zip(0..).map(|(name, code)| {
        let path = folder.join(format!("multi_{name}_ilxl.pts"));
        read_points(&path, PointClass::All(code), &classes, &mut labels).unwrap()
    });
    let reports = reports.collect();
    Some((labels, reports))
}

/// The painted inline 1092 of Penobscot and the survey it belongs to.
pub(crate) fn penobscot() -> Option<(PathBuf, Geometry)> {
    let geometry = Geometry {
        inline: LineAxis { first: 1075, step: 1, count: 36 },
        crossline: LineAxis { first: 1000, step: 1, count: 481 },
        vertical: VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 1501 },
        xy_from_grid: None,
    };
    Some((real_data("penobscot/inline_1092.png")?, geometry))
}
