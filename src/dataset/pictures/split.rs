//! Which picture trains, validates and tests.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::deal::Dealer;
use super::error::{PictureFolderError, UnreadablePicture};
use super::fingerprint::{Fingerprint, groups};
use super::folder::PictureFolder;
use super::picture::Remark;

/// How pictures are divided into sets.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSplit {
    /// Part of each class that validates, 0 to 1; with folds it must be 0, as each fold validates once.
    pub validation: f64,
    /// Part of each class that tests, 0 to 1.
    pub test: f64,
    /// What decides about a picture.
    pub by: SplitBy,
    /// Whether pictures that look the same are kept in one set. They are always found and listed.
    pub keep_alike_together: bool,
    /// Seed of the draw.
    pub seed: u64,
}

/// What decides about a picture's set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitBy {
    /// A draw.
    Random,
    /// The hash of its content, so that it stays in its set when others are added.
    Hash,
    /// A draw into so many folds, each of which validates what the others train.
    Folds(usize),
}

/// The set of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureSet {
    /// Trains.
    Train,
    /// Validates.
    Validation,
    /// Tests.
    Test,
    /// Validates in this fold, from 0, and trains in all others.
    Fold(usize),
}

/// The pictures of a folder, divided.
#[derive(Debug)]
pub struct PictureDivision {
    /// The set of each picture in the order of [`PictureFolder::pictures`]; `None` for unreadable ones.
    pub sets: Vec<Option<PictureSet>>,
    /// SHA-256 of each picture; empty for unreadable ones.
    pub contents: Vec<String>,
    /// Pictures that look the same, as places in the folder; groups of two or more.
    pub alike: Vec<Vec<usize>>,
    /// What cannot be read, and why.
    pub unreadable: Vec<UnreadablePicture>,
    /// How many pictures are of each kind that is not red, green and blue of 8 bits.
    pub kinds: BTreeMap<Remark, usize>,
    /// What did not come out as asked, in words.
    pub remarks: Vec<String>,
}

/// Most folds.
const MOST_FOLDS: usize = 100;

/// Reads all pictures of a folder and divides them, class by class.
///
/// Every set gets a picture of each class that has three or more, as far as likeness allows.
///
/// # Errors
/// When the parts leave nothing to train on, or no picture can be read.
pub fn divide(folder: &PictureFolder, options: &PictureSplit) -> Result<PictureDivision, PictureFolderError> {
    options.check()?;
    let read = folder.pictures().par_iter().map(|picture| Fingerprint::of_file(&picture.path)).collect();
    divide_known(folder, read, options)
}

/// Divides a folder of whose pictures the fingerprints are known, in the order of [`PictureFolder::pictures`].
///
/// # Errors
/// As [`divide`].
///
/// # Panics
/// When there is not one fingerprint per picture.
pub fn divide_known(
    folder: &PictureFolder,
    read: Vec<Result<Fingerprint, UnreadablePicture>>,
    options: &PictureSplit,
) -> Result<PictureDivision, PictureFolderError> {
    options.check()?;
    assert_eq!(read.len(), folder.pictures().len(), "one fingerprint per picture");
    let (mut unreadable, mut prints) = (Vec::new(), Vec::new());
    for fingerprint in read {
        prints.push(fingerprint.map_err(|error| unreadable.push(error)).ok());
    }
    let readable: Vec<usize> = (0..prints.len()).filter(|&place| prints[place].is_some()).collect();
    if readable.is_empty() {
        return Err(PictureFolderError::NoneReadable { path: folder.root().to_owned(), count: prints.len() });
    }
    let looks: Vec<_> = prints.iter().flatten().map(|fingerprint| &fingerprint.look).collect();
    let mut together = vec![Vec::new(); prints.len()];
    for (&place, first) in readable.iter().zip(groups(&looks)) {
        together[readable[first]].push(place);
    }
    let alike: Vec<_> = together.iter().filter(|group| group.len() > 1).cloned().collect();

    let mut dealer = Dealer { folder, options, sets: vec![None; prints.len()], remarks: Vec::new() };
    match options.by {
        SplitBy::Hash => dealer.deal_by_hash(&prints),
        _ => {
            let mut units: Vec<_> = together.into_iter().filter(|group| !group.is_empty()).collect();
            if !options.keep_alike_together {
                units = readable.iter().map(|&place| vec![place]).collect();
            }
            dealer.deal(units);
        }
    }
    let Dealer { sets, mut remarks, .. } = dealer;
    remarks.extend(alike.iter().filter_map(|group| doubt(folder, group)));
    let mut kinds = BTreeMap::new();
    for remark in prints.iter().flatten().flat_map(|fingerprint| &fingerprint.remarks) {
        *kinds.entry(*remark).or_default() += 1;
    }
    let contents = prints.into_iter().map(|fingerprint| fingerprint.map_or(String::new(), |print| print.content));
    Ok(PictureDivision { sets, contents: contents.collect(), alike, unreadable, kinds, remarks })
}

