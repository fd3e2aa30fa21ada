//! The sets of a split as folders beside the one that was divided.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use super::error::PictureFolderError;
use super::folder::PictureFolder;
use super::split::{PictureDivision, PictureSet};

/// How pictures get into the folder of their set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// By a second name of the same file (hard link), which takes no space; copied where the file system has none.
    #[default]
    Link,
    /// As a copy.
    Copy,
}

/// A folder that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSet {
    /// `train`, `validation`, `test`, `fold1_train`, `fold1_validation`, ...
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Pictures of each class, in the order of the divided folder.
    pub counts: Vec<usize>,
}

/// Writes `ROOT_train`, `ROOT_validation` and `ROOT_test` beside the divided folder ROOT, or `ROOT_fold1_train` and so on, and
/// the list `ROOT_split.csv`. Every folder appears only when it is complete.
///
/// # Errors
/// When one of them, or another set of an earlier split, is there already and `overwrite` is not set, or the system refuses.
pub fn write_split(
    folder: &PictureFolder,
    division: &PictureDivision,
    transfer: Transfer,
    overwrite: bool,
) -> Result<(Vec<WrittenSet>, PathBuf), PictureFolderError> {
    let root = fs::canonicalize(folder.root()).map_err(|source| failed("read", folder.root(), source))?;
    let beside = |suffix: &str| {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(format!("_{suffix}"));
        root.with_file_name(name)
    };
    let sets = members(division);
    let list = beside("split.csv");
    let there =
        sets.iter().map(|(name, _)| beside(name)).chain([list.clone()]).find(|path| path.symlink_metadata().is_ok());
    if let Some(path) = there.filter(|_| !overwrite) {
        return Err(PictureFolderError::Exists { path });
    }
    // Sets of an earlier split that this one does not make would hold pictures of its other sets.
    let stale: Vec<_> = set_names()
        .filter(|name| sets.iter().all(|(made, _)| made != name))
        .map(|name| beside(&name))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    // Only a list tells that they are of a split, and not somebody's own.
    if let Some(path) = stale.first().filter(|_| !(overwrite && list.exists())) {
        return Err(PictureFolderError::Exists { path: path.clone() });
    }
    let mut made = Vec::new();
    for (name, places) in &sets {
        let partial = beside(&format!("{name}.partial"));
        remove(&partial)?;
        let mut counts = vec![0; folder.classes().len()];
        for &place in places {
            let picture = &folder.pictures()[place];
            let class = partial.join(&folder.classes()[usize::from(picture.class)]);
            fs::create_dir_all(&class).map_err(|source| failed("make", &class, source))?;
            transfer.put(&picture.path, &class.join(picture.name()))?;
            counts[usize::from(picture.class)] += 1;
        }
        made.push((partial, WrittenSet { name: name.clone(), path: beside(name), counts }));
    }
    for path in &stale {
        remove(path)?;
    }
    for (partial, set) in &made {
        replace(partial, &set.path, &beside(&format!("{}.replaced", set.name)))?;
    }
    write_list(&list, folder, division).map_err(|source| failed("write", &list, source))?;
    Ok((made.into_iter().map(|(_, set)| set).collect(), list))
}

/// Names of all sets that a split may have made.
fn set_names() -> impl Iterator<Item = String> {
    const MOST_FOLDS: usize = 100;
    let of_folds = (1..=MOST_FOLDS).flat_map(|fold| ["train", "validation"].map(|part| format!("fold{fold}_{part}")));
    ["train", "validation", "test"].into_iter().map(str::to_owned).chain(of_folds)
}

/// The places of pictures by the name of their set; a set without pictures has no folder.
fn members(division: &PictureDivision) -> Vec<(String, Vec<usize>)> {
    let folds = division.sets.iter().flatten().map(|set| if let PictureSet::Fold(fold) = set { fold + 1 } else { 0 });
    let folds = folds.max().unwrap_or(0);
    let mut sets = BTreeMap::<String, Vec<usize>>::new();
    for (place, set) in division.sets.iter().enumerate() {
        let mut add = |name: String| sets.entry(name).or_default().push(place);
        match *set {
            None => {}
            Some(PictureSet::Fold(own)) => (0..folds).for_each(|fold| {
                let part = if fold == own { "validation" } else { "train" };
                add(format!("fold{}_{part}", fold + 1));
            }),
            Some(PictureSet::Train) if folds > 0 => (1..=folds).for_each(|fold| add(format!("fold{fold}_train"))),
            Some(set) => add(set.name().to_owned()),
        }
    }
    let parts = ["train", "validation"];
    let of_folds = (1..=folds).flat_map(|fold| parts.map(|part| format!("fold{fold}_{part}")));
    let order = of_folds.chain(parts.into_iter().chain(["test"]).map(str::to_owned));
    order.filter_map(|name| sets.remove_entry(&name)).collect()
}

impl Transfer {
    fn put(self, from: &Path, to: &Path) -> Result<(), PictureFolderError> {
        // A second name of a link would point to nothing from another folder.
        let file = fs::canonicalize(from).map_err(|source| failed("read", from, source))?;
        if self == Self::Link && fs::hard_link(&file, to).is_ok() {
            return Ok(());
        }
        fs::copy(&file, to).map(|_| ()).map_err(|source| failed("write", to, source))
    }
}

