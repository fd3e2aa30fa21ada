//! Folds of pictures.

use std::collections::BTreeSet;

use super::learning::PictureSets;
use crate::dataset::pictures::{
    PictureDivision, PictureFolder, PictureFolderError, PictureSet, PictureSplit, SplitBy, divide,
};
use crate::job::RunError;
use crate::predict::pictures::BottleneckSet;

/// The training pictures in `count` folds, each of which tests once what the others train; pictures that look the same stay in
/// one fold. The validation pictures stay what they are, since a fold that chose the epoch would flatter its own score.
///
/// # Errors
/// When there cannot be so many folds, or a picture is no more where it was.
pub(super) fn fold_sets(
    sets: &PictureSets,
    classes: &[String],
    count: usize,
    seed: u64,
) -> Result<Vec<PictureSets>, RunError> {
    let folder = sets.train.files(classes)?;
    let split = PictureSplit { validation: 0.0, test: 0.0, by: SplitBy::Folds(count), keep_alike_together: true, seed };
    let PictureDivision { sets: folds, .. } = divide(&folder, &split)?;
    check_folds(&folder, &folds)?;
    let part = |name: &str, belongs: &dyn Fn(usize) -> bool| {
        let of_fold = |fold: &Option<PictureSet>| matches!(fold, Some(PictureSet::Fold(fold)) if belongs(*fold));
        let pictures = sets.train.pictures.iter().zip(&folds).filter(|(_, fold)| of_fold(fold));
        let pictures = pictures.map(|(picture, _)| picture.clone()).collect();
        BottleneckSet { name: name.to_owned(), pictures, ..sets.train.clone() }
    };
    let fold = |fold: usize| PictureSets {
        train: part("train", &|other| other != fold),
        validation: sets.validation.clone(),
        test: Some(part("test", &|other| other == fold)),
    };
    Ok((0..count).map(fold).collect())
}

/// Refuses folds of which one has no picture of a class to learn from.
///
/// # Errors
/// Just then.
pub(super) fn check_folds(folder: &PictureFolder, folds: &[Option<PictureSet>]) -> Result<(), PictureFolderError> {
    let mut of_class = vec![BTreeSet::new(); folder.classes().len()];
    for (picture, fold) in folder.pictures().iter().zip(folds) {
        of_class[usize::from(picture.class)].extend(*fold);
    }
    let lacking = folder.classes().iter().zip(of_class).filter(|(_, folds)| folds.len() < 2);
    let classes: Vec<_> = lacking.map(|(class, _)| class.clone()).collect();
    match classes.is_empty() {
        true => Ok(()),
        false => Err(PictureFolderError::TooAlike { path: folder.root().to_owned(), classes }),
    }
}
