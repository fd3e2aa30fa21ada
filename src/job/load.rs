//! From a job file to a checked job.

use std::fs;
use std::path::{Path, PathBuf};

use garde::Validate;

use super::check::{Finding, check};
use super::schema::{Job, START_FROM};
use super::source::Source;
use super::words;
use super::{JobError, MODEL_FILE};

/// A job that was read and checked, and where everything in it was written.
#[derive(Clone, Debug)]
pub struct LoadedJob {
    /// The job. Its paths are resolved against its file.
    pub job: Job,
    source: Source,
}

/// Reads a job, applies `--set` arguments and the environment, and checks all that can be checked without data.
///
/// # Errors
/// When the file cannot be read, is no YAML, or says something that a job may not say; with line and column.
pub fn load_job(path: &Path, arguments: &[String]) -> Result<LoadedJob, JobError> {
    load_with(path, arguments, &|name| std::env::var(name).ok())
}

pub(super) fn load_with(
    path: &Path,
    arguments: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<LoadedJob, JobError> {
    load_source(Source::read(path, arguments, variable)?)
}

/// The job that a file says, checked.
pub(super) fn load_source(source: Source) -> Result<LoadedJob, JobError> {
    let mut job: Job = source.typed()?;
    source.refuse_if_any(range_problems(&job))?;
    source.refuse_if_any(check(&job))?;
    source.refuse_if_any(resolve_files(&mut job, &source.path))?;
    Ok(LoadedJob { job, source })
}

impl LoadedJob {
    /// The job file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The error that refuses this job for what stands at `key` (`labels[2].points.class`), with line and column: for
    /// what only the data can tell.
    pub fn refuse(&self, key: &str, message: impl Into<String>, help: Option<String>) -> JobError {
        self.source.refused(vec![Finding { key: key.to_owned(), message: message.into(), help }])
    }
}

pub(super) fn range_problems<T: Validate<Context = ()>>(file: &T) -> Vec<Finding> {
    let Err(report) = file.validate() else { return Vec::new() };
    let findings = report.iter().map(|(path, error)| Finding {
        key: path.to_string(),
        message: words::range(error.message()),
        help: None,
    });
    findings.collect()
}

/// Makes the paths of a job absolute and looks whether the files are there.
fn resolve_files(job: &mut Job, job_path: &Path) -> Vec<Finding> {
    let from = job_path.parent().unwrap_or(Path::new(""));
    let resolved = |(key, path): (String, &mut PathBuf)| {
        let run = from.join(&*path);
        if key == START_FROM && run.is_dir() {
            if !run.join(MODEL_FILE).exists() {
                let message = format!("{} holds no {MODEL_FILE}: its training has not ended", path.display());
                return Some(Finding { key, message, help: Some("name the folder of a finished run".to_owned()) });
            }
            path.push(MODEL_FILE);
        }
        resolve(key, path, from, Wanted::File)
    };
    job.files_mut().into_iter().filter_map(resolved).collect()
}

/// What a path of a job leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A file.
    File,
    /// A folder of pictures.
    Folder,
}

/// Makes the path at `key` absolute, seen from the folder `from`, and looks whether what is wanted is there.
pub(super) fn resolve(key: String, path: &mut PathBuf, from: &Path, wanted: Wanted) -> Option<Finding> {
    let given = path.clone();
    // `absolute` fails only without a working folder; the path then stays relative to it.
    *path = std::path::absolute(from.join(&given)).unwrap_or_else(|_| from.join(&given));
    let (message, help) = match (fs::metadata(&*path), wanted) {
        // Records are text.
        _ if path.to_str().is_none() => {
            let message = format!("the path {} holds bytes that are no text in UTF-8", path.display());
            (message, Some("rename the file or folder, or give it a link with another name".to_owned()))
        }
        (Ok(metadata), _) if metadata.is_dir() == (wanted == Wanted::Folder) => {
            *path = without_detours(path);
            return None;
        }
        (Ok(_), Wanted::File) => (format!("{} is a folder, not a file", path.display()), None),
        (Ok(_), Wanted::Folder) => (format!("{} is a file, not a folder of pictures", path.display()), None),
        (Err(error), wanted) if error.kind() == std::io::ErrorKind::NotFound => {
            let from = "relative paths start from the folder of the job file".to_owned();
            let what = if wanted == Wanted::File { "file" } else { "folder" };
            (format!("there is no {what} {}", path.display()), given.is_relative().then_some(from))
        }
        (Err(error), _) => (format!("cannot open {}: {error}", path.display()), None),
    };
    Some(Finding { key, message, help })
}