/// What to say of one picture that stands in two classes.
fn doubt(folder: &PictureFolder, group: &[usize]) -> Option<String> {
    let file = |&place: &usize| &folder.pictures()[place];
    let first = group.first().map(file)?;
    let other = group.iter().map(file).find(|other| other.class != first.class)?;
    let name = |picture: &super::PictureFile| format!("{:?}", folder.name_of(picture));
    Some(format!("{} and {} look the same, but are of different classes", name(first), name(other)))
}

impl PictureSplit {
    fn check(&self) -> Result<(), PictureFolderError> {
        let wrong = |reason: String| Err(PictureFolderError::Split { reason });
        let is_share = |share: f64| (0.0..1.0).contains(&share);
        if !is_share(self.validation) || !is_share(self.test) || self.validation + self.test >= 1.0 {
            return wrong(format!(
                "{} % for validation and {} % for test leave nothing to train on",
                100.0 * self.validation,
                100.0 * self.test
            ));
        }
        match self.by {
            SplitBy::Folds(count) if !(2..=MOST_FOLDS).contains(&count) => {
                wrong(format!("2 to {MOST_FOLDS} folds are possible, not {count}"))
            }
            SplitBy::Folds(_) if self.validation > 0.0 => {
                wrong("with folds every picture validates once: a validation part has no place".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl PictureSet {
    /// `train`, `validation`, `test`, `fold`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Fold(_) => "fold",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::synthetic::{SyntheticPictures, write_synthetic};
    use super::*;

    fn options() -> PictureSplit {
        PictureSplit { validation: 0.1, test: 0.1, by: SplitBy::Random, keep_alike_together: true, seed: 1 }
    }

    fn drawn(per_class: usize, change: impl Fn(&Path)) -> (tempfile::TempDir, PictureFolder) {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("drawn");
        write_synthetic(&SyntheticPictures { side: 32, per_class, seed: 5 }, &root).unwrap();
        change(&root);
        let folder = PictureFolder::scan(&root).unwrap();
        (parent, folder)
    }

    /// Pictures of `class` in each set.
    fn counts(folder: &PictureFolder, division: &PictureDivision, class: u8) -> [usize; 3] {
        let of_class = || division.sets.iter().zip(folder.pictures()).filter(|(_, picture)| picture.class == class);
        [PictureSet::Train, PictureSet::Validation, PictureSet::Test]
            .map(|set| of_class().filter(|(other, _)| **other == Some(set)).count())
    }

    #[test]
    fn each_class_has_its_parts_and_every_set_a_picture_where_three_are_there() {
        let (_parent, folder) = drawn(20, |root| {
            // Three grains, two layers.
            for place in 4..=20 {
                fs::remove_file(root.join(format!("grains/grains_{place:02}.png"))).unwrap();
            }
            for place in 3..=20 {
                fs::remove_file(root.join(format!("layers/layers_{place:02}.png"))).unwrap();
            }
            fs::write(root.join("folds/folds_21.png"), b"").unwrap();
        });
        for by in [SplitBy::Random, SplitBy::Hash] {
            let division = divide(&folder, &PictureSplit { by, validation: 0.2, ..options() }).unwrap();
            assert_eq!(counts(&folder, &division, 2), [1, 1, 1], "{by:?}");
            if by == SplitBy::Random {
                assert_eq!((counts(&folder, &division, 0), counts(&folder, &division, 1)), ([14, 4, 2], [14, 4, 2]));
                assert_eq!(counts(&folder, &division, 3), [2, 0, 0]);
                assert!(
                    division.remarks.iter().any(|remark| remark.contains("\"layers\" has 2")),
                    "{:?}",
                    division.remarks
                );
            }
            let [unreadable] = division.unreadable.as_slice() else { panic!("{:?}", division.unreadable) };
            assert!(unreadable.path.ends_with("folds_21.png"));
            assert_eq!(division.sets.iter().filter(|set| set.is_none()).count(), 1);
            assert_eq!(
                divide(&folder, &PictureSplit { by, validation: 0.2, ..options() }).unwrap().sets,
                division.sets
            );
        }
        let sets = |seed| divide(&folder, &PictureSplit { seed, ..options() }).unwrap().sets;
        assert_ne!(sets(1), sets(2));
    }

    #[test]
    fn by_hash_a_picture_stays_in_its_set_when_others_are_added() {
        let by_hash = PictureSplit { by: SplitBy::Hash, validation: 0.25, test: 0.25, ..options() };
        let sets = |folder: &PictureFolder| {
            let division = divide(folder, &by_hash).unwrap();
            let names = folder.pictures().iter().map(|picture| folder.name_of(picture));
            names.zip(division.sets).collect::<std::collections::BTreeMap<_, _>>()
        };
        let (_parent, many) = drawn(30, |_| ());
        let (_other, few) = drawn(30, |root| {
            for place in 16..=30 {
                fs::remove_file(root.join(format!("folds/folds_{place:02}.png"))).unwrap();
            }
        });
        let (many, few) = (sets(&many), sets(&few));
        assert_eq!((many.len(), few.len()), (120, 105));
        assert!(few.iter().all(|(name, set)| many[name] == *set));
        assert!(many.values().filter(|set| **set == Some(PictureSet::Test)).count() > 15);
    }

    #[test]
    fn pictures_that_look_the_same_stay_together_or_are_listed() {
        let (_parent, folder) = drawn(12, |root| {
            for place in 1..=12 {
                let picture = image::open(root.join(format!("folds/folds_{place:02}.png"))).unwrap();
                let larger = picture.resize_exact(48, 48, image::imageops::FilterType::Triangle);
                larger.save(root.join(format!("folds/large_{place:02}.bmp"))).unwrap();
            }
            fs::copy(root.join("grains/grains_02.png"), root.join("layers/again.png")).unwrap();
        });
        let together = divide(&folder, &options()).unwrap();
        assert_eq!(together.alike.len(), 13);
        let apart = |division: &PictureDivision| {
            division
                .alike
                .iter()
                .filter(|group| group.iter().any(|&place| division.sets[place] != division.sets[group[0]]))
                .count()
        };
        assert_eq!(apart(&together), 0);
        assert!(counts(&folder, &together, 1).iter().all(|&count| count >= 2));
        assert!(together.remarks.iter().any(|remark| remark.contains("different classes")), "{:?}", together.remarks);
        let free = divide(&folder, &PictureSplit { keep_alike_together: false, validation: 0.3, ..options() }).unwrap();
        assert!(apart(&free) > 0 && free.alike == together.alike);
    }

    #[test]
    fn folds_are_even_and_validate_every_picture_once() {
        let (_parent, folder) = drawn(11, |_| ());
        let folds = PictureSplit { by: SplitBy::Folds(4), validation: 0.0, ..options() };
        let division = divide(&folder, &folds).unwrap();
        let size = |fold| division.sets.iter().filter(|set| **set == Some(PictureSet::Fold(fold))).count();
        assert_eq!([0, 1, 2, 3].map(size), [10; 4]);
        assert_eq!(division.sets.iter().filter(|set| **set == Some(PictureSet::Test)).count(), 4);
    }

    #[test]
    fn parts_without_meaning_are_refused() {
        let (_parent, folder) = drawn(3, |_| ());
        for split in [
            PictureSplit { validation: 0.6, test: 0.4, ..options() },
            PictureSplit { test: -0.1, ..options() },
            PictureSplit { test: f64::NAN, ..options() },
            PictureSplit { by: SplitBy::Folds(1), validation: 0.0, ..options() },
            PictureSplit { by: SplitBy::Folds(5), ..options() },
        ] {
            assert!(matches!(divide(&folder, &split), Err(PictureFolderError::Split { .. })), "{split:?}");
        }
        let (_parent, folder) = drawn(1, |root| {
            for class in ["crossbeds", "folds", "grains", "layers"] {
                fs::write(root.join(format!("{class}/{class}_01.png")), b"x").unwrap();
            }
        });
        assert!(matches!(divide(&folder, &options()), Err(PictureFolderError::NoneReadable { count: 4, .. })));
    }
}
