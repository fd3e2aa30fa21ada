//! Why a run ended without its result.

use std::path::PathBuf;

use super::JobError;
use crate::analysis::shallow::ShallowError;
use crate::dataset::DatasetError;
use crate::dataset::pictures::{PictureFolderError, UnreadablePicture};
use crate::grid::ClassTableError;
use crate::labels::LabelError;
use crate::network::NetworkError;
use crate::predict::{PredictError, SinkError};
use crate::report::ReportError;
use crate::train::TrainError;
use crate::volume::VolumeError;

/// Why a job could not be carried out.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum RunError {
    /// The job says something that cannot be done.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Job(#[from] JobError),
    /// The classes form no table.
    #[error(transparent)]
    Classes(#[from] ClassTableError),
    /// A cube cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Volume(#[from] VolumeError),
    /// The features of the labelled voxels teach no classifier.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Shallow(#[from] ShallowError),
    /// Work that is too short to be kept in parts was interrupted.
    #[error("interrupted")]
    #[diagnostic(help("the same command begins anew"))]
    Interrupted,
    /// A folder of pictures cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pictures(#[from] PictureFolderError),
    /// A picture cannot be read.
    #[error(transparent)]
    Picture(#[from] UnreadablePicture),
    /// Bottlenecks of some of the pictures only.
    #[error("{path} is not finished: the bottlenecks of some pictures are missing")]
    #[diagnostic(help("repeat `facies images features`, which goes on where it was interrupted"))]
    UnfinishedBottlenecks {
        /// The bottlenecks.
        path: PathBuf,
    },
    /// A model or bottlenecks that are not there.
    #[error("there is no file {path}{}", if known.is_empty() { String::new() } else { format!(", but {}", known.join(", ")) })]
    #[diagnostic(help("{remedy}"))]
    NoSuchName {
        /// Where it would be.
        path: PathBuf,
        /// Names of those that are there.
        known: Vec<String>,
        /// The command that makes one.
        remedy: &'static str,
    },
    /// A class that nothing can be learnt of.
    #[error("{path} holds no training picture of class `{class}`")]
    #[diagnostic(help("make the bottlenecks again with pictures of every class that can be read"))]
    ClassWithoutPictures {
        /// The bottlenecks.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// A folder without pictures.
    #[error("{path} holds no pictures")]
    #[diagnostic(help("pictures are files ending in jpg, jpeg, png, gif, bmp, tif, tiff or webp"))]
    NoPictures {
        /// The folder.
        path: PathBuf,
    },
    /// Wrongly classified pictures are sought, and of none it is known what it shows.
    #[error(
        "what the pictures show is not known: none lies in a folder with the name of a class of the model, {known}"
    )]
    #[diagnostic(help("put the pictures of every class into a folder of its name, or seek with `--uncertain`"))]
    NoTruth {
        /// Names of the classes.
        known: String,
    },
    /// Labels cannot be read or do not fit the survey.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Labels(#[from] LabelError),
    /// The labelled voxels cannot be used as asked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// The network cannot be built, loaded or applied.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// Training failed or was interrupted.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Train(#[from] TrainError),
    /// Prediction failed or was interrupted.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Predict(#[from] PredictError),
    /// An output cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sink(#[from] SinkError),
    /// A table, figure or report cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Report(#[from] ReportError),
    /// A file or folder of the run cannot be read or written.
    #[error("cannot {action} {path}")]
    #[diagnostic(help("check that the folder exists, is a folder and may be written, and that the disk has space"))]
    Io {
        /// `make`, `read`, `write` or `remove`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Something that is no folder stands where the run's folder should be.
    #[error("{path} is not a folder")]
    #[diagnostic(help("choose another place with `--output`, or another `name` in the job"))]
    NotAFolder {
        /// Where the folder should be.
        path: PathBuf,
    },
    /// A folder with other things in it.
    #[error("{path} holds files, but no run of facies")]
    #[diagnostic(help(
        "choose another place with `--output`, or another `name` in the job; it is not touched, even with `--overwrite`"
    ))]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A run stands where the runs of folds would be put.
    #[error("{path} holds a run without folds")]
    #[diagnostic(help("give this job another `name`, or choose another place with `--output`"))]
    RunInTheWay {
        /// The folder.
        path: PathBuf,
    },
    /// Runs of folds stand where the run of one of them, or of a job without folds, would be put.
    #[error("{path} holds the folds of a job")]
    #[diagnostic(help(
        "open one of them with `--output {} --set name=fold-1 --set split.folds.fold=1`, give this job another `name`, or choose another place \
         with `--output`",
        path.display()
    ))]
    FoldsInTheWay {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds the result of other settings or data.
    #[error("{path} holds the {stage} of a job with other settings or other data{}", listed(differences))]
    #[diagnostic(help("give this job another `name`, or replace the old result with `--overwrite`"))]
    OtherRun {
        /// The run folder.
        path: PathBuf,
        /// `training`, `evaluation` or `prediction`.
        stage: &'static str,
        /// What differs, as far as it can be told: `training.steps: 400 -> 160`.
        differences: Vec<String>,
    },
    /// The folder holds a training that was cut off and that this command would not end as it began.
    #[error(
        "{path} holds an unfinished training with other settings or data, or on another device or number of threads \
         (it began on {device} with {threads}){}",
        listed(differences)
    )]
    #[diagnostic(help(
        "continue it with its own job and `--device {device} --threads {threads}`, give this job another `name`, or start \
         again with `--overwrite`"
    ))]
    OtherUnfinished {
        /// The run folder.
        path: PathBuf,
        /// The device it began on.
        device: String,
        /// The number of CPU threads it began with.
        threads: usize,
        /// What differs in the jobs, as far as it can be told.
        differences: Vec<String>,
    },
    /// The model file is not the one that training left.
    #[error("{path} was changed after it was trained")]
    #[diagnostic(help("train again with `facies train JOB.yaml --overwrite`, or put the trained file back"))]
    ChangedModel {
        /// The model file.
        path: PathBuf,
    },
    /// Another process works in the folder.
    #[error("another process works in {path}")]
    #[diagnostic(help("wait until it has ended, or choose another place with `--output`"))]
    Busy {
        /// The run folder.
        path: PathBuf,
    },
    /// A class that the job does not have.
    #[error("`{name}` is none of the classes {known}")]
    UnknownClass {
        /// What was given.
        name: String,
        /// Names of those it has.
        known: String,
    },
    /// A voxel that the survey does not have.
    #[error("the survey has no voxel at inline {inline}, crossline {crossline}, {position} {unit}")]
    #[diagnostic(help("`facies inspect VOLUME` shows its lines and samples"))]
    NoSuchVoxel {
        /// Inline number.
        inline: i32,
        /// Crossline number.
        crossline: i32,
        /// Time or depth.
        position: f64,
        /// `ms` or `m`.
        unit: &'static str,
    },
    /// Asked to evaluate or predict without a trained model.
    #[error("{path} holds no trained model")]
    #[diagnostic(help("train it first: `facies train JOB.yaml`, or do everything with `facies run JOB.yaml`"))]
    NoModel {
        /// The run folder.
        path: PathBuf,
    },
    /// Less space than the outputs will surely take.
    #[error(
        "{} of space are needed in {path}, {} are free",
        bytesize::ByteSize(*needed).display().iec(),
        bytesize::ByteSize(*free).display().iec()
    )]
    #[diagnostic(help(
        "free some space, choose another place with `--output`, write fewer SEG-Y volumes (`output.segy.volumes`), or interpret less"
    ))]
    DiskSpace {
        /// Where the outputs would lie.
        path: PathBuf,
        /// Bytes that are surely needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A record of the run that cannot be read back.
    #[error("{path} is damaged: {message}")]
    #[diagnostic(help("make the run again with `facies run JOB.yaml --overwrite`"))]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

impl RunError {
    /// Whether the run was asked to stop, its work kept.
    pub fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Interrupted
                | Self::Train(TrainError::Interrupted { .. })
                | Self::Predict(
                    PredictError::Interrupted { .. }
                        | PredictError::PicturesInterrupted { .. }
                        | PredictError::ScoringInterrupted
                )
        )
    }

    /// For `map_err` on calls into the file system.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

/// `: a; b`, or nothing.
fn listed(differences: &[String]) -> String {
    if differences.is_empty() { String::new() } else { format!(": {}", differences.join("; ")) }
}
