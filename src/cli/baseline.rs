//! `facies baseline`: what classifiers without deep learning reach.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::baseline_answer::{Sizes, answer};
use super::failure::{Failure, UsageError};
use super::images::plain_name;
use super::interruption::interruption;
use super::printer::Printer;
use super::progress::Progress;
use crate::analysis::features::Family;
use crate::analysis::shallow::Classifier;
use crate::dataset::pictures::{Fit, PictureShape};
use crate::job::images::{BaselineSource, HoldOut, PictureBaseline, bottleneck_path, picture_baseline};
use crate::job::schema::images::Images;
use crate::job::{AnyJob, BaselineOptions, load_any, survey_baseline};

/// Score classifiers without deep learning on the labels of a job or on folders of pictures: the table to beat
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  facies baseline my-job.yaml --voxels 4000 --models random_forest,extra_trees,dummy\n  \
                        facies baseline photographs_train --validation photographs_validation --test photographs_test\n  \
                        facies baseline photographs --folds 5 --features color,gabor,edges\n  \
                        facies baseline --bottlenecks bn1"
)]
pub(super) struct Arguments {
    /// Job file (YAML), whose network and training are not used, or folder with one sub-folder of pictures for each class
    #[arg(value_name = "JOB|FOLDER", required_unless_present = "bottlenecks", conflicts_with = "bottlenecks")]
    input: Option<PathBuf>,
    /// Take what `facies images features` made for the features, by its name
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    bottlenecks: Option<String>,
    /// Classifiers, in the order of the table; all if not given
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    models: Vec<Word<Classifier>>,
    /// Features; if not given, all but `structure` for pictures and all but `color` for jobs
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    features: Vec<Word<Family>>,
    /// Write the features of every voxel or picture, too, for classifiers of your own
    #[arg(long)]
    write_features: bool,
    /// Folder that holds the folders of runs; the table goes to NAME-baseline in it
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    job: OfJob,
    #[command(flatten)]
    pictures: OfPictures,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of jobs")]
struct OfJob {
    /// Change a value of the job, as in `patch.size=33`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Most voxels of each of training, validation and test, spread evenly over the labels; 4000 if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    voxels: Option<u32>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of pictures")]
struct OfPictures {
    /// Folder of pictures to score on, with the same classes
    #[arg(long, value_name = "FOLDER")]
    validation: Option<PathBuf>,
    /// Another one
    #[arg(long, value_name = "FOLDER")]
    test: Option<PathBuf>,
    /// Without folders to score on: deal the pictures into so many parts, each scored by what learnt the others; 5 if not given
    #[arg(long, value_name = "K", conflicts_with_all = ["validation", "test", "share"],
          value_parser = clap::value_parser!(u8).range(2..=100))]
    folds: Option<u8>,
    /// Hold out so many per cent of each class, instead of folds
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["validation", "test"], value_parser = percent)]
    share: Option<f64>,
    /// Rows and columns at which pictures are described; 128 if not given
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=1024))]
    size: Option<u32>,
    /// Cut pictures of another proportion instead of stretching them
    #[arg(long)]
    crop: bool,
    /// Seed of folds and classifiers; 1 if not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Name of the table; that of the folder or of the bottlenecks if not given
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    name: Option<String>,
}

/// A value with a name, as a word on the command line.
#[derive(Clone, Copy, Debug)]
struct Word<T>(T);

/// `Word`s of all these values.
const fn words<T: Copy, const N: usize>(values: [T; N]) -> [Word<T>; N] {
    let mut words = [Word(values[0]); N];
    let mut place = 0;
    while place < N {
        words[place] = Word(values[place]);
        place += 1;
    }
    words
}

impl ValueEnum for Word<Classifier> {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Word<Classifier>; Classifier::ALL.len()] = words(Classifier::ALL);
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.0.name().into())
    }
}

impl ValueEnum for Word<Family> {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Word<Family>; Family::ALL.len()] = words(Family::ALL);
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.0.name().into())
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent),
        _ => Err("a number between 0 and 100".into()),
    }
}

/// What classifiers are scored on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Job,
    Pictures,
    Bottlenecks,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    match (&arguments.input, &arguments.bottlenecks) {
        (Some(input), _) if input.is_dir() => of_folder(arguments, input, printer),
        (Some(input), _) => of_job(arguments, input, printer),
        (None, Some(name)) => {
            arguments.check(Kind::Bottlenecks)?;
            let source = BaselineSource::Bottlenecks(bottleneck_path(&arguments.output, name));
            of_pictures(arguments, name.clone(), source, printer)
        }
        (None, None) => Err(UsageError {
            message: "nothing is named to score classifiers on".to_owned(),
            help: "name a job file or a folder of pictures, or `--bottlenecks NAME`".to_owned(),
        }
        .into()),
    }
}

