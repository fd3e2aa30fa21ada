//! The use case `baseline` of pictures: what classifiers without deep learning reach on a folder, or on bottlenecks.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ndarray::Axis;

use super::classify::remove_stale;
use super::described::{describe, fingerprints};
use super::folders::load_bottlenecks;
use crate::analysis::features::{FeatureBank, Subject};
use crate::analysis::{Part, Trial};
use crate::dataset::pictures::{
    PictureFolder, PictureFolderError, PictureSet, PictureShape, PictureSplit, SplitBy, divide_known,
};
use crate::grid::ClassTable;
use crate::job::baseline_table::Comparison;
use crate::job::{BaselineOptions, BaselineOutcome, JobEvent, Listener, RunError};
use crate::predict::pictures::BottleneckSet;
use crate::report::write_unreadable;

/// Which pictures classifiers are compared on.
#[derive(Clone, Debug)]
pub struct PictureBaseline {
    /// What the table is called in its title.
    pub name: String,
    /// Where the features come from.
    pub source: BaselineSource,
    /// Seed of the division and of the classifiers.
    pub seed: u64,
}

/// Where features of pictures come from.
#[derive(Clone, Debug)]
pub enum BaselineSource {
    /// From folders with one sub-folder for each class.
    Folders {
        /// Pictures to learn from.
        train: PathBuf,
        /// Pictures to score on.
        validation: Option<PathBuf>,
        /// Pictures to score on.
        test: Option<PathBuf>,
        /// How pictures are held out where there are none to score on.
        otherwise: HoldOut,
        /// At what size pictures are described.
        shape: PictureShape,
    },
    /// What a frozen network made of pictures.
    Bottlenecks(PathBuf),
}

/// How pictures of a folder are held out; those that look the same are kept together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoldOut {
    /// Each of so many parts is scored by what learnt the others.
    Folds(usize),
    /// So large a part of each class, 0 to 1.
    Share(f64),
}

/// The table, and what it says nothing about.
#[derive(Clone, Debug)]
pub struct PictureBaselineOutcome {
    /// The table.
    pub table: BaselineOutcome,
    /// In how many parts each picture was held out once; none where sets were fixed.
    pub folds: Option<usize>,
    /// Pictures that cannot be read, and why.
    pub unreadable: Vec<(String, String)>,
}

/// Pictures as rows of features, and who learns from which.
struct Examples {
    classes: Vec<String>,
    names: Vec<String>,
    parts: Vec<Part>,
    trials: Vec<Trial>,
    sets: Vec<&'static str>,
    /// How they were divided, for the title.
    division: String,
    folds: Option<usize>,
    leak: u64,
    unreadable: Vec<(String, String)>,
}

