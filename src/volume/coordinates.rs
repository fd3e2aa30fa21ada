//! The regular map grid behind the coordinates of a survey's traces.

use segy_rs::{Survey, TraceIndex};

use crate::grid::Affine;

/// The affine map that fits the trace coordinates best (least squares), and how well.
#[derive(Clone, Debug, PartialEq)]
pub struct CoordinateFit {
    /// Map position from grid indices. A direction along which the survey has one line only has the step (0, 0).
    pub xy_from_grid: Affine,
    /// Largest distance of a trace from its place on the grid, in map units.
    pub largest_residual: f64,
    /// Line numbers, inline and crossline, of that trace.
    pub farthest: [i32; 2],
    /// Traces whose coordinates are both 0; they take no part.
    pub traces_without: u64,
}

impl CoordinateFit {
    /// Whether every trace lies within half a bin of its place on the grid.
    pub fn is_regular(&self) -> bool {
        let Affine { per_inline, per_crossline, .. } = self.xy_from_grid;
        let steps = [per_inline, per_crossline].map(|[x, y]| x.hypot(y)).into_iter().filter(|step| *step > 0.0);
        self.largest_residual <= 0.5 * steps.fold(f64::INFINITY, f64::min)
    }

    /// What is odd about the coordinates, if anything.
    pub(super) fn warning(&self) -> Option<String> {
        let [inline, crossline] = self.farthest;
        if !self.is_regular() {
            return Some(format!(
                "the trace coordinates form no regular grid and are not used: inline {inline}, crossline {crossline} lies \
                 {:.1} from its place",
                self.largest_residual
            ));
        }
        (self.traces_without > 0).then(|| format!("{} traces have no coordinates", self.traces_without))
    }
}

/// Fits a grid to the coordinates of all placed traces; `None` when none has coordinates.
pub(super) fn fit_coordinates(survey: &Survey, index: &TraceIndex) -> Option<CoordinateFit> {
    let located = || grid_cells(survey).filter_map(|(cell, trace)| Some((cell, position(index, trace)?)));
    let (xy_from_grid, largest_residual, [i, j]) = fit(located)?;
    Some(CoordinateFit {
        xy_from_grid,
        largest_residual,
        farthest: [survey.inline.number(i), survey.crossline.number(j)],
        traces_without: grid_cells(survey).filter(|&(_, trace)| position(index, trace).is_none()).count() as u64,
    })
}

/// Least squares over grid cells and their map positions, walked four times. Returns the map, the largest distance of a
/// position from it, and the cell where that is.
fn fit<Points: Iterator<Item = ([usize; 2], [f64; 2])>>(
    points: impl Fn() -> Points,
) -> Option<(Affine, f64, [usize; 2])> {
    let count = points().count() as f64;
    if count == 0.0 {
        return None;
    }
    // Sums about the means: map coordinates have seven digits before the point.
    let sums = points().fold([[0.0; 2]; 2], |[grid, xy], (cell, at)| [add(grid, indices(cell)), add(xy, at)]);
    let [grid_mean, xy_mean] = sums.map(|sum| scale(sum, 1.0 / count));
    let (mut ii, mut ij, mut jj) = (0.0, 0.0, 0.0);
    let (mut i_xy, mut j_xy) = ([0.0; 2], [0.0; 2]);
    for (cell, xy) in points() {
        let ([i, j], xy) = (subtract(indices(cell), grid_mean), subtract(xy, xy_mean));
        (ii, ij, jj) = (ii + i * i, ij + i * j, jj + j * j);
        (i_xy, j_xy) = (add(i_xy, scale(xy, i)), add(j_xy, scale(xy, j)));
    }
    let determinant = ii * jj - ij * ij;
    let (per_inline, per_crossline) = if determinant > 1e-9 * ii * jj {
        (
            scale(subtract(scale(i_xy, jj), scale(j_xy, ij)), 1.0 / determinant),
            scale(subtract(scale(j_xy, ii), scale(i_xy, ij)), 1.0 / determinant),
        )
    } else {
        // One line, or one trace.
        let along = |squares: f64, products| if squares > 0.0 { scale(products, 1.0 / squares) } else { [0.0; 2] };
        if jj >= ii { ([0.0; 2], along(jj, j_xy)) } else { (along(ii, i_xy), [0.0; 2]) }
    };
    let to_origin = add(scale(per_inline, grid_mean[0]), scale(per_crossline, grid_mean[1]));
    let xy_from_grid = Affine { origin: subtract(xy_mean, to_origin), per_inline, per_crossline };

    let distance = |(cell, xy): ([usize; 2], [f64; 2])| {
        let [dx, dy] = subtract(xy, xy_from_grid.xy(cell[0], cell[1]));
        (dx.hypot(dy), cell)
    };
    let (largest, farthest) = points().map(distance).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((xy_from_grid, largest, farthest))
}

