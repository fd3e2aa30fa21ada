//! What people look at: history, metrics, figures and the HTML report.
//!
//! Everything is handed in as plain values; nothing here reads a job or a volume. Files carry no time stamps, but for TensorBoard's.

mod atomic_file;
mod baseline_table;
mod counts;
mod error;
mod figures;
mod history;
mod html;
mod judged;
mod judged_voxels;
mod picture_table;
mod score_files;
mod spreads;
mod tensorboard;

pub use atomic_file::{is_temporary_name, write_atomically};
pub use baseline_table::{write_baseline, write_features};
pub use error::ReportError;
pub use figures::{
    AmplitudeColors, AugmentationExamples, AugmentationFigure, BaselineFigure, ClassifiedPictureFigure,
    ConfusionFigure, Figure, ReliabilityFigure, SectionFigure, Shade, Tile, TileContent, TilesFigure, TimeSliceFigure,
    TrainingCurves,
};
pub use history::{HistoryCsv, read_history};
pub use html::{
    ReportContent, ReportFigure, ReportFile, ReportVolume, SplitStatement, SubsetVoxels, report_html, split_statement,
    write_report,
};
pub use judged::Judged;
pub use judged_voxels::{voxel_position, write_judged_voxels};
pub use picture_table::{PictureRow, PictureTable, most_probable, write_misclassified, write_unreadable};
pub use score_files::{read_metrics, write_confusion, write_metrics, write_scores};
pub use spreads::{ScoreSpread, markdown_table, score_spreads, write_markdown, write_spreads};
pub use tensorboard::{EVENT_FILE, Event, EventLog, read_events};