/// Puts the complete folder in the place of the old one, which goes only then.
fn replace(partial: &Path, path: &Path, aside: &Path) -> Result<(), PictureFolderError> {
    let is_there = path.symlink_metadata().is_ok();
    if is_there {
        remove(aside)?;
        fs::rename(path, aside).map_err(|source| failed("replace", path, source))?;
    }
    fs::rename(partial, path).map_err(|source| failed("make", path, source))?;
    if is_there { remove(aside) } else { Ok(()) }
}

/// Removes a folder, file or link, if there is one.
fn remove(path: &Path) -> Result<(), PictureFolderError> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.map_err(|source| failed("remove", path, source))
}

fn write_list(path: &Path, folder: &PictureFolder, division: &PictureDivision) -> io::Result<()> {
    let mut alike = vec![String::new(); division.sets.len()];
    for (group, places) in division.alike.iter().enumerate() {
        places.iter().for_each(|&place| alike[place] = (group + 1).to_string());
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["file", "class", "set", "sha256", "alike"])?;
    for (place, picture) in folder.pictures().iter().enumerate() {
        let set = match division.sets[place] {
            None => "unreadable".to_owned(),
            Some(PictureSet::Fold(fold)) => format!("fold{}", fold + 1),
            Some(set) => set.name().to_owned(),
        };
        let class = &folder.classes()[usize::from(picture.class)];
        table.write_record([&folder.name_of(picture), class, &set, &division.contents[place], &alike[place]])?;
    }
    let bytes = table.into_inner().map_err(|error| error.into_error())?;
    let mut file = AtomicWriteFile::open(path)?;
    file.write_all(&bytes)?;
    file.commit()
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> PictureFolderError {
    PictureFolderError::Write { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::super::split::{PictureSplit, SplitBy, divide};
    use super::super::synthetic::{SyntheticPictures, write_synthetic};
    use super::*;

    fn divided(by: SplitBy) -> (tempfile::TempDir, PictureFolder, PictureDivision) {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("rocks of Köln");
        write_synthetic(&SyntheticPictures { side: 16, per_class: 6, seed: 5 }, &root).unwrap();
        fs::write(root.join("folds/bad.png"), b"x").unwrap();
        let folder = PictureFolder::scan(&root).unwrap();
        let validation = if matches!(by, SplitBy::Folds(_)) { 0.0 } else { 0.2 };
        let division =
            divide(&folder, &PictureSplit { validation, test: 0.2, by, keep_alike_together: true, seed: 2 }).unwrap();
        (parent, folder, division)
    }

    fn entries(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn sets_appear_beside_the_folder_with_all_readable_pictures_and_a_list() {
        for transfer in [Transfer::Link, Transfer::Copy] {
            let (parent, folder, division) = divided(SplitBy::Random);
            let (sets, list) = write_split(&folder, &division, transfer, false).unwrap();
            let names = [
                "rocks of Köln",
                "rocks of Köln_split.csv",
                "rocks of Köln_test",
                "rocks of Köln_train",
                "rocks of Köln_validation",
            ];
            assert_eq!(entries(parent.path()), names);
            let mut found = 0;
            for set in &sets {
                let written = PictureFolder::scan(&set.path).unwrap();
                assert_eq!((written.classes(), written.counts()), (folder.classes(), set.counts.clone()));
                for picture in written.pictures() {
                    let original = folder.root().join(written.name_of(picture));
                    assert_eq!(fs::read(&picture.path).unwrap(), fs::read(original).unwrap());
                    found += 1;
                }
            }
            assert_eq!(found, 24);
            let list = fs::read_to_string(list).unwrap();
            assert_eq!(list.lines().count(), 26);
            assert!(list.contains("folds/bad.png,folds,unreadable,,"), "{list}");
        }
    }

    #[test]
    fn nothing_is_replaced_unless_asked_for() {
        let (_parent, folder, division) = divided(SplitBy::Random);
        let (sets, _) = write_split(&folder, &division, Transfer::Link, false).unwrap();
        let kept = sets[0].path.join("mine.txt");
        fs::write(&kept, "mine").unwrap();
        let refused = write_split(&folder, &division, Transfer::Link, false);
        assert!(matches!(refused, Err(PictureFolderError::Exists { .. })) && kept.exists());
        let (again, _) = write_split(&folder, &division, Transfer::Copy, true).unwrap();
        assert!(again == sets && !kept.exists());
        assert!(folder.pictures().iter().all(|picture| picture.path.exists()));
    }

    #[test]
    fn folds_are_pairs_of_folders_and_the_test_pictures_are_in_none_of_them() {
        let (parent, folder, division) = divided(SplitBy::Folds(3));
        let (sets, _) = write_split(&folder, &division, Transfer::Link, false).unwrap();
        let names: Vec<_> = sets.iter().map(|set| set.name.as_str()).collect();
        let expected = [
            "fold1_train",
            "fold1_validation",
            "fold2_train",
            "fold2_validation",
            "fold3_train",
            "fold3_validation",
            "test",
        ];
        assert_eq!((names, entries(parent.path()).len()), (expected.to_vec(), 9));
        let total = |name: &str| sets.iter().find(|set| set.name == name).unwrap().counts.iter().sum::<usize>();
        assert_eq!(total("test"), 4);
        for fold in 1..=3 {
            assert_eq!(total(&format!("fold{fold}_train")) + total(&format!("fold{fold}_validation")), 20);
        }
    }
}
