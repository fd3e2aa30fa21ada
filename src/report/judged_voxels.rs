//! Tables of voxels that are worth a look.

use std::path::Path;

use super::ReportError;
use super::score_files::write_csv;
use crate::grid::{ClassTable, Geometry};
use crate::predict::JudgedVoxel;

/// Inline, crossline and time in ms or depth in m of a voxel.
pub fn voxel_position(geometry: &Geometry, voxel: &JudgedVoxel) -> (i32, i32, f64) {
    let [inline, crossline] = voxel.section.cell(voxel.trace);
    let position = geometry.vertical.position(voxel.sample);
    (geometry.inline.number(inline), geometry.crossline.number(crossline), position)
}

/// Writes a row for each voxel: where it lies, its label, its class and how sure that is.
///
/// # Errors
/// When the file cannot be written.
pub fn write_judged_voxels(
    path: &Path,
    geometry: &Geometry,
    classes: &ClassTable,
    voxels: &[JudgedVoxel],
) -> Result<(), ReportError> {
    let vertical = match geometry.vertical.domain.unit() {
        "ms" => "time_ms",
        _ => "depth_m",
    };
    let header = ["section", "inline", "crossline", vertical, "labelled", "predicted", "confidence", "entropy"];
    let mut rows = vec![header.map(str::to_owned)];
    let name = |code: u8| classes.get(code).map(|class| class.name.clone()).unwrap_or_default();
    for voxel in voxels {
        let (inline, crossline, position) = voxel_position(geometry, voxel);
        rows.push([
            voxel.section.plane.name().to_owned(),
            inline.to_string(),
            crossline.to_string(),
            position.to_string(),
            name(voxel.truth),
            name(voxel.predicted),
            voxel.confidence.to_string(),
            voxel.entropy.to_string(),
        ]);
    }
    write_csv(path, &rows)
}
