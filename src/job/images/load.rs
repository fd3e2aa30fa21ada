//! From a job file of pictures to a checked job.

use std::path::Path;

use crate::job::JobError;
use crate::job::check::{Finding, pace};
use crate::job::load::{Wanted, range_problems, resolve};
use crate::job::schema::Schedule;
use crate::job::schema::images::{Course, ImagesJob, PictureFolds, PictureSplit};
use crate::job::source::Source;

/// A job of pictures that was read and checked, and where everything in it was written.
#[derive(Clone, Debug)]
pub struct LoadedImages {
    /// The job. Its paths are resolved against its file.
    pub job: ImagesJob,
    source: Source,
}

impl LoadedImages {
    /// Reads and checks a job whose text is known to be one of pictures.
    ///
    /// # Errors
    /// When it says something that a job may not say; with line and column.
    pub(in crate::job) fn new(source: Source) -> Result<Self, JobError> {
        let mut job: ImagesJob = source.typed()?;
        source.refuse_if_any(range_problems(&job))?;
        source.refuse_if_any(check(&job))?;
        let from = source.path.parent().unwrap_or(Path::new(""));
        let folders = job.folders_mut().into_iter();
        let mut findings: Vec<_> = folders.filter_map(|(key, path)| resolve(key, path, from, Wanted::Folder)).collect();
        if let Some(weights) = &mut job.network.weights {
            findings.extend(resolve("network.weights".to_owned(), weights, from, Wanted::File));
        }
        source.refuse_if_any(findings)?;
        Ok(Self { job, source })
    }

    /// The error that refuses this job for what stands at `key`, with line and column.
    pub(in crate::job) fn refuse(&self, key: &str, message: impl Into<String>, help: Option<String>) -> JobError {
        self.source.refused(vec![Finding { key: key.to_owned(), message: message.into(), help }])
    }
}

