//! `report.html`: one file that holds everything a reader needs to judge a run, and asks no server for anything.

mod content;
mod page;
mod scores;
mod split_words;
mod survey;
mod writer;

pub use content::{ReportContent, ReportFigure, ReportFile, ReportVolume, SubsetVoxels};
pub use page::{report_html, write_report};
pub use split_words::{SplitStatement, split_statement};
