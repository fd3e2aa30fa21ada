//! Probabilities of pictures as a table, in the layout of AASPI's `cnn_image_classification`.

use std::path::Path;

use ndarray::ArrayView2;

use super::ReportError;
use super::score_files::write_csv;
use crate::metrics::first_largest;

/// One picture of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRow {
    /// Names from the classified folder on: `class`, `file`; or the file alone.
    pub path: Vec<String>,
    /// Its class, where its folder has the name of one.
    pub truth: Option<usize>,
}

/// What a table holds.
#[derive(Clone, Copy, Debug)]
pub struct PictureTable<'a> {
    /// Names of the classes, in code order.
    pub classes: &'a [String],
    /// The pictures.
    pub rows: &'a [PictureRow],
    /// `[picture, class]`.
    pub probabilities: ArrayView2<'a, f32>,
    /// Between folder and file.
    pub separator: char,
    /// Whether true and predicted class and confidence follow.
    pub extended: bool,
}

impl PictureTable<'_> {
    /// The class of each picture: the first of the most probable ones, and its probability.
    pub fn predicted(&self) -> Vec<(usize, f32)> {
        self.probabilities.rows().into_iter().map(|row| most_probable(&row.to_vec())).collect()
    }

    /// Writes the table: an unnamed index, a column per class in alphabetical order, then `file`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        order.sort_by_key(|&class| &self.classes[class]);
        let mut header = vec![String::new()];
        header.extend(order.iter().map(|&class| self.classes[class].clone()));
        header.push("file".into());
        if self.extended {
            header.extend(["true", "predicted", "confidence"].map(str::to_owned));
        }
        let mut records = vec![header];
        let rows = self.rows.iter().zip(self.probabilities.rows()).zip(self.predicted()).enumerate();
        for (index, ((row, probabilities), (class, confidence))) in rows {
            let mut record = vec![index.to_string()];
            record.extend(order.iter().map(|&class| probabilities[class].to_string()));
            record.push(row.path.join(&self.separator.to_string()));
            if self.extended {
                record.push(row.truth.map(|truth| self.classes[truth].clone()).unwrap_or_default());
                record.push(self.classes[class].clone());
                record.push(confidence.to_string());
            }
            records.push(record);
        }
        write_csv(path, &records)
    }
}

/// Writes which pictures could not be read, and why.
///
/// # Errors
/// When the file cannot be written.
pub fn write_unreadable(path: &Path, pictures: &[(String, String)]) -> Result<(), ReportError> {
    let header = ["file", "reason"].map(str::to_owned);
    let rows: Vec<_> =
        std::iter::once(header).chain(pictures.iter().map(|(file, reason)| [file.clone(), reason.clone()])).collect();
    write_csv(path, &rows)
}

/// Writes which pictures were classified wrongly: file, class, predicted class, and the probability of that.
///
/// # Errors
/// When the file cannot be written.
pub fn write_misclassified(path: &Path, pictures: &[(String, String, String, f32)]) -> Result<(), ReportError> {
    let header = ["file", "true", "predicted", "confidence"].map(str::to_owned);
    let row = |(file, truth, predicted, confidence): &(String, String, String, f32)| {
        [file.clone(), truth.clone(), predicted.clone(), confidence.to_string()]
    };
    let rows: Vec<_> = std::iter::once(header).chain(pictures.iter().map(row)).collect();
    write_csv(path, &rows)
}

/// The predicted class of a picture, and its probability.
pub fn most_probable(probabilities: &[f32]) -> (usize, f32) {
    let class = usize::from(first_largest(probabilities));
    (class, probabilities[class])
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_table_is_laid_out_as_aaspi_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bn1_m1.csv");
        let classes = ["salt".to_owned(), "channel".to_owned()];
        let row = |path: &[&str], truth| PictureRow { path: path.iter().map(|&part| part.to_owned()).collect(), truth };
        let rows = [row(&["salt", "a, b.png"], Some(0)), row(&["loose.png"], None)];
        let probabilities = array![[0.75, 0.25], [0.5, 0.5]];
        let table = |extended| PictureTable {
            classes: &classes,
            rows: &rows,
            probabilities: probabilities.view(),
            separator: '\\',
            extended,
        };
        table(false).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, ",channel,salt,file\n0,0.25,0.75,\"salt\\a, b.png\"\n1,0.5,0.5,loose.png\n");
        table(true).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(",channel,salt,file,true,predicted,confidence\n"));
        assert!(text.ends_with("1,0.5,0.5,loose.png,,salt,0.5\n"));
    }
}
