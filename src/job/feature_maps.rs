//! The maps of a layer as a figure.

use std::path::Path;

use ndarray::{Array2, ArrayView2, ArrayView3};

use super::RunError;
use crate::network::Explainer;
use crate::report::{Figure, Tile, TileContent, TilesFigure};

/// Most maps of a layer that are drawn.
const MOST_MAPS: usize = 64;

/// Draws the maps that `layer` makes of `input` `[channel, row, column]` to `path`, each scaled to its own range.
pub(super) fn maps_figure(
    explainer: &Explainer,
    input: ArrayView3<'_, f32>,
    title: &str,
    layer: Option<&str>,
    path: &Path,
) -> Result<(), RunError> {
    let (layer, maps) = explainer.feature_maps(input, layer)?;
    let shown: Vec<Array2<f32>> = maps.outer_iter().take(MOST_MAPS).map(shares).collect();
    let tile = |(number, map)| Tile {
        captions: vec![format!("{number}")],
        content: TileContent::Share(ArrayView2::from(map)),
        heat: None,
        marked: false,
    };
    let tiles: Vec<Tile<'_>> = shown.iter().enumerate().map(tile).collect();
    let title = format!("{title}: {} of {} maps of {layer}", tiles.len(), maps.dim().0);
    TilesFigure { title: &title, tiles: &tiles, columns: 8, side: 110, share: Some("share of its range") }
        .draw(path)?;
    Ok(())
}

/// Values as shares of their range from 0, or from the smallest where they fall below, to the largest.
pub(super) fn shares(values: ArrayView2<'_, f32>) -> Array2<f32> {
    let (low, high) = values.iter().fold((0.0f32, 0.0f32), |(low, high), &value| (low.min(value), high.max(value)));
    let range = if high > low { high - low } else { 1.0 };
    values.mapv(|value| (value - low) / range)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn shares_reach_from_nothing_to_the_strongest() {
        assert_eq!(shares(array![[0.0, 2.0], [4.0, 1.0]].view()), array![[0.0, 0.5], [1.0, 0.25]]);
        assert_eq!(shares(array![[-1.0, 1.0]].view()), array![[0.0, 1.0]]);
        assert_eq!(shares(array![[0.0, 0.0]].view()), array![[0.0, 0.0]]);
    }
}
