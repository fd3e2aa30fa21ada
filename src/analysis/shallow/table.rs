//! Rows to learn from.

use ndarray::{Array2, ArrayView2};

use super::ShallowError;

/// Features `[row, feature]` with the class of every row.
#[derive(Clone, Debug)]
pub struct Table {
    features: Array2<f32>,
    classes: Vec<u8>,
    class_count: usize,
}

impl Table {
    /// A table of rows of `class_count` classes.
    ///
    /// # Errors
    /// When it is empty, lengths differ, a class is out of range or the only one, or a feature is not finite.
    pub fn new(features: Array2<f32>, classes: Vec<u8>, class_count: usize) -> Result<Self, ShallowError> {
        let (rows, columns) = features.dim();
        if rows == 0 || columns == 0 {
            return Err(ShallowError::Empty { rows, features: columns });
        }
        if classes.len() != rows {
            return Err(ShallowError::Lengths { rows, classes: classes.len() });
        }
        if let Some(row) = classes.iter().position(|&class| usize::from(class) >= class_count) {
            return Err(ShallowError::Class { row, class: classes[row], classes: class_count });
        }
        if classes.iter().all(|&class| class == classes[0]) {
            return Err(ShallowError::OneClass);
        }
        if let Some(((row, feature), &value)) = features.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(ShallowError::NotFinite { row, feature, value });
        }
        Ok(Self { features: features.as_standard_layout().into_owned(), classes, class_count })
    }

    /// Features `[row, feature]`.
    pub fn features(&self) -> ArrayView2<'_, f32> {
        self.features.view()
    }

    /// Class of every row.
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// Number of classes, those without rows included.
    pub fn class_count(&self) -> usize {
        self.class_count
    }

    /// Rows of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.class_count];
        self.classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
        counts
    }

    /// The same rows with other features.
    pub(super) fn with_features(&self, features: Array2<f32>) -> Self {
        Self { features, classes: self.classes.clone(), class_count: self.class_count }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn what_cannot_be_learnt_from_is_refused() {
        let table = |features: Array2<f32>, classes: &[u8]| Table::new(features, classes.to_vec(), 2).map(|_| ());
        assert!(table(array![[1.0], [2.0]], &[0, 1]).is_ok());
        assert!(matches!(table(Array2::zeros((0, 3)), &[]), Err(ShallowError::Empty { rows: 0, features: 3 })));
        assert!(matches!(table(array![[1.0], [2.0]], &[0]), Err(ShallowError::Lengths { rows: 2, classes: 1 })));
        assert!(matches!(table(array![[1.0], [2.0]], &[0, 2]), Err(ShallowError::Class { row: 1, class: 2, .. })));
        assert!(matches!(table(array![[1.0], [2.0]], &[1, 1]), Err(ShallowError::OneClass)));
        assert!(matches!(
            table(array![[1.0, 2.0], [2.0, f32::NAN]], &[0, 1]),
            Err(ShallowError::NotFinite { row: 1, feature: 1, .. })
        ));
    }
}
