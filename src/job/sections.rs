//! From line numbers and times of a job to the sections and windows of a survey.

use super::schema::{Lines, Prediction, PredictionPlane};
use super::{JobError, LoadedJob};
use crate::grid::{Geometry, LineAxis, Plane, Section};
use crate::predict::SectionWindow;

/// The sections that `prediction`, the one at `place` of the job, asks for, in ascending order of their index, and the
/// part of each. Where both planes are averaged, these are the sections along `stored`, in which volumes are written fastest,
/// and their window is what the sections across see of the same block.
///
/// # Errors
/// When nothing of what is asked for lies on the survey, or a listed line does not.
pub(super) fn asked_sections(
    loaded: &LoadedJob,
    place: usize,
    prediction: &Prediction,
    geometry: &Geometry,
    learnt: Plane,
    stored: Plane,
) -> Result<(Vec<Section>, SectionWindow), JobError> {
    let key = |part: &str| match loaded.job.prediction.len() {
        1 => format!("prediction.{part}"),
        _ => format!("prediction[{place}].{part}"),
    };
    let plane = match (prediction.plane, &prediction.inlines, &prediction.crosslines) {
        (Some(PredictionPlane::Both), ..) => stored,
        (Some(PredictionPlane::Inline), ..) => Plane::Inline,
        (Some(PredictionPlane::Crossline), ..) => Plane::Crossline,
        (None, None, Some(_)) => Plane::Crossline,
        (None, Some(_), _) => Plane::Inline,
        (None, None, None) => learnt,
    };
    let asked = |plane: Plane| -> Result<Vec<usize>, JobError> {
        let (axis, name) = (geometry.section_axis(plane), plane.name());
        let lines = if plane == Plane::Inline { &prediction.inlines } else { &prediction.crosslines };
        let key = key(&format!("{name}s"));
        let range = format!("the survey has {name}s {} to {} in steps of {}", axis.first, axis.last(), axis.step);
        let indices: Vec<usize> = match lines {
            None | Some(Lines::All) => (0..axis.count).collect(),
            Some(Lines::Range(range)) => within(axis, range.first, range.last).step_by(range.step as usize).collect(),
            Some(Lines::List(numbers)) => {
                let find = |&number: &i32| {
                    let message = format!("the survey has no {name} {number}");
                    axis.index(number).ok_or_else(|| loaded.refuse(&key, message, Some(range.clone())))
                };
                let mut indices: Vec<usize> = numbers.iter().map(find).collect::<Result<_, _>>()?;
                indices.sort_unstable();
                indices.dedup();
                indices
            }
        };
        match indices.is_empty() {
            true => Err(loaded.refuse(&key, format!("no {name} of the survey lies in this range"), Some(range))),
            false => Ok(indices),
        }
    };
    let sections: Vec<Section> = asked(plane)?.into_iter().map(|index| Section { plane, index }).collect();

    let mut window = SectionWindow::whole(geometry.section_shape(plane));
    if prediction.plane == Some(PredictionPlane::Both) {
        let across = asked(plane.other())?;
        window.traces = across[0]..across[across.len() - 1] + 1;
    }
    if let Some([first, last]) = prediction.window.and_then(|window| window.traces) {
        let across = geometry.trace_axis(plane);
        window.traces = within(across, first, last);
        if window.traces.is_empty() {
            let name = plane.other().name();
            let range = format!("the survey has {name}s {} to {}", across.first, across.last());
            return Err(loaded.refuse(&key("window.traces"), format!("no {name} lies in this range"), Some(range)));
        }
    }
    if let Some([first, last]) = prediction.window.and_then(|window| window.vertical) {
        let vertical = &geometry.vertical;
        let inside = |&sample: &usize| (first..=last).contains(&vertical.position(sample));
        let start = (0..vertical.count).find(inside);
        window.samples = start.map_or(0..0, |start| start..start + (start..vertical.count).take_while(inside).count());
        if window.samples.is_empty() {
            let unit = vertical.domain.unit();
            let range = format!("traces run from {} to {} {unit}", vertical.start, vertical.end());
            return Err(loaded.refuse(&key("window.vertical"), "no sample lies in this range", Some(range)));
        }
    }
    Ok((sections, window))
}

/// Indices of the lines whose numbers lie from `first` to `last`.
fn within(axis: &LineAxis, first: i32, last: i32) -> std::ops::Range<usize> {
    let inside = |&index: &usize| (first..=last).contains(&axis.number(index));
    match (0..axis.count).find(inside) {
        Some(start) => start..start + (start..axis.count).take_while(inside).count(),
        None => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_the_lines_between_two_numbers_in_either_direction() {
        let up = LineAxis { first: 100, step: 2, count: 10 };
        assert_eq!(within(&up, 103, 108), 2..5);
        assert_eq!(within(&up, 0, 1000), 0..10);
        assert_eq!(within(&up, 101, 101), 0..0);
        let down = LineAxis { first: 118, step: -2, count: 10 };
        assert_eq!(within(&down, 103, 108), 5..8);
    }
}
