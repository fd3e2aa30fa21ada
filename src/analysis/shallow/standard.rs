//! Features brought to mean 0 and deviation 1.

use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Mean and deviation of every feature of the training rows.
#[derive(Clone, Debug)]
pub(super) struct Standard {
    mean: Array1<f32>,
    deviation: Array1<f32>,
}

impl Standard {
    /// Fits it; a constant feature keeps its scale.
    pub(super) fn of(features: ArrayView2<'_, f32>) -> Self {
        let rows = features.nrows() as f64;
        let mean: Array1<f64> =
            features.map_axis(Axis(0), |column| column.iter().map(|&x| f64::from(x)).sum::<f64>() / rows);
        let deviation = ndarray::Zip::from(features.columns()).and(&mean).map_collect(|column, mean| {
            let variance = column.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / rows;
            if variance > 0.0 { variance.sqrt() as f32 } else { 1.0 }
        });
        Self { mean: mean.mapv(|mean| mean as f32), deviation }
    }

    /// `[row, feature]` in these units.
    pub(super) fn apply(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        (&features - &self.mean) / &self.deviation
    }
}
