//! Confusion matrix and the scores drawn from it: running sums over plain arrays.
//!
//! Sums may be filled in any order and in any number of parts: merged, they give the same bytes.

mod confusion;
mod order_free_sum;
mod score_sums;
mod scores;

pub use confusion::ConfusionMatrix;
pub use score_sums::ScoreSums;
pub use scores::{ClassScore, ClassScores, Metrics, Scores, SplitSummary};
