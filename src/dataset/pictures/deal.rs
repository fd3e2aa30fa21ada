//! Dealing pictures out to sets, class by class.

use rand::seq::SliceRandom;

use super::fingerprint::Fingerprint;
use super::folder::PictureFolder;
use super::split::{PictureSet, PictureSplit, SplitBy};
use crate::dataset::generator::{Purpose, generator};

/// Fewest pictures of a class that are divided at all.
const FEWEST: usize = 3;

/// Pictures on their way into sets.
pub(super) struct Dealer<'a> {
    pub(super) folder: &'a PictureFolder,
    pub(super) options: &'a PictureSplit,
    /// What each has got so far.
    pub(super) sets: Vec<Option<PictureSet>>,
    /// What did not come out as asked, in words.
    pub(super) remarks: Vec<String>,
}

impl Dealer<'_> {
    /// Deals out units of pictures that stay together, class by class.
    pub(super) fn deal(&mut self, units: Vec<Vec<usize>>) {
        let mut of_class = vec![Vec::new(); self.folder.classes().len()];
        for unit in units {
            of_class[self.class(unit[0])].push(unit);
        }
        let mut fold_sizes = match self.options.by {
            SplitBy::Folds(count) => vec![0; count],
            _ => Vec::new(),
        };
        for (class, mut units) in of_class.into_iter().enumerate() {
            units.shuffle(&mut generator(self.options.seed, Purpose::PictureSplit, 0, class as u64));
            // Lone pictures are dealt first: they fill a part to the number, groups of many would burst it.
            units.sort_by_key(Vec::len);
            let rest = self.hold_out(class, units);
            if fold_sizes.is_empty() {
                rest.into_iter().for_each(|unit| self.put(&unit, PictureSet::Train));
            } else {
                self.deal_folds(class, rest, &mut fold_sizes);
            }
        }
    }

    /// Puts units of one class into test and validation until their parts are reached; returns the others.
    fn hold_out(&mut self, class: usize, units: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        // Pictures that came with a unit of another class count, too.
        let dealt =
            |sets: &[Option<PictureSet>], set| self.places(class).filter(|&place| sets[place] == Some(set)).count();
        let count = units.iter().flatten().filter(|&&place| self.class(place) == class).count()
            + self.places(class).filter(|&place| self.sets[place].is_some()).count();
        let wanted = [self.options.test, self.options.validation].map(|share| match share {
            0.0 => 0,
            _ if count < FEWEST => 0,
            share => ((count as f64 * share).round() as usize).max(1),
        });
        let mut got = [PictureSet::Test, PictureSet::Validation].map(|set| dealt(&self.sets, set));
        let (mut left, mut rest) = (units.len(), Vec::new());
        let trains =
            |sets: &[Option<PictureSet>], rest: &[Vec<usize>]| !rest.is_empty() || dealt(sets, PictureSet::Train) > 0;
        let mut placed = Vec::new();
        for unit in units {
            let fits = |at: usize| got[at] < wanted[at] && (got[at] == 0 || got[at] + unit.len() <= wanted[at]);
            // The last unit trains if nothing else does.
            let may_leave = left > 1 || trains(&self.sets, &rest);
            left -= 1;
            match (0..2).find(|&at| may_leave && fits(at)) {
                Some(at) => {
                    got[at] += unit.len();
                    placed.push((unit, [PictureSet::Test, PictureSet::Validation][at]));
                }
                None => rest.push(unit),
            }
        }
        for (unit, set) in placed {
            self.put(&unit, set);
        }
        let name = &self.folder.classes()[class];
        if count < FEWEST && self.options.test + self.options.validation > 0.0 {
            self.remarks.push(format!("class {name:?} has {count} readable pictures: all of them train"));
        }
        for (at, set) in ["test", "validation"].into_iter().enumerate() {
            if wanted[at] > 0 && got[at] == 0 {
                self.remarks.push(format!("class {name:?} has too few pictures that differ: none for {set}"));
            }
        }
        rest
    }

    /// Deals units of one class into folds of nearly equal size.
    fn deal_folds(&mut self, class: usize, units: Vec<Vec<usize>>, sizes: &mut [usize]) {
        let mut of_class = vec![0; sizes.len()];
        // The largest first, so that the small ones level the folds.
        for unit in units.into_iter().rev() {
            let fold = (0..sizes.len()).min_by_key(|&fold| (of_class[fold], sizes[fold])).unwrap_or(0);
            of_class[fold] += unit.len();
            sizes[fold] += unit.len();
            self.put(&unit, PictureSet::Fold(fold));
        }
        let without = of_class.iter().filter(|&&count| count == 0).count();
        if without > 0 {
            let name = &self.folder.classes()[class];
            self.remarks
                .push(format!("class {name:?} is missing in the validation of {without} folds: too few pictures"));
        }
    }

    /// Gives each picture the set that its hash falls into.
    pub(super) fn deal_by_hash(&mut self, prints: &[Option<Fingerprint>]) {
        let position = |place: usize| {
            let content = prints[place].as_ref().map(|print| print.content.as_str())?;
            Some(u64::from_str_radix(content.get(..16)?, 16).ok()? as f64 / 2f64.powi(64))
        };
        let [test, validation] = [self.options.test, self.options.validation];
        let ranges = [(PictureSet::Test, 0.0, test), (PictureSet::Validation, test, test + validation)];
        for class in 0..self.folder.classes().len() {
            let mut places: Vec<_> = self.places(class).filter_map(|place| Some((place, position(place)?))).collect();
            places.sort_by(|(_, one), (_, other)| one.total_cmp(other));
            for &(place, at) in &places {
                let range = ranges.iter().find(|&&(_, from, to)| (from..to).contains(&at));
                self.sets[place] = Some(range.map_or(PictureSet::Train, |&(set, ..)| set));
            }
            if places.len() >= FEWEST {
                self.fill_up(class, &places, &ranges);
            }
        }
    }

    /// Takes the picture whose hash is nearest into a set that would have none of a class.
    fn fill_up(&mut self, class: usize, places: &[(usize, f64)], ranges: &[(PictureSet, f64, f64)]) {
        let wanted = ranges.iter().filter(|(_, from, to)| to > from).copied();
        for (set, from, to) in wanted.chain([(PictureSet::Train, self.options.test + self.options.validation, 1.0)]) {
            let count = |sets: &[Option<PictureSet>], set| {
                places.iter().filter(|&&(place, _)| sets[place] == Some(set)).count()
            };
            if count(&self.sets, set) > 0 {
                continue;
            }
            let distance = |at: f64| (from - at).max(at - to).max(0.0);
            let spare =
                places.iter().filter(|&&(place, _)| self.sets[place].is_some_and(|other| count(&self.sets, other) > 1));
            if let Some(&(place, _)) = spare.min_by(|(_, one), (_, other)| distance(*one).total_cmp(&distance(*other)))
            {
                self.sets[place] = Some(set);
                let (name, picture) =
                    (&self.folder.classes()[class], self.folder.name_of(&self.folder.pictures()[place]));
                self.remarks.push(format!(
                    "{picture:?} fills up {}, which had no picture of class {name:?}; it may leave when others are added",
                    set.name()
                ));
            }
        }
    }

    fn put(&mut self, unit: &[usize], set: PictureSet) {
        unit.iter().for_each(|&place| self.sets[place] = Some(set));
    }

    fn class(&self, place: usize) -> usize {
        usize::from(self.folder.pictures()[place].class)
    }

    fn places(&self, class: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.sets.len()).filter(move |&place| self.class(place) == class)
    }
}
