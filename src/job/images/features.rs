//! The use case `images features`: what a frozen network makes of pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::folders::is_figure;
use super::frozen_network::FrozenNetwork;
use crate::dataset::pictures::{PictureFolder, is_picture_name};
use crate::job::{JobEvent, Listener, RunError};
use crate::network::{Device, set_threads};
use crate::predict::pictures::{BottleneckOutcome, Bottlenecks, update_bottlenecks};

/// Which pictures, which network, and where the result goes.
#[derive(Clone, Debug)]
pub struct FeaturesOptions {
    /// Folder with one sub-folder per class.
    pub train: PathBuf,
    /// The same for validation.
    pub validation: Option<PathBuf>,
    /// The same for the test at the end.
    pub test: Option<PathBuf>,
    /// The network.
    pub network: FrozenNetwork,
    /// The file.
    pub file: PathBuf,
    /// Whether bottlenecks of another network may be replaced.
    pub overwrite: bool,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct FeaturesOutcome {
    /// The bottlenecks.
    pub bottlenecks: Bottlenecks,
    /// What was computed and what was known.
    pub counts: BottleneckOutcome,
}

/// Folders of pictures by the names of their sets.
pub(super) type NamedFolders = Vec<(&'static str, PictureFolder)>;

/// Makes bottlenecks of the pictures in up to three folders, or adds those of new pictures.
///
/// # Errors
/// When folders or weights do not fit, bottlenecks of another network are there, or on interruption, after what was computed has been
/// written.
pub fn make_bottlenecks(
    options: &FeaturesOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<FeaturesOutcome, RunError> {
    set_threads(options.threads);
    let folders = open_folders(&options.train, options.validation.as_deref(), options.test.as_deref())?;
    if options.overwrite && options.file.exists() {
        fs::remove_file(&options.file).map_err(RunError::io("replace", &options.file))?;
    }
    let outcome = bottlenecks_of(&folders, &options.network, &options.file, options.device, listener, interrupted)?;
    let mut warn = |text: String| listener.notice(&JobEvent::Warning(&text));
    for set in &outcome.counts.lost {
        warn(format!("the {set} pictures that the bottlenecks had are in them no more"));
    }
    warnings(&folders, &outcome.bottlenecks).into_iter().for_each(warn);
    Ok(outcome)
}

/// Opens the folders of the sets, with the class codes of the first.
///
/// # Errors
/// When a folder cannot be used, the first has but one class, or another has a class that it has not.
pub(super) fn open_folders(
    train: &Path,
    validation: Option<&Path>,
    test: Option<&Path>,
) -> Result<NamedFolders, RunError> {
    let train = PictureFolder::scan(train)?;
    train.check_classes()?;
    let other = |path: Option<&Path>| -> Result<Option<PictureFolder>, RunError> {
        path.map(|path| Ok(PictureFolder::scan(path)?.with_classes_of(&train)?)).transpose()
    };
    let [validation, test] = [other(validation)?, other(test)?];
    let others = [("validation", validation), ("test", test)];
    let others: Vec<_> = others.into_iter().filter_map(|(name, folder)| Some((name, folder?))).collect();
    Ok([vec![("train", train)], others].concat())
}

/// Bottlenecks of the pictures in `folders`, kept in `file`.
///
/// # Errors
/// As [`make_bottlenecks`].
pub(super) fn bottlenecks_of(
    folders: &[(&'static str, PictureFolder)],
    network: &FrozenNetwork,
    file: &Path,
    device: Device,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<FeaturesOutcome, RunError> {
    let model = network.model(folders.first().map_or(&[], |(_, folder)| folder.classes()))?;
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(RunError::io("make", parent))?;
    }
    let pictures: usize = folders.iter().map(|(_, folder)| folder.pictures().len()).sum();
    let title = network.backbone.title();
    listener.notice(&JobEvent::Stage(&format!("features of {pictures} pictures by {title}")));
    let mut tell = |progress| listener.notice(&JobEvent::Pictures(&progress));
    let folders: Vec<_> = folders.iter().map(|(name, folder)| (*name, folder)).collect();
    let (bottlenecks, counts) = update_bottlenecks(&model, device, &folders, file, interrupted, &mut tell)?;
    Ok(FeaturesOutcome { bottlenecks, counts })
}

/// What makes scores mean less than they seem to: pictures in two sets, classes without a picture.
pub(super) fn warnings(folders: &[(&'static str, PictureFolder)], bottlenecks: &Bottlenecks) -> Vec<String> {
    let mut warnings = Vec::new();
    let sets = bottlenecks.sets();
    for (place, set) in sets.iter().enumerate().skip(1) {
        for other in &sets[..place] {
            let shared = set.shared_with(other);
            if shared > 0 {
                let [name, other] = [&set.name, &other.name];
                let are = if shared == 1 { "picture is a" } else { "pictures are" };
                let plural = if shared == 1 { "" } else { "s" };
                warnings.push(format!(
                    "{shared} {name} {are} {other} picture{plural} as well: the scores of {name} mean little"
                ));
            }
        }
    }
    for (name, folder) in folders {
        let over = folder
            .passed_over()
            .iter()
            .filter(|path| path.is_dir() || (is_picture_name(path) && !is_figure(path)))
            .count();
        if over > 0 {
            warnings.push(format!(
                "{over} pictures or folders of the {name} pictures lie beside the class folders or below them, and are not looked at"
            ));
        }
    }
    for (name, folder) in folders.iter().skip(1) {
        let counts = folder.counts();
        let without = counts.iter().zip(folder.classes()).filter(|(count, _)| **count == 0);
        let without: Vec<_> = without.map(|(_, class)| format!("`{class}`")).collect();
        if !without.is_empty() {
            warnings.push(format!("no {name} picture is of {}", without.join(", ")));
        }
    }
    warnings
}