fn indices(cell: [usize; 2]) -> [f64; 2] {
    cell.map(|index| index as f64)
}

/// Grid cells that have a trace, with the trace.
fn grid_cells(survey: &Survey) -> impl Iterator<Item = ([usize; 2], u64)> {
    (0..survey.inline.count).flat_map(move |i| {
        (0..survey.crossline.count).filter_map(move |j| survey.trace_at(i, j).map(|trace| ([i, j], trace)))
    })
}

/// Map position of a trace, unless both its coordinates are 0.
fn position(index: &TraceIndex, trace: u64) -> Option<[f64; 2]> {
    index.xy(trace).filter(|xy| *xy != [0.0, 0.0])
}

fn add(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

fn subtract(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn scale(a: [f64; 2], factor: f64) -> [f64; 2] {
    a.map(|value| value * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: Affine =
        Affine { origin: [605_835.5, 6_073_556.4], per_inline: [-0.7, 24.99], per_crossline: [24.99, 0.7] };

    fn fit_cells(cells: &[[usize; 2]], moved: impl Fn([f64; 2]) -> [f64; 2]) -> (Affine, f64, [usize; 2]) {
        fit(|| cells.iter().map(|&[i, j]| ([i, j], moved(TRUTH.xy(i, j))))).unwrap()
    }

    #[test]
    fn the_grid_behind_exact_or_rounded_positions_is_found_also_where_traces_are_missing() {
        let ragged: Vec<[usize; 2]> =
            (0..40).flat_map(|i| (i / 2..90).map(move |j| [i, j])).filter(|[i, j]| i * j % 7 != 3).collect();
        for (digits, tolerance) in [(1e6, 1e-6), (1.0, 0.02)] {
            let (found, residual, _) = fit_cells(&ragged, |xy| xy.map(|value| (value * digits).round() / digits));
            for [i, j] in [[0, 0], [39, 0], [0, 89], [39, 89]] {
                let (actual, expected) = (found.xy(i, j), TRUTH.xy(i, j));
                assert!((0..2).all(|axis| (actual[axis] - expected[axis]).abs() < 10.0 * tolerance), "{actual:?}");
            }
            assert!(residual < 0.75 / digits, "{residual}");
        }
    }

    #[test]
    fn single_lines_and_traces_leave_the_unknown_direction_at_zero() {
        let inline: Vec<_> = (0..9).map(|j| [0, j]).collect();
        let (found, _, _) = fit_cells(&inline, |xy| xy);
        assert_eq!(found.per_inline, [0.0; 2]);
        assert!((found.per_crossline[0] - 24.99).abs() < 1e-6);
        let crossline: Vec<_> = (0..9).map(|i| [i, 0]).collect();
        assert_eq!(fit_cells(&crossline, |xy| xy).0.per_crossline, [0.0; 2]);
        let (found, residual, _) = fit_cells(&[[0, 0]], |xy| xy);
        assert_eq!((found.origin, residual), (TRUTH.origin, 0.0));
    }

    #[test]
    fn a_displaced_trace_is_named_and_the_grid_called_irregular() {
        let cells: Vec<_> = (0..12).flat_map(|i| (0..10).map(move |j| [i, j])).collect();
        let wrong = TRUTH.xy(3, 7);
        let (xy_from_grid, largest_residual, farthest) =
            fit_cells(&cells, |xy| if xy == wrong { [xy[0] + 500.0, xy[1]] } else { xy });
        assert_eq!(farthest, [3, 7]);
        let fit = CoordinateFit { xy_from_grid, largest_residual, farthest: [103, 307], traces_without: 0 };
        assert!(!fit.is_regular());
        assert!(fit.warning().unwrap().contains("inline 103, crossline 307 lies"));
        assert!(CoordinateFit { largest_residual: 12.0, ..fit }.is_regular());
    }
}
