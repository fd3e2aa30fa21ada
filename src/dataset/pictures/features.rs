//! Features of pictures to learn from.

use ndarray::{Array2, Array4, Axis};

use crate::dataset::endless::Endless;

/// What a frozen network made of pictures, and their classes; class by class.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureTable {
    values: Array2<f32>,
    codes: Vec<u8>,
    counts: Vec<usize>,
}

/// Draws batches of a [`FeatureTable`]: all are full, and no picture is left out.
#[derive(Debug)]
pub struct FeatureSampler<'a> {
    table: &'a FeatureTable,
    batch: usize,
    order: Endless,
}

impl FeatureTable {
    /// A table of `values` `[picture, feature]`, brought into the order of `classes` classes.
    ///
    /// # Panics
    /// When there is not one code below `classes` per picture.
    pub fn new(values: Array2<f32>, codes: Vec<u8>, classes: usize) -> Self {
        assert_eq!(values.nrows(), codes.len(), "one class per picture");
        let mut order: Vec<usize> = (0..codes.len()).collect();
        order.sort_by_key(|&row| codes[row]);
        let mut counts = vec![0; classes];
        codes.iter().for_each(|&code| counts[usize::from(code)] += 1);
        Self {
            values: values.select(Axis(0), &order),
            codes: order.into_iter().map(|row| codes[row]).collect(),
            counts,
        }
    }

    /// Pictures of each class.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Class of every picture.
    pub fn codes(&self) -> &[u8] {
        &self.codes
    }

    /// Values of a picture.
    pub fn feature_count(&self) -> usize {
        self.values.ncols()
    }

    /// All features as a network of one row and one channel takes them: `[picture, 1, 1, feature]`.
    pub fn inputs(&self) -> Array4<f32> {
        self.inputs_of(&(0..self.codes.len()).collect::<Vec<_>>())
    }

    fn inputs_of(&self, rows: &[usize]) -> Array4<f32> {
        let features = self.values.ncols();
        let chosen = self.values.select(Axis(0), rows);
        chosen.into_shape_with_order((rows.len(), 1, 1, features)).expect("the same values in the same order")
    }
}

impl<'a> FeatureSampler<'a> {
    /// Batches of `batch` pictures in an order that `seed` decides; with equally many of every class where `balanced`.
    pub fn new(table: &'a FeatureTable, batch: usize, balanced: bool, seed: u64) -> Self {
        let order = Endless::new(table.counts.iter().copied(), balanced, batch, seed);
        Self { table, batch, order }
    }

    /// Steps after which as many pictures were drawn as there are.
    pub fn steps_per_epoch(&self) -> u64 {
        self.table.codes.len().div_ceil(self.batch) as u64
    }

    /// Features `[picture, 1, 1, feature]` and classes of step `step`, counted from 0.
    pub fn batch(&self, step: u64) -> (Array4<f32>, Vec<u8>) {
        let rows = self.order.positions(step);
        let codes = rows.iter().map(|&row| self.table.codes[row]).collect();
        (self.table.inputs_of(&rows), codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_drawn_with_its_own_class_and_no_remainder_is_dropped() {
        let codes = vec![1, 0, 1, 2, 0, 1, 1];
        let values = Array2::from_shape_fn((7, 2), |(row, _)| (10 * row) as f32 + f32::from(codes[row]));
        let table = FeatureTable::new(values, codes, 3);
        assert_eq!(table.counts(), [2, 4, 1]);
        let sampler = FeatureSampler::new(&table, 5, false, 1);
        assert_eq!(sampler.steps_per_epoch(), 2);
        let mut seen = Vec::new();
        for step in 0..7 {
            let (values, codes) = sampler.batch(step);
            for (picture, code) in values.outer_iter().zip(codes) {
                assert_eq!(picture[[0, 0, 0]] % 10.0, f32::from(code));
                seen.push(picture[[0, 0, 0]] as u32);
            }
        }
        for pass in seen.chunks(7) {
            let mut pass = pass.to_vec();
            pass.sort_unstable();
            assert_eq!(pass.iter().map(|value| value / 10).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        }
    }
}