/// `/a/b/../c` as `/a/c`, where that is the same file (it is not when `b` is a link).
fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                short.pop();
            }
            other => short.push(other),
        }
    }
    let is_same = fs::canonicalize(&short).ok().zip(fs::canonicalize(path).ok()).is_some_and(|(a, b)| a == b);
    if is_same { short } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{FeatureCache, TrainingForm};
    use super::super::source::MOST_BYTES;
    use super::super::{Place, Problem, job_yaml};
    use super::*;

    const VGG16: &str = "vgg16: { cut: conv4_1, padding: valid, freeze: { convolutions: 5 } }";

    const JOB: &str = "\
version: 1
name: test
input:
  segy: { path: cube.sgy }
classes: [else, salt]
labels:
  - points: { class: else, path: \"${DATA}/else.pts\" }
  - points: { class: salt, path: labels/salt.pts }
split: { stripes: { train: 95, gap: 33, test: 30, validation: 20 } }
network:
  vgg16: { cut: conv4_1, padding: valid, freeze: { convolutions: 5 } }
training:
  form: { dense: { crop: 48 } }
  steps: 160
  optimizer: { adam: { learning_rate: 2.0e-4 } }
  class_weights: inverse_sqrt
  early_stopping: { patience: 3 }
prediction:
  engine: dense
  inlines: all
";

    /// A folder with the files that `JOB` names.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("labels")).unwrap();
        for file in ["cube.sgy", "else.pts", "labels/salt.pts"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        folder
    }

    fn load(folder: &Path, text: &str, arguments: &[&str]) -> Result<LoadedJob, JobError> {
        let path = folder.join("job.yaml");
        fs::write(&path, text).unwrap();
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let data = folder.to_str().unwrap().to_owned();
        load_with(&path, &arguments, &|name| (name == "DATA").then(|| data.clone()))
    }

    #[test]
    fn paths_resolve_against_the_job_and_the_environment() {
        let folder = folder();
        let job = load(folder.path(), JOB, &[]).unwrap().job;
        let paths: Vec<_> = job.labels.iter().map(|source| source.path().to_owned()).collect();
        assert_eq!(paths, [folder.path().join("else.pts"), folder.path().join("labels/salt.pts")]);
        assert_eq!(job.input.segy.path, folder.path().join("cube.sgy"));
    }

    #[test]
    fn a_written_job_reads_back_the_same_from_anywhere() {
        let folder = folder();
        for arguments in [
            vec![],
            vec![
                "amplitude.clip=[-1.5, 2]",
                "training.class_weights=[1, 2.5]",
                "training.feature_cache=1.5 GiB",
                "prediction=[{engine: dense}, {name: b, engine: dense, crosslines: {first: 1, last: 9}}]",
                "output={figures: {time_slices: [1200.5]}}",
                "classes=[{name: else, color: '#102030'}, salt]",
            ],
        ] {
            let job = load(folder.path(), JOB, &arguments).unwrap().job;
            let elsewhere = tempfile::tempdir().unwrap();
            let written = job_yaml(&job).unwrap();
            assert_eq!(load(elsewhere.path(), &written, &[]).unwrap().job, job, "{written}");
        }
    }

    #[test]
    fn a_word_for_no_memory_is_no_truth_value() {
        let cache = |text| load(folder().path(), JOB, &[text]).unwrap().job.training.feature_cache;
        assert_eq!(cache("training.feature_cache=off"), FeatureCache::Off);
        assert_eq!(cache("training.feature_cache=auto"), FeatureCache::default());
    }

    #[test]
    fn set_changes_the_job() {
        let folder = folder();
        let change = ["training.steps=20", "network={waldeland: {padding: valid}}", "seed=7"];
        let job = load(folder.path(), JOB, &change).unwrap().job;
        assert_eq!((job.training.steps, job.seed, job.network.form()), (Some(20), 7, "waldeland"));
    }

    /// Replaces `from` by `to`, loads, and gives back the problems.
    fn problems(from: &str, to: &str, arguments: &[&str]) -> Vec<Problem> {
        assert!(JOB.contains(from), "{from}");
        match load(folder().path(), &JOB.replacen(from, to, 1), arguments).map(|loaded| loaded.job) {
            Err(JobError::Refused { problems, .. }) => problems,
            other => panic!("{from} -> {to}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_line_column_and_key() {
        for (from, to, place, key, words) in [
            ("version: 1", "version: 2", (1, 10), "version", "1 is the most"),
            ("version: 1\n", "", (1, 1), "", "missing key `version`"),
            ("name: test", "name: ../test", (2, 7), "name", "may hold up to 200 letters"),
            ("name: test", "name: [a]", (2, 7), "name", "found a list, expected a text"),
            ("path: cube.sgy", "path: cube.sgy, inlines: 189", (4, 27), "input.segy.inlines", "unknown key `inlines`"),
            ("path: cube.sgy", "path: none.sgy", (4, 17), "input.segy.path", "there is no file"),
            ("path: cube.sgy", "path: labels", (4, 17), "input.segy.path", "is a folder"),
            ("segy:", "sgey:", (4, 3), "input.sgey", "unknown key `sgey`"),
            ("[else, salt]", "[else, salt, else]", (5, 23), "classes[2]", "named twice"),
            ("[else, salt]", "[else, 7]", (5, 17), "classes[1]", "found the number `7`, expected a class name"),
            ("[else, salt]", "[else, salt, grizzly]", (5, 23), "classes[2]", "has no labels"),
            ("[else, salt]", "[salt]", (5, 10), "classes", "2 is the least"),
            (
                "class: salt",
                "class: slat",
                (8, 22),
                "labels[1].points.class",
                "`slat` is none of the classes else, salt",
            ),
            ("${DATA}", "${NONE}", (7, 34), "labels[0].points.path", "the environment variable NONE is not set"),
            ("${DATA}", "${DATA", (7, 34), "labels[0].points.path", "names no variable"),
            ("train: 95", "train: 0", (9, 28), "split.stripes.train", "1 is the least"),
            ("train: 95", "train: 9.5", (9, 28), "split.stripes.train", "expected a whole number"),
            ("vgg16:", "waldeland: { padding: same }\n  vgg16:", (10, 1), "network", "found `waldeland`, `vgg16`"),
            ("padding: valid", "padding: half", (11, 35), "network.vgg16.padding", "unknown form `half`"),
            (", padding: valid", "", (11, 3), "network.vgg16", "missing key `padding`"),
            ("cut: conv4_1, ", "", (11, 3), "network.vgg16", "`padding: valid` needs a `cut`"),
            ("convolutions: 5", "convolutions: 50", (11, 66), "network.vgg16.freeze.convolutions", "13 is the most"),
            ("cut: conv4_1", "cut: conv9_1", (11, 17), "network.vgg16.cut", "conv9_1"),
            ("cut: conv4_1", "cut: conv4_2", (11, 3), "network.vgg16", "the network sees 76 x 76 samples"),
            ("convolutions: 5", "convolutions: 9", (11, 42), "network.vgg16.freeze", "cannot freeze 9 convolutions"),
            (
                "convolutions: 5",
                "through: conv5_1",
                (11, 42),
                "network.vgg16.freeze",
                "the layers conv1_1, conv1_2, conv2_1",
            ),
            (VGG16, "resnet18: {}", (13, 11), "training.form.dense", "as published, it puts zeros round every patch"),
            (VGG16, "inception_v3: {}", (11, 3), "network.inception_v3", "which needs at least 75 x 75"),
            (
                VGG16,
                "unet: { encoder: resnet18 }",
                (13, 26),
                "training.form.dense.crop",
                "a multiple of 32, and at least 64",
            ),
            (VGG16, "unet: {}", (11, 3), "network.unet", "missing key `encoder`"),
            (VGG16, "unet: { encoder: vgg19 }", (11, 20), "network.unet.encoder", "unknown form `vgg19`"),
            (
                VGG16,
                "unet: { encoder: vgg16, decoder: [64, 64, 32, 32, 16] }",
                (11, 36),
                "network.unet.decoder",
                "a decoder of 5 widths does not fit VGG16, which halves its maps 4 times",
            ),
            (
                VGG16,
                "unet: { encoder: vgg16, freeze: { convolutions: 14 } }",
                (11, 27),
                "network.unet.freeze",
                "the network has 13 convolutions",
            ),
            (VGG16, "resnet50: { cut: conv1 }", (11, 15), "network.resnet50.cut", "unknown key `cut`"),
            (VGG16, "resnet51: {}", (11, 3), "network.resnet51", "unknown form `resnet51`"),
            (
                VGG16,
                "resnet34: { freeze: { all_but_last: 400 } }",
                (11, 15),
                "network.resnet34.freeze",
                "cannot freeze all but the last 400 layers before the head: the network has 122 of them",
            ),
            ("crop: 48", "crop: 0", (13, 26), "training.form.dense.crop", "1 is the least"),
            (
                "dense: { crop: 48 }",
                "dense",
                (13, 11),
                "training.form.dense",
                "found nothing, expected a map with `crop`",
            ),
            ("{ adam: { learning_rate: 2.0e-4 } }", "adam", (15, 14), "training.optimizer", "found a word alone"),
            ("steps: 160", "steps: soon", (14, 10), "training.steps", "found the text \"soon\", expected a whole"),
            ("steps: 160", "step: 160", (14, 3), "training.step", "unknown key `step`"),
            ("steps: 160\n", "steps: 160\n  epochs: 2\n", (15, 11), "training.epochs", "both given"),
            ("  steps: 160\n", "", (12, 1), "training", "neither `steps` nor `epochs`"),
            ("2.0e-4", "0", (15, 39), "training.optimizer.adam.learning_rate", "above 0"),
            (
                "stripes: { train: 95, gap: 33, test: 30, validation: 20 }",
                "none: {}",
                (9, 10),
                "split.none",
                "expected no value",
            ),
            ("inverse_sqrt", "[1]", (16, 18), "training.class_weights", "1 weights are given for 2 classes"),
            ("steps: 160\n", "steps: 160\n  feature_cache: 2\n", (15, 18), "training.feature_cache", "`2 GiB`"),
            ("steps: 160\n", "steps: 160\n  feature_cache: much\n", (15, 18), "training.feature_cache", "`off`"),
            (", validation: 20", "", (17, 3), "training.early_stopping", "needs voxels to validate on"),
            ("engine: dense", "engine: fast", (19, 11), "prediction.engine", "unknown form `fast`"),
            ("inlines: all", "inlines: al", (20, 12), "prediction.inlines", "expected `all`"),
            ("inlines: all", "inlines: {first: 9, last: 1}", (20, 3), "prediction.inlines", "at most"),
            ("inlines: all", "inlines: all\n  crosslines: all", (21, 15), "prediction.crosslines", "both given"),
        ] {
            let problems = problems(from, to, &[]);
            let problem = problems.iter().find(|problem| problem.message.contains(words));
            let shown = format!("{from} -> {to}: {problems:?}");
            let problem = problem.unwrap_or_else(|| panic!("{shown}"));
            assert_eq!(problem.key, key, "{shown}");
            assert_eq!(problem.place, Place::File { line: place.0, column: place.1 }, "{shown}");
        }
    }

    #[test]
    fn a_network_without_dense_form_is_refused_wherever_one_is_asked_for() {
        let keys: Vec<_> = problems("padding: valid", "padding: same", &[]).into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["training.form.dense", "prediction.engine"]);
    }

    #[test]
    fn a_u_net_takes_whole_crops_and_sections_and_no_patches() {
        let job = JOB.replace(VGG16, "unet: { encoder: vgg16, decoder: [16, 8] }");
        let folder = folder();
        let crops = |job: &Job| match &job.training.form {
            TrainingForm::Dense(form) => form.crops(&job.network),
            TrainingForm::Patch(_) => panic!("patches"),
        };
        let job = |arguments: &[&str]| load(folder.path(), &job, arguments);
        assert_eq!(crops(&job(&[]).unwrap().job).crop, 48);
        let usual = crops(&job(&["training.form={dense: {}}"]).unwrap().job);
        assert_eq!((usual.crop, usual.crops_per_step, usual.labelled_at_least), (192, 2, 0.02));
        let refused = job(&["training.form={patch: {}}", "prediction.engine=patch"]);
        let Err(JobError::Refused { problems, .. }) = refused else { panic!("{refused:?}") };
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["training.form.patch", "prediction.engine"]);
        assert!(problems.iter().all(|problem| problem.message.contains("does not look at single patches")));
    }

    #[test]
    fn what_a_set_argument_breaks_names_the_argument() {
        for (argument, key, words) in [
            ("training.step=20", "training.step", "unknown key `step`"),
            ("training.steps=abc", "training.steps", "expected a whole number"),
            ("training.form.dense.crop=0", "training.form.dense.crop", "1 is the least"),
            ("labels[0].points.class=slat", "labels[0].points.class", "none of the classes"),
            ("input.segy.path=${NONE}/x", "input.segy.path", "NONE is not set"),
            ("network.waldeland.padding=same", "network", "found `vgg16`, `waldeland`"),
        ] {
            let problems = problems("", "", &[argument]);
            let problem = problems.iter().find(|problem| problem.message.contains(words));
            let problem = problem.unwrap_or_else(|| panic!("{argument}: {problems:?}"));
            assert_eq!(problem.key, key, "{argument}");
            // What is wrong with a map that the file holds, too, is shown in the file.
            if key.starts_with("network") {
                assert_eq!(problem.place, Place::File { line: 10, column: 1 });
            } else {
                assert_eq!(problem.place, Place::Set { argument: argument.to_owned() });
            }
        }
        assert!(matches!(load(folder().path(), JOB, &["steps"]), Err(JobError::Set { .. })));
    }

    #[test]
    fn a_typing_mistake_gets_a_suggestion() {
        let help = |from, to| problems(from, to, &[]).remove(0).help;
        assert_eq!(help("steps: 160", "step: 160").as_deref(), Some("did you mean `steps`?"));
        assert_eq!(help("engine: dense", "engine: dens").as_deref(), Some("did you mean `dense`?"));
        assert_eq!(help("segy:", "picture:"), None);
    }

    #[test]
    fn files_that_are_no_job_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let load = |path: &Path| load_with(path, &[], &|_| None).map(|loaded| loaded.job);
        assert!(matches!(load(&folder.path().join("none.yaml")), Err(JobError::Read { .. })));
        assert!(matches!(load(folder.path()), Err(JobError::Read { .. })));
        for (bytes, expected) in [
            (vec![b'a'; MOST_BYTES as usize + 1], "far more than a job"),
            (vec![0xFF, 0xFE, 0x00], "no text in UTF-8"),
            (b"".to_vec(), "1:1"),
            (b"just text".to_vec(), "expected a map of the job's sections"),
        ] {
            let path = folder.path().join("job.yaml");
            fs::write(&path, bytes).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
