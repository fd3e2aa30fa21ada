//! A temperature for a trained network, from voxels that it did not learn.

use ndarray::Array2;

use super::score::each_voxel;
use super::{PredictError, ScoreOptions};
use crate::dataset::{SeismicDataset, Subset};
use crate::metrics;
use crate::network::Predictor;

/// Voxels are plenty for one number.
const MOST_VOXELS: u64 = 200_000;

/// The temperature that suits `predictor` on the voxels of `subset`, at most 200,000 of them spread evenly; see
/// [`fit_temperature`](metrics::fit_temperature).
///
/// # Errors
/// When the engine does not fit the network or memory runs out.
pub fn fit_temperature(
    dataset: &SeismicDataset,
    predictor: &Predictor,
    options: &ScoreOptions<'_>,
    subset: Subset,
) -> Result<Option<f64>, PredictError> {
    let every = dataset.total(subset).div_ceil(MOST_VOXELS).max(1);
    let (mut codes, mut rows, mut seen) = (Vec::new(), Vec::new(), 0u64);
    each_voxel(dataset, predictor, options, subset, |code, probability| {
        if seen.is_multiple_of(every) {
            codes.push(code);
            rows.extend_from_slice(probability);
        }
        seen += 1;
    })?;
    let rows = Array2::from_shape_vec((codes.len(), predictor.classes()), rows).expect("one row a voxel");
    Ok(metrics::fit_temperature(&codes, rows.view()))
}