/// What must fit together, as far as it can be told without pictures.
fn check(job: &ImagesJob) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |key: &str, message: &str, help: &str| {
        findings.push(Finding { key: key.into(), message: message.into(), help: Some(help.into()) });
    };
    let images = &job.input.images;
    let sets = images.train.is_some() || images.validation.is_some() || images.test.is_some();
    match (&images.folder, &images.train) {
        (None, None) => find(
            "input.images",
            "names no pictures to learn from",
            "give `folder`, which `split` divides, or `train` and what there is of `validation` and `test`",
        ),
        (Some(_), _) if sets => find(
            "input.images",
            "`folder` and folders of sets are both given",
            "keep `folder` with a `split`, or `train`, `validation` and `test`",
        ),
        (None, Some(_)) if job.split != PictureSplit::None => find(
            "split",
            "the folders of `input.images` are sets already",
            "take `split` out, or name one `folder` that it divides",
        ),
        _ => {}
    }
    match job.split {
        PictureSplit::Shares(ref shares) if shares.validation + shares.test >= 1.0 => {
            find("split.shares", "the parts leave nothing to train on", "their sum must stay below 1");
        }
        PictureSplit::Folds(PictureFolds { count, fold: Some(fold) }) if fold > count => {
            find("split.folds.fold", &format!("there are {count} folds"), "folds are counted from 1");
        }
        _ => {}
    }
    let training = &job.training;
    let courses = [("head", Some(&training.head)), ("tuning", training.tuning.as_ref())];
    for (key, course) in courses {
        let Some(Course { epochs, steps, .. }) = course else { continue };
        let key = format!("training.{key}");
        match (epochs, steps) {
            (None, None) => find(&key, "has neither `epochs` nor `steps`", "add one of them, as `epochs: 50`"),
            (Some(_), Some(_)) => find(&key, "`epochs` and `steps` are both given", "keep one of them"),
            _ => {}
        }
    }
    let validates = match &job.split {
        PictureSplit::None => images.validation.is_some(),
        PictureSplit::Shares(shares) => shares.validation > 0.0,
        PictureSplit::Folds(_) => false,
    };
    for (key, course) in courses.into_iter().filter(|_| !validates) {
        let Some(Course { patience, schedule, .. }) = course else { continue };
        let help = "take it out, or keep pictures back to watch: `split: { shares: { validation: 0.1, test: 0.1 } }`";
        if patience.is_some() {
            find(&format!("training.{key}.patience"), "there are no validation pictures to watch", help);
        }
        if matches!(schedule, Schedule::Plateau(_)) {
            find(&format!("training.{key}.schedule.plateau"), "there are no validation pictures to watch", help);
        }
    }
    if training.fine_tune.is_none() {
        let help = "add `fine_tune: last_block`, or take it out";
        if training.tuning.is_some() {
            find("training.tuning", "nothing is tuned", help);
        }
        if training.augmentation != Default::default() {
            find("training.augmentation", "the end learns from pictures as they are", help);
        }
    }
    for (key, course) in courses {
        let Some(Course { optimizer, schedule, .. }) = course else { continue };
        findings.extend(pace(&format!("training.{key}"), optimizer, schedule));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::job::Problem;
    use crate::job::any_job::{AnyJob, load_any_with};

    const JOB: &str = "\
version: 1
name: test
input: { images: { folder: pictures } }
split: { shares: { validation: 0.2, test: 0.2 } }
network: { backbone: mobilenet_v2, size: 64 }
training:
  head: { epochs: 3 }
  fine_tune: last_block
  augmentation: { flip_horizontal: 0.5, rotation: { up_to: 10, probability: 0.3 } }
";

    fn load(text: &str, arguments: &[&str]) -> Result<ImagesJob, Vec<Problem>> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pictures")).unwrap();
        let path = folder.path().join("job.yaml");
        fs::write(&path, text).unwrap();
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        match load_any_with(&path, &arguments, &|_| None) {
            Ok(AnyJob::Images(loaded)) => Ok(loaded.job),
            Ok(other) => panic!("{other:?}"),
            Err(JobError::Refused { problems, .. }) => Err(problems),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_written_job_reads_back_the_same() {
        for arguments in
            [&[][..], &["training.fine_tune=all", "training.tuning={steps: 5, optimizer: {sgd: {learning_rate: 0.1}}}"]]
        {
            let job = load(JOB, arguments).unwrap();
            let written = crate::job::write::images_yaml(&job).unwrap();
            let source = job.input.images.folder.clone().unwrap();
            fs::create_dir_all(&source).unwrap();
            assert_eq!(load(&written, &[]).unwrap(), job, "{written}");
            fs::remove_dir_all(source.parent().unwrap()).unwrap();
        }
        let counted = load(JOB, &["training.fine_tune=12"]).unwrap();
        assert_eq!(counted.training.fine_tune, Some(crate::job::schema::images::TunedLayers::Last(12)));
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_key() {
        for (argument, key, words) in [
            ("input.images={}", "input.images", "no pictures to learn from"),
            ("input.images.train=pictures", "input.images", "are both given"),
            ("input.images={train: pictures}", "split", "are sets already"),
            ("input.images.folder=elsewhere", "input.images.folder", "there is no folder"),
            ("split.shares={validation: 0.6, test: 0.5}", "split.shares", "leave nothing"),
            ("split={folds: {count: 3, fold: 4}}", "split.folds.fold", "there are 3 folds"),
            ("training.head={}", "training.head", "neither `epochs` nor `steps`"),
            (
                "training.head.optimizer={sgd: {learning_rate: 0.1, nesterov: true}}",
                "training.head.optimizer.sgd.nesterov",
                "no momentum",
            ),
            (
                "training.tuning={epochs: 2, optimizer: {sgd: {learning_rate: 0.1, decay: 0.1}}, schedule: {one_cycle: {}}}",
                "training.tuning.optimizer.sgd.decay",
                "both change the learning rate",
            ),
            ("training.fine_tune=null", "training.augmentation", "pictures as they are"),
            ("training.fine_tune=first", "training.fine_tune", "a number of layers"),
            ("training.augmentation.hue=0.7", "training.augmentation.hue", "goes from 0 to 0.5"),
            ("training.augmentation.shift=[0.4, 2]", "training.augmentation.shift", "goes from 0 to 1"),
            ("network.backbone=resnet51", "network.backbone", "resnet51"),
            ("network.size=5", "network.size", "16 is the least"),
            ("network.weights=none.pth", "network.weights", "there is no file"),
        ] {
            let problems = load(JOB, &[argument]).unwrap_err();
            let problem = problems.iter().find(|problem| problem.message.contains(words));
            let problem = problem.unwrap_or_else(|| panic!("{argument}: {problems:?}"));
            assert_eq!(problem.key, key, "{argument}");
        }
        for (split, refused) in [
            ("split=none", true),
            ("split={folds: {count: 3}}", true),
            ("split={shares: {validation: 0, test: 0.2}}", true),
            ("split={shares: {validation: 0.1, test: 0}}", false),
        ] {
            let course = "training.head={epochs: 3, patience: 2, schedule: {plateau: {}}}";
            let problems = load(JOB, &[split, course]).err().unwrap_or_default();
            let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
            let expected = ["training.head.patience", "training.head.schedule.plateau"];
            assert_eq!(keys, if refused { &expected[..] } else { &[] }, "{split}");
        }
    }
}
