//! Jobs of both kinds: sections of a cube, and folders of pictures.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::batch_row::BatchRow;
use super::carry_out::carry_out;
use super::folds::{carry_out_folds, folds_of};
use super::images::{LoadedImages, carry_out_images, folds_of_pictures, network_title, parameters, take_fold};
use super::load::load_source;
use super::schema::Split;
use super::source::Source;
use super::write::images_yaml;
use super::{JobError, Listener, LoadedJob, RunError, RunOptions, RunOutcome, Work, job_yaml};

/// A job that was read and checked.
#[derive(Clone, Debug)]
pub enum AnyJob {
    /// Of a cube.
    Sections(Box<LoadedJob>),
    /// Of pictures.
    Images(Box<LoadedImages>),
}

/// Reads a job of either kind, applies `--set` arguments and the environment, and checks all that can be checked without data.
///
/// # Errors
/// When the file cannot be read, is no YAML, or says something that a job may not say; with line and column.
pub fn load_any(path: &Path, arguments: &[String]) -> Result<AnyJob, JobError> {
    load_any_with(path, arguments, &|name| std::env::var(name).ok())
}

pub(super) fn load_any_with(
    path: &Path,
    arguments: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<AnyJob, JobError> {
    let source = Source::read(path, arguments, variable)?;
    if source.has("input.images") {
        Ok(AnyJob::Images(Box::new(LoadedImages::new(source)?)))
    } else {
        Ok(AnyJob::Sections(Box::new(load_source(source)?)))
    }
}

impl AnyJob {
    /// Carries out `work` of the job.
    ///
    /// Parts that are done already are kept; an interrupted part continues. Nothing is written before everything that the job
    /// names has been read and found to fit.
    ///
    /// # Errors
    /// When the job cannot be carried out, fails, or is interrupted.
    pub fn carry_out(
        &self,
        work: Work,
        options: &RunOptions,
        listener: &mut dyn Listener,
        interrupted: &AtomicBool,
    ) -> Result<RunOutcome, RunError> {
        if let Some(folds) = self.folds() {
            return carry_out_folds(self, &folds, work, options, listener, interrupted);
        }
        match self {
            Self::Sections(loaded) => carry_out(loaded, work, options, listener, interrupted),
            Self::Images(loaded) => carry_out_images(loaded, work, options, listener, interrupted),
        }
    }

    /// Name of the run.
    pub fn name(&self) -> &str {
        match self {
            Self::Sections(loaded) => &loaded.job.name,
            Self::Images(loaded) => &loaded.job.name,
        }
    }

    pub(super) fn set_name(&mut self, name: String) {
        match self {
            Self::Sections(loaded) => loaded.job.name = name,
            Self::Images(loaded) => loaded.job.name = name,
        }
    }

    pub(super) fn seed(&self) -> u64 {
        match self {
            Self::Sections(loaded) => loaded.job.seed,
            Self::Images(loaded) => loaded.job.seed,
        }
    }

    pub(super) fn refuse(&self, key: &str, message: String, help: Option<String>) -> JobError {
        match self {
            Self::Sections(loaded) => loaded.refuse(key, message, help),
            Self::Images(loaded) => loaded.refuse(key, message, help),
        }
    }

    /// Whether it asks for an interpretation.
    pub(super) fn interprets(&self) -> bool {
        matches!(self, Self::Sections(loaded) if !loaded.job.prediction.is_empty())
    }

    /// The folds of the job as jobs of their own, if it asks for all of them.
    pub(super) fn folds(&self) -> Option<Vec<Self>> {
        match self {
            Self::Sections(loaded) => {
                Some(folds_of(loaded)?.into_iter().map(|fold| Self::Sections(Box::new(fold))).collect())
            }
            Self::Images(loaded) => {
                Some(folds_of_pictures(loaded)?.into_iter().map(|fold| Self::Images(Box::new(fold))).collect())
            }
        }
    }

    /// Everything in the job but name, seed and fold, as text; and the fold.
    ///
    /// # Errors
    /// When it cannot be written as text; a loaded one can.
    pub(super) fn bare(&self) -> Result<(String, Option<usize>), JobError> {
        match self {
            Self::Sections(loaded) => {
                let mut job = loaded.job.clone();
                (job.name, job.seed) = (String::new(), 0);
                let fold = if let Split::Folds(folds) = &mut job.split { folds.fold.take() } else { None };
                Ok((job_yaml(&job)?, fold))
            }
            Self::Images(loaded) => {
                let mut job = loaded.job.clone();
                (job.name, job.seed) = (String::new(), 0);
                let fold = take_fold(&mut job);
                Ok((images_yaml(&job)?, fold))
            }
        }
    }

    /// The row of a batch before it is run.
    ///
    /// # Errors
    /// When the network cannot be built.
    pub(super) fn row(&self) -> Result<BatchRow, RunError> {
        let (network, parameters) = match self {
            Self::Sections(loaded) => (loaded.job.network.architecture().title(), loaded.job.layers()?.parameters()),
            Self::Images(loaded) => (network_title(&loaded.job), parameters(&loaded.job)?),
        };
        Ok(BatchRow::new(self.name(), network, parameters, self.seed()))
    }
}