fn of_job(arguments: &Arguments, path: &Path, printer: &Printer) -> Result<(), Failure> {
    if !path.exists() {
        return Err(UsageError {
            message: format!("there is neither a job file nor a folder {}", path.display()),
            help: "name a job file (YAML), or a folder with one sub-folder of pictures for each class".to_owned(),
        }
        .into());
    }
    arguments.check(Kind::Job)?;
    let loaded = match load_any(path, &arguments.job.set)? {
        AnyJob::Sections(loaded) => loaded,
        AnyJob::Images(loaded) => return Err(of_images(path, &loaded.job.input.images).into()),
    };
    let options = arguments.options(&loaded.job.name);
    let most_voxels = arguments.job.voxels.unwrap_or(4000) as usize;
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = survey_baseline(&loaded, most_voxels, &options, &mut progress, &interrupted);
    drop(progress);
    answer(&outcome?, &Sizes::Voxels, arguments.json, printer)
}

/// Leads from a job of pictures to its folders.
fn of_images(path: &Path, images: &Images) -> UsageError {
    let option = |name: &str, folder: &Option<PathBuf>| {
        folder.as_ref().map_or_else(String::new, |folder| format!(" --{name} {}", folder.display()))
    };
    let train = images.folder.as_ref().or(images.train.as_ref()).map_or(Path::new("FOLDER"), PathBuf::as_path);
    let held_out = option("validation", &images.validation) + &option("test", &images.test);
    UsageError {
        message: format!("{} is a job of pictures, whose folders are named on the command line here", path.display()),
        help: format!("`facies baseline {}{held_out}`", train.display()),
    }
}

fn of_folder(arguments: &Arguments, folder: &Path, printer: &Printer) -> Result<(), Failure> {
    arguments.check(Kind::Pictures)?;
    // `.` and `..` have no name of their own.
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = real.file_name().map_or_else(|| "pictures".to_owned(), |name| name.to_string_lossy().into_owned());
    let pictures = &arguments.pictures;
    let side = pictures.size.unwrap_or(128) as usize;
    let source = BaselineSource::Folders {
        train: folder.to_owned(),
        validation: pictures.validation.clone(),
        test: pictures.test.clone(),
        otherwise: match pictures.share {
            Some(percent) => HoldOut::Share(percent / 100.0),
            None => HoldOut::Folds(pictures.folds.unwrap_or(5).into()),
        },
        shape: PictureShape { size: [side, side], fit: if pictures.crop { Fit::Crop } else { Fit::Stretch } },
    };
    of_pictures(arguments, name, source, printer)
}

fn of_pictures(arguments: &Arguments, name: String, source: BaselineSource, printer: &Printer) -> Result<(), Failure> {
    let name = arguments.pictures.name.clone().unwrap_or(name);
    let options = arguments.options(&name);
    let pictures = PictureBaseline { name, source, seed: arguments.pictures.seed.unwrap_or(1) };
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = picture_baseline(&pictures, &options, &mut progress, &interrupted);
    drop(progress);
    let outcome = outcome?;
    answer(
        &outcome.table,
        &Sizes::Pictures { folds: outcome.folds, unreadable: &outcome.unreadable },
        arguments.json,
        printer,
    )
}

impl Arguments {
    fn options(&self, name: &str) -> BaselineOptions {
        let models = self.models.iter().map(|model| model.0);
        BaselineOptions {
            classifiers: if self.models.is_empty() { Classifier::ALL.to_vec() } else { models.collect() },
            families: self.features.iter().map(|family| family.0).collect(),
            folder: self.output.join(format!("{name}-baseline")),
            writes_features: self.write_features,
        }
    }

    /// Refuses options that say nothing about what is scored on.
    fn check(&self, kind: Kind) -> Result<(), UsageError> {
        use Kind::{Bottlenecks, Job, Pictures};
        let Self { job, pictures, .. } = self;
        let options: [(&str, bool, &[Kind]); 11] = [
            ("--set", !job.set.is_empty(), &[Job]),
            ("--voxels", job.voxels.is_some(), &[Job]),
            ("--validation", pictures.validation.is_some(), &[Pictures]),
            ("--test", pictures.test.is_some(), &[Pictures]),
            ("--folds", pictures.folds.is_some(), &[Pictures]),
            ("--share", pictures.share.is_some(), &[Pictures]),
            ("--size", pictures.size.is_some(), &[Pictures]),
            ("--crop", pictures.crop, &[Pictures]),
            ("--features", !self.features.is_empty(), &[Job, Pictures]),
            ("--seed", pictures.seed.is_some(), &[Pictures, Bottlenecks]),
            ("--name", pictures.name.is_some(), &[Pictures, Bottlenecks]),
        ];
        if let Some((option, _, kinds)) = options.iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.words()).collect();
            return Err(UsageError {
                message: format!("`{option}` has no meaning for {}", kind.words()),
                help: format!("it goes with {}", kinds.join(" or ")),
            });
        }
        let (suits, others): (fn(Family) -> bool, _) = match kind {
            Job => (Family::describes_patches, "patches of a section have none"),
            _ => (Family::describes_pictures, "pictures have none"),
        };
        match self.features.iter().find(|family| !suits(family.0)) {
            Some(family) => Err(UsageError {
                message: format!("`--features {}` has no meaning for {}: {others}", family.0.name(), kind.words()),
                help: "leave it out".to_owned(),
            }),
            None => Ok(()),
        }
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Job => "a job file",
            Self::Pictures => "a folder of pictures",
            Self::Bottlenecks => "bottlenecks",
        }
    }
}
