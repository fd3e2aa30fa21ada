//! Small pictures side by side: patches, maps of a layer, photographs, with what a network looked at over them.

use ndarray::{ArrayView2, ArrayView3, Axis};

use super::Figure;
use super::canvas::{Canvas, INK, PALE, Picture, Rect, TextStyle};
use super::colormap::{AmplitudeColors, over, share_color};
use super::legend::{ColorBar, Legend};
use super::resample::smooth;
use super::typeface::fitted;
use crate::report::ReportError;

/// How far the colour of a share covers what lies under it.
const COVER: f32 = 0.5;
/// Text size.
const UNIT: f32 = 15.0;

/// Pictures in rows.
#[derive(Clone, Copy, Debug)]
pub struct TilesFigure<'a, 't> {
    /// Over all of them.
    pub title: &'a str,
    /// One after the other, row by row.
    pub tiles: &'a [Tile<'t>],
    /// Pictures in a row.
    pub columns: usize,
    /// Side of a picture in pixels.
    pub side: usize,
    /// What shares from 0 to 1 stand for; a colour bar tells it.
    pub share: Option<&'static str>,
}

/// One picture. All arrays are `[row, column]`.
#[derive(Clone, Debug)]
pub struct Tile<'a> {
    /// Lines above it.
    pub captions: Vec<String>,
    /// What it shows.
    pub content: TileContent<'a>,
    /// Shares from 0 to 1 over it.
    pub heat: Option<ArrayView2<'a, f32>>,
    /// Whether its centre is marked.
    pub marked: bool,
}

/// What a tile shows.
#[derive(Clone, Copy, Debug)]
pub enum TileContent<'a> {
    /// Scaled amplitudes, -1 to 1.
    Amplitude(ArrayView2<'a, f32>),
    /// Shares, 0 to 1.
    Share(ArrayView2<'a, f32>),
    /// A photograph `[red, green, blue; row, column]`, 0 to 1.
    Photograph(ArrayView3<'a, f32>),
}

impl Figure for TilesFigure<'_, '_> {
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        if self.tiles.is_empty() || self.side == 0 || self.columns == 0 {
            return Err(ReportError::Empty { reason: "there are no tiles to show" });
        }
        let lines = self.tiles.iter().map(|tile| tile.captions.len()).max().unwrap_or(0) as f32;
        let (side, gap, head) = (self.side as f32, UNIT, (lines * 1.3 + 0.6) * UNIT);
        let columns = self.columns.min(self.tiles.len());
        let rows = self.tiles.len().div_ceil(columns);
        let width = gap + columns as f32 * (side + gap);
        let top = 3.2 * UNIT;
        let bottom = top + rows as f32 * (side + head + gap);
        let numbers = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")];
        let bars = self.share.map(|title| ColorBar::new(title, &numbers, share_color)).into_iter().collect();
        let legend = Legend::new(None, bars, UNIT, width - 2.0 * gap);
        let mut canvas = Canvas::new(width, bottom + legend.height() + gap)?;
        let title = fitted(self.title, 1.3 * UNIT, width - 2.0 * gap);
        canvas.text(&title, [gap, 2.0 * UNIT], TextStyle::new(1.3 * UNIT).bold());
        for (number, tile) in self.tiles.iter().enumerate() {
            let x = (gap + (number % columns) as f32 * (side + gap)).round();
            let y = (top + (number / columns) as f32 * (side + head + gap)).round();
            for (line, caption) in tile.captions.iter().enumerate() {
                let text = fitted(caption, 0.95 * UNIT, side);
                canvas.text(&text, [x, y + (line as f32 * 1.3 + 1.0) * UNIT], TextStyle::new(0.95 * UNIT));
            }
            let place = Rect { x, y: (y + head).round(), width: side, height: side };
            canvas.picture(place.x as usize, place.y as usize, &self.picture(tile)?);
            canvas.frame(place, 1.0, INK);
            if tile.marked {
                let centre = [place.x + side / 2.0, place.y + side / 2.0];
                canvas.dot(centre, 4.0, PALE);
                canvas.dot(centre, 2.5, INK);
            }
        }
        legend.draw(&mut canvas, [gap, bottom]);
        Ok(canvas.into_png()?)
    }
}

impl TilesFigure<'_, '_> {
    fn picture(&self, tile: &Tile<'_>) -> Result<Picture, ReportError> {
        let side = self.side;
        let scaled = |values: ArrayView2<'_, f32>| {
            if values.is_empty() {
                return Err(ReportError::Empty { reason: "a tile has no rows or no columns" });
            }
            Ok(smooth(values.reversed_axes(), side, side))
        };
        let heat = tile.heat.map(scaled).transpose()?;
        let under: Box<dyn Fn(usize, usize) -> [u8; 3]> = match tile.content {
            TileContent::Amplitude(values) => {
                let values = scaled(values)?;
                Box::new(move |x, y| AmplitudeColors::Grey.color(values[[x, y]]))
            }
            TileContent::Share(values) => {
                let values = scaled(values)?;
                Box::new(move |x, y| share_color(values[[x, y]]))
            }
            TileContent::Photograph(picture) => {
                let channels = picture.axis_iter(Axis(0)).take(3).map(scaled).collect::<Result<Vec<_>, _>>()?;
                let last = channels.len().saturating_sub(1);
                Box::new(move |x, y| {
                    [0, 1, 2].map(|channel: usize| {
                        channels.get(channel.min(last)).map_or(0, |values| (values[[x, y]] * 255.0).round() as u8)
                    })
                })
            }
        };
        Ok(Picture::new(side, side, |x, y| match &heat {
            Some(heat) => over(share_color(heat[[x, y]]), under(x, y), COVER),
            None => under(x, y),
        }))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};

    use super::*;

    #[test]
    fn every_content_is_drawn_and_heat_shows() {
        let values = Array2::from_shape_fn((9, 9), |(row, column)| (row * 9 + column) as f32 / 80.0);
        let heat = values.mapv(|value| 1.0 - value);
        let photograph = Array3::from_elem((3, 9, 9), 0.5);
        let tile = |content, heat| Tile { captions: vec!["a".into(), "b".into()], content, heat, marked: true };
        let png =
            |tiles: &[Tile<'_>]| TilesFigure { title: "t", tiles, columns: 2, side: 32, share: Some("share") }.png();
        let contents = [
            TileContent::Amplitude(values.view()),
            TileContent::Share(values.view()),
            TileContent::Photograph(photograph.view()),
        ];
        for content in contents {
            let plain = png(&[tile(content, None)]).unwrap();
            let heated = png(&[tile(content, Some(heat.view()))]).unwrap();
            assert!(plain != heated, "{content:?}");
            assert_eq!(plain, png(&[tile(content, None)]).unwrap());
        }
        assert!(png(&[]).is_err());
        let empty = Array2::zeros((0, 4));
        assert!(png(&[tile(TileContent::Share(empty.view()), None)]).is_err());
    }
}
