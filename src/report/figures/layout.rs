//! How many pictures stand side by side, and how large they are.

/// Sizes in pixels of the pictures of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Of one picture.
    pub(super) width: usize,
    /// Of one picture.
    pub(super) height: usize,
}

impl Layout {
    /// Places `pictures` pictures of `cells` = [across, down] values; `aspect` is their width over their height as far as
    /// the figure allows. Wide pictures are stacked, tall ones stand in a row.
    pub(super) fn new(pictures: usize, cells: [usize; 2], aspect: f64) -> Self {
        let aspect = aspect.clamp(0.6, 4.0);
        let columns = match pictures {
            4 if aspect <= 0.85 => 4,
            4 if aspect <= 2.6 => 2,
            3 if aspect <= 1.2 => 3,
            2 if aspect <= 1.6 => 2,
            5.. if aspect <= 0.85 => 4,
            5.. if aspect <= 2.0 => 3,
            _ => 1,
        };
        // About one and a half million pixels in four pictures, and no picture wider than a screen.
        let area = 1.5e6 / pictures.clamp(1, 4) as f64;
        let width = (area * aspect).sqrt().min(1500.0);
        Self {
            columns,
            rows: pictures.div_ceil(columns),
            width: whole_steps(cells[0], width),
            height: whole_steps(cells[1], width / aspect),
        }
    }
}

/// A number of pixels near `wanted` at which every value has equally many pixels, or every pixel equally many values; else
/// `wanted`.
fn whole_steps(values: usize, wanted: f64) -> usize {
    let ratio = values as f64 / wanted;
    let fitting =
        if ratio >= 1.0 { values.div_ceil(ratio.round() as usize) } else { values * (1.0 / ratio).round() as usize };
    if (fitting as f64 / wanted - 1.0).abs() <= 0.2 { fitting } else { wanted.round() as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_values_unmixed_where_sizes_allow() {
        for (pictures, cells, expected) in [
            (4, [951, 462], (2, 2, 951, 462)),
            (4, [481, 1501], (4, 1, 481, 751)),
            (4, [100, 100], (2, 2, 600, 600)),
            (3, [140, 140], (3, 1, 700, 700)),
            (1, [481, 1501], (1, 1, 962, 1501)),
            (3, [481, 36], (1, 3, 1443, 360)),
            (6, [951, 462], (1, 6, 951, 462)),
            (7, [481, 1501], (4, 2, 481, 751)),
        ] {
            let layout = Layout::new(pictures, cells, cells[0] as f64 / cells[1] as f64);
            assert_eq!((layout.columns, layout.rows, layout.width, layout.height), expected, "{pictures} x {cells:?}");
        }
    }

    #[test]
    fn no_survey_makes_a_figure_too_large_to_draw() {
        for pictures in 1..=8 {
            for across in [1, 2, 37, 1_000, 100_000] {
                for down in [1, 3, 462, 60_000] {
                    let layout = Layout::new(pictures, [across, down], across as f64 / down as f64);
                    let area = layout.width * layout.columns * layout.height * layout.rows;
                    assert!((300_000..6_000_000).contains(&area), "{across} x {down}: {layout:?}");
                }
            }
        }
    }
}