/// Describes pictures by features, or takes bottlenecks for these, fits classifiers and scores them.
///
/// # Errors
/// When folders or bottlenecks cannot be read, do not fit together, or leave a class nothing to learn from; on interruption;
/// or when a file cannot be written.
pub fn picture_baseline(
    pictures: &PictureBaseline,
    options: &BaselineOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<PictureBaselineOutcome, RunError> {
    let examples = match &pictures.source {
        BaselineSource::Folders { train, validation, test, otherwise, shape } => {
            let bank = options.bank_or(FeatureBank::of_pictures());
            check(*shape, &bank)?;
            let train = PictureFolder::scan(train)?;
            train.check_classes()?;
            let held_out = [("validation", validation), ("test", test)].into_iter();
            let held_out = held_out.filter_map(|(name, path)| Some((name, path.as_deref()?)));
            let fitting = |(name, path)| Ok((name, PictureFolder::scan(path)?.with_classes_of(&train)?));
            let held_out = held_out.map(fitting).collect::<Result<Vec<_>, PictureFolderError>>()?;
            if held_out.is_empty() {
                of_one_folder(&train, *otherwise, pictures.seed, *shape, &bank, listener, interrupted)?
            } else {
                of_folders(&train, &held_out, *shape, &bank, listener, interrupted)?
            }
        }
        BaselineSource::Bottlenecks(path) => of_bottlenecks(path)?,
    };
    let Examples { classes, names, parts, trials, sets, division, folds, leak, unreadable } = examples;
    let comparison = Comparison {
        title: &format!("{} — shallow classifiers{division}", pictures.name),
        unit: "pictures",
        classes: &ClassTable::from_names(classes)?,
        names: &names,
        parts,
        trials,
        sets,
        seed: pictures.seed,
        leak,
    };
    let mut table = comparison.carry_out(options, listener, interrupted)?;
    let errors = options.folder.join("baseline.errors.csv");
    if unreadable.is_empty() {
        // One of an earlier run would speak of pictures that have been mended since.
        remove_stale(&errors)?;
    } else {
        write_unreadable(&errors, &unreadable)?;
        table.files.push(errors);
    }
    Ok(PictureBaselineOutcome { table, folds, unreadable })
}

fn check(shape: PictureShape, bank: &FeatureBank) -> Result<(), PictureFolderError> {
    let wrong = |option, reason| Err(PictureFolderError::Option { option, reason });
    let least = FeatureBank::LEAST_SIDE;
    if shape.size.iter().any(|&side| side < least) {
        return wrong("size", format!("must be {least} pixels or more for features"));
    }
    match bank.families().iter().find(|family| !family.describes_pictures()) {
        Some(family) => wrong("features", format!("has `{}`, which pictures do not have", family.name())),
        None => Ok(()),
    }
}

/// Names of the features of pictures.
fn names(bank: &FeatureBank, shape: PictureShape) -> Vec<String> {
    let picture = ndarray::Array3::zeros((3, shape.size[0], shape.size[1]));
    bank.names(Subject::Picture(picture.view()))
}

/// A folder that learns and others that are scored.
fn of_folders(
    train: &PictureFolder,
    held_out: &[(&'static str, PictureFolder)],
    shape: PictureShape,
    bank: &FeatureBank,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Examples, RunError> {
    let folders: Vec<_> = [("train", train)].into_iter().chain(held_out.iter().map(|(name, f)| (*name, f))).collect();
    let files: Vec<_> = folders.iter().flat_map(|(_, folder)| folder.pictures()).cloned().collect();
    let part_of = folders.iter().enumerate().flat_map(|(part, (_, folder))| vec![Some(part); folder.pictures().len()]);
    let part_of: Vec<_> = part_of.collect();
    let described = describe(&files, shape, bank, listener, interrupted)?;
    let part_names: Vec<_> = folders.iter().map(|(name, _)| (*name).to_owned()).collect();
    let parts = described.parts(&part_names, &part_of);
    check_learnt(train, &parts[0].codes)?;
    for ((name, folder), part) in held_out.iter().zip(&parts[1..]) {
        if part.codes.is_empty() {
            let (path, count) = (folder.root().to_owned(), folder.pictures().len());
            return Err(PictureFolderError::NoneReadable { path, count }.into());
        }
        let without = classes_without(train.classes(), &part.codes);
        if !without.is_empty() {
            let classes: Vec<_> = without.iter().map(|class| format!("{class:?}")).collect();
            let text = format!("no {name} picture is of the class {}", classes.join(", "));
            listener.notice(&JobEvent::Warning(&text));
        }
    }
    let unreadable = described.unreadable.iter();
    Ok(Examples {
        classes: train.classes().to_vec(),
        names: names(bank, shape),
        trials: vec![Trial { train: vec![0], held_out: (1..parts.len()).collect() }],
        parts,
        sets: held_out.iter().map(|(name, _)| *name).collect(),
        division: String::new(),
        folds: None,
        leak: described.shared_with_first(&part_of),
        unreadable: unreadable.map(|picture| (picture.path.display().to_string(), picture.fault.to_string())).collect(),
    })
}

/// A folder of which some pictures are held out.
fn of_one_folder(
    folder: &PictureFolder,
    hold_out: HoldOut,
    seed: u64,
    shape: PictureShape,
    bank: &FeatureBank,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Examples, RunError> {
    let (by, test) = match hold_out {
        HoldOut::Folds(count) => (SplitBy::Folds(count), 0.0),
        HoldOut::Share(share) => (SplitBy::Random, share),
    };
    let split = PictureSplit { validation: 0.0, test, by, keep_alike_together: true, seed };
    let division = divide_known(folder, fingerprints(folder, listener, interrupted)?, &split)?;
    for remark in &division.remarks {
        listener.notice(&JobEvent::Warning(remark));
    }
    let part = |set: &Option<PictureSet>| match (*set)? {
        PictureSet::Fold(fold) => Some(fold + 1),
        PictureSet::Test | PictureSet::Validation => Some(1),
        PictureSet::Train => Some(0),
    };
    let part_of: Vec<_> = division.sets.iter().map(part).collect();
    let mut part_names = vec!["train".to_owned()];
    let (sets, words) = match hold_out {
        HoldOut::Folds(count) => {
            part_names.extend((1..=count).map(|fold| format!("fold{fold}")));
            let filled = (1..=count).filter(|&fold| part_of.contains(&Some(fold))).count();
            ("cross_validation", format!("{filled} folds, each scored by what learnt the others"))
        }
        HoldOut::Share(share) => {
            part_names.push("held_out".to_owned());
            ("held_out", format!("{} % of each class held out", 100.0 * share))
        }
    };
    listener.notice(&JobEvent::Note(&words));
    let alike: usize = division.alike.iter().map(Vec::len).sum();
    if alike > 0 {
        listener.notice(&JobEvent::Note(&format!("{alike} pictures look like others and stay with them")));
    }
    let described = describe(folder.pictures(), shape, bank, listener, interrupted)?;
    let parts = described.parts(&part_names, &part_of);
    check_learnt(folder, parts.iter().flat_map(|part| &part.codes).copied().collect::<Vec<_>>().as_slice())?;
    let others = |held_out: usize| (0..parts.len()).filter(|&part| part != held_out).collect();
    let trials = (1..parts.len()).filter(|&part| !parts[part].codes.is_empty());
    let trials: Vec<_> = trials.map(|part| Trial { train: others(part), held_out: vec![part] }).collect();
    if trials.is_empty() {
        return Err(PictureFolderError::NothingHeldOut { path: folder.root().to_owned() }.into());
    }
    for trial in &trials {
        let learnt: Vec<_> = trial.train.iter().flat_map(|&part| &parts[part].codes).copied().collect();
        let classes = classes_without(folder.classes(), &learnt);
        if !classes.is_empty() {
            return Err(PictureFolderError::TooAlike { path: folder.root().to_owned(), classes }.into());
        }
    }
    // Those that the division could not read, it said; a file may have gone since.
    let unreadable = described.unreadable.iter();
    Ok(Examples {
        classes: folder.classes().to_vec(),
        names: names(bank, shape),
        folds: matches!(hold_out, HoldOut::Folds(_)).then_some(trials.len()),
        parts,
        trials,
        sets: vec![sets],
        division: format!(", {words}"),
        leak: 0,
        unreadable: unreadable.map(|picture| (picture.path.display().to_string(), picture.fault.to_string())).collect(),
    })
}

/// What a frozen network made of sets of pictures.
fn of_bottlenecks(path: &Path) -> Result<Examples, RunError> {
    let bottlenecks = load_bottlenecks(path)?;
    if !bottlenecks.is_complete() {
        return Err(RunError::UnfinishedBottlenecks { path: path.to_owned() });
    }
    let network = bottlenecks.network();
    let part = |set: &BottleneckSet| Part {
        name: set.name.clone(),
        // One row and one channel of features each.
        features: bottlenecks.inputs(set).index_axis_move(Axis(1), 0).index_axis_move(Axis(1), 0),
        codes: set.pictures.iter().map(|picture| picture.class).collect(),
    };
    let train = bottlenecks.set("train").cloned().unwrap_or_default();
    let mut parts = vec![part(&train)];
    if let Some(class) = classes_without(&network.classes, &parts[0].codes).into_iter().next() {
        return Err(RunError::ClassWithoutPictures { path: path.to_owned(), class });
    }
    let (mut sets, mut leak) = (Vec::new(), 0);
    for name in ["validation", "test"] {
        if let Some(set) = bottlenecks.set(name).filter(|set| !set.pictures.is_empty()) {
            sets.push(name);
            parts.push(part(set));
            leak += set.shared_with(&train) as u64;
        }
    }
    if sets.is_empty() {
        return Err(PictureFolderError::NothingHeldOut { path: path.to_owned() }.into());
    }
    let left_out = bottlenecks.sets().iter().flat_map(|set| &set.left_out);
    Ok(Examples {
        classes: network.classes.clone(),
        names: (1..=bottlenecks.feature_count()).map(|place| format!("bottleneck_{place}")).collect(),
        trials: vec![Trial { train: vec![0], held_out: (1..parts.len()).collect() }],
        parts,
        sets,
        division: format!(" on features of {}", network.backbone.title()),
        folds: None,
        leak,
        unreadable: left_out.map(|picture| (picture.file.clone(), picture.reason.clone())).collect(),
    })
}

/// Refuses a folder of whose classes one has no picture that can be read.
fn check_learnt(folder: &PictureFolder, codes: &[u8]) -> Result<(), PictureFolderError> {
    let classes = classes_without(folder.classes(), codes);
    if classes.is_empty() {
        return Ok(());
    }
    Err(PictureFolderError::UnreadableClasses { path: folder.root().to_owned(), classes })
}

/// Classes that are not among `codes`.
fn classes_without(classes: &[String], codes: &[u8]) -> Vec<String> {
    let missing = |(code, _): &(usize, &String)| !codes.iter().any(|&known| usize::from(known) == *code);
    classes.iter().enumerate().filter(missing).map(|(_, name)| name.clone()).collect()
}
