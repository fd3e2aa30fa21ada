//! What people look at: history, metrics, figures and the HTML report.
//!
//! Everything is handed in as plain values; nothing here reads a job or a volume. Files carry no time stamps, but for TensorBoard's.

mod atomic_file;
mod counts;
mod error;
mod figures;
mod history;
mod html;
mod score_files;
mod tensorboard;

pub use atomic_file::{is_temporary_name, write_atomically};
pub use error::ReportError;
pub use figures::{AmplitudeColors, ConfusionFigure, Figure, SectionFigure, TimeSliceFigure, TrainingCurves};
pub use history::{HistoryCsv, read_history};
pub use html::{
    ReportContent, ReportFigure, ReportFile, ReportVolume, SplitStatement, SubsetVoxels, report_html, split_statement,
    write_report,
};
pub use score_files::{read_metrics, write_confusion, write_metrics};
pub use tensorboard::{EVENT_FILE, Event, EventLog, read_events};
