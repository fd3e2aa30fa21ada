//! Confusion matrix, ranking and calibration, and the scores drawn from them: running sums over plain arrays.
//!
//! Sums may be filled in any order and in any number of parts: merged, they give the same bytes.

mod confusion;
mod interval;
mod order_free_sum;
mod ranking;
mod reliability;
mod score_sums;
mod scores;
mod spread;
mod temperature;

pub use confusion::ConfusionMatrix;
pub use interval::share_interval;
pub use reliability::{RELIABILITY_BINS, ReliabilityBin};
pub use score_sums::{ScoreSums, first_largest};
pub use scores::{ClassScore, ClassScores, Metrics, Scores, SplitSummary, Uncalibrated};
pub use spread::Spread;
pub use temperature::fit_temperature;
